/**
 * The collector of logs is killed with SIGKILL again and again while programs send lines, who send again what was not
 * answered. At the end readers of committed records find each line once, and so does the index.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { callContract, logShapesContract } from '@millrace/api';
import { seededRandomness } from '@millrace/base';
import { startLogs } from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { startFixture, until } from '../client/client-fixture.ts';
import { Sender, type Way } from './senders.ts';
import { assertEachOnce, storedBodies } from './stored-bodies.ts';

const program = fileURLToPath(new URL('collector-process.ts', import.meta.url));

export interface CollectorKills {
  /** A cluster that runs already; an embedded one when absent. */
  readonly bootstrap?: string | undefined;
  readonly kills: number;
  readonly seed: number;
}

export async function collectorThroughKills(
  t: TestContext,
  { bootstrap: running, kills, seed }: CollectorKills,
): Promise<void> {
  const random = seededRandomness(seed);
  const { client, bootstrap } = await startFixture(t, { bootstrap: running });
  const directory = mkdtempSync(join(tmpdir(), 'millrace-collector-'));
  let child: ChildProcess | undefined;
  let port = 0;
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [program, bootstrap, `${port}`, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')) as [Buffer];
    port = Number(line.toString());
  };
  const kill = async (): Promise<void> => {
    const ended = once(child as ChildProcess, 'exit');
    child?.kill('SIGKILL');
    await ended;
  };
  t.after(async () => {
    child?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  await start();
  const ways: readonly Way[] = ['text', 'text with a key', 'JSON lines with a key', 'OTLP'];
  const url = (): string => `http://127.0.0.1:${port}`;
  const senders = ways.map((way) => new Sender({ way, url, random, leaves: way !== 'text' }));
  for (let round = 0; round < kills; round++) {
    await sleep(50 + random.integer(400));
    await kill();
    await start();
    const before = senders.map(({ stored }) => stored.length);
    await until(() => senders.every(({ stored }, n) => stored.length > (before[n] as number)), 60_000);
  }
  await Promise.all(senders.map((sender) => sender.end()));
  const wanted = senders.flatMap(({ stored }) => stored);
  assertEachOnce(await storedBodies(client), wanted);
  assert.ok(senders.some(({ again }) => again > 0));
  await kill();
  const logs = await startLogs({ client, name: 'collector', directory });
  t.after(() => logs.close());
  const server = await startServer({ port: 0, routes: logs.routes });
  t.after(() => server.close());
  const counted = async () => (await callContract(server.url, logShapesContract, { query: {} })).lines;
  await until(async () => (await counted()) >= wanted.length, 60_000);
  assert.equal(await counted(), wanted.length);
  t.diagnostic(`${wanted.length} lines`);
}
