/**
 * A broker to measure on: the `millrace broker` command in a process of its own, on a directory that is removed
 * afterwards.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../../apps/cli/bin/millrace.js', import.meta.url));

export interface BrokerProcess extends AsyncDisposable {
  readonly bootstrap: string;
  readonly pid: number;
  /** From the start of the process to the line that says it serves. */
  readonly startSeconds: number;
}

/** `args`: more options of `millrace broker`. */
export async function startBroker(args: readonly string[] = []): Promise<BrokerProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  const began = performance.now();
  const child = spawn(process.execPath, [binary, 'broker', '--json', '--port', '0', '--data-dir', directory, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = JSON.parse(line) as { clusters: { bootstrap: string }[] };
    return {
      bootstrap: ready.clusters[0]?.bootstrap ?? '',
      pid: child.pid ?? 0,
      startSeconds: (performance.now() - began) / 1000,
      [Symbol.asyncDispose]: () => stop(child, directory),
    };
  }
  throw new Error('millrace broker ended before it served');
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  await rm(directory, { recursive: true, force: true });
}
