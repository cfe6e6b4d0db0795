/** The `millrace broker` command in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BrokerSubject, MeasuredBroker } from './broker.ts';

const binary = fileURLToPath(new URL('../../apps/cli/bin/millrace.js', import.meta.url));

/** `args`: more options of `millrace broker`. */
export function embeddedBroker(name = 'millrace', args: readonly string[] = []): BrokerSubject {
  return { name, start: (directory) => start(args, directory) };
}

async function start(args: readonly string[], given: string | undefined): Promise<MeasuredBroker> {
  const directory = given ?? (await mkdtemp(join(tmpdir(), 'millrace-bench-')));
  const child = spawn(process.execPath, [binary, 'broker', '--json', '--port', '0', '--data-dir', directory, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = JSON.parse(line) as { clusters: { bootstrap: string }[] };
    return {
      bootstrap: ready.clusters[0]?.bootstrap ?? '',
      pid: child.pid ?? 0,
      async [Symbol.asyncDispose]() {
        await stop(child);
        if (given === undefined) await rm(directory, { recursive: true, force: true });
      },
    };
  }
  throw new Error('millrace broker ended before it served');
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
