/**
 * The brokers freeze, are stopped, and are killed, while lines come by every way: over HTTP with and without keys, as
 * OpenTelemetry's, as syslog, and from a file. Senders send again what was not answered. At the end readers of
 * committed records find each line once.
 *
 * MILLRACE_TEST_SCALE=5 makes 40 rounds.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandomness } from '@millrace/base';
import { createClient } from '@millrace/client';
import { LineIntake, SyslogListener, startLogs, tailFiles } from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { BrokerProcess } from '../../support/millrace-process.ts';
import { until } from '../client/client-fixture.ts';
import { Sender, type Way } from './senders.ts';
import { assertEachOnce, storedBodies } from './stored-bodies.ts';

const rounds = Math.max(3, Math.round(8 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

test(`each line is stored once while brokers freeze, stop and die (seed ${seed})`, async (t) => {
  const random = seededRandomness(seed);
  const directory = mkdtempSync(join(tmpdir(), 'millrace-sink-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const dataDirectory = join(directory, 'broker');
  let broker = await BrokerProcess.start({ dataDirectory });
  const { bootstrap } = broker;
  const port = Number(bootstrap.split(':')[1]);
  t.after(() => broker.stop('SIGKILL'));
  const short = { retryBackoffMs: 10, retryBackoffMaxMs: 100, requestTimeoutMs: 1_000, connectTimeoutMs: 1_000 };
  const client = createClient({ bootstrap, ...short });
  t.after(() => client.close());
  const logs = await startLogs({ client, directory: join(directory, 'logs'), deliveryTimeoutMs: 300 });
  t.after(() => logs.close());
  const server = await startServer({ port: 0, routes: logs.collectorRoutes });
  t.after(() => server.close());
  await until(() => logs.isComplete, 30_000);
  const ways: readonly Way[] = ['text', 'text with a key', 'JSON lines with a key', 'OTLP'];
  // Without a key nobody can tell a line that is sent again after its answer was lost from one that is written again.
  const senders = ways.map((way) => new Sender({ way, url: () => server.url, random, leaves: way !== 'text' }));
  const intake = new LineIntake({ client, name: 'syslog', deliveryTimeoutMs: 86_400_000 });
  t.after(() => intake.close());
  const listener = await SyslogListener.start({ intake, port: 0 });
  t.after(() => listener[Symbol.asyncDispose]());
  const socket = connect(listener.port, '127.0.0.1');
  const path = join(directory, 'app.log');
  const stop = new AbortController();
  const tailing = tailFiles({ client, paths: [path], name: 'here', pollMs: 10, joinMs: 0, signal: stop.signal });
  const written: string[] = [];
  const flood = setInterval(() => {
    const n = written.length / 2;
    written.push(`file ${n}`, `syslog ${n}`);
    appendFileSync(path, `file ${n}\n`);
    socket.write(`<14>1 - host app - - - syslog ${n}\n`);
  }, 5);
  t.after(() => clearInterval(flood));
  for (let round = 0; round < rounds; round++) {
    await sleep(100 + random.integer(300));
    const trouble = (['SIGSTOP', 'SIGKILL', 'SIGTERM'] as const)[round % 3];
    if (trouble === 'SIGSTOP') {
      broker.child.kill('SIGSTOP');
      await sleep(random.integer(1_500));
      broker.child.kill('SIGCONT');
    } else {
      await broker.stop(trouble);
      await sleep(random.integer(500));
      broker = await BrokerProcess.start({ port, dataDirectory });
    }
    const before = senders.map(({ stored }) => stored.length);
    await until(() => senders.every(({ stored }, n) => stored.length > (before[n] as number)), 60_000);
  }
  clearInterval(flood);
  await Promise.all(senders.map((sender) => sender.end()));
  const wanted = [...senders.flatMap(({ stored }) => stored), ...written];
  await until(async () => (await storedBodies(client)).length >= wanted.length, 60_000).catch(() => undefined);
  stop.abort();
  await tailing;
  socket.destroy();
  assertEachOnce(await storedBodies(client), wanted);
  const again = senders.map((sender) => sender.again);
  assert.ok(Math.max(...again) > 0);
  t.diagnostic(`${wanted.length} lines, batches sent again: ${again.join(', ')}`);
});
