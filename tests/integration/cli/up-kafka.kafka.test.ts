/** `millrace up --engine kafka`: the platform on brokers of Apache Kafka, from their start to their end. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { eventually } from '../../support/eventually.ts';
import { millrace, Server, startMillrace } from '../../support/millrace-command.ts';
import { passableDirectory } from '../../support/passable-directory.ts';

const { skip } = await kafkaForTests();
const root = await passableDirectory('millrace-up-kafka-');
after(() => rm(root, { recursive: true, force: true, maxRetries: 10 }));

const start = (directory: string) => Server.start('up', { directory, words: ['--engine', 'kafka'] });

/** Process ids of the brokers whose files lie in a directory. */
async function brokersIn(directory: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eww', '-o', 'pid=,args='], { maxBuffer: 2 ** 26 });
  const lines = stdout.split('\n').filter((line) => line.includes('kafka.Kafka') && line.includes(`${directory}/`));
  return lines.map((line) => Number.parseInt(line, 10));
}

async function trackedEvents(up: Server): Promise<unknown> {
  const { text } = await up.run(['pipeline', 'tracking', '--json']);
  return (JSON.parse(text) as { totals: { events: number } }).totals.events;
}

test('runs on six brokers, keeps its data over a stop, and leaves no process after kill -9', { skip }, async () => {
  const directory = join(root, 'kept');
  const ids: unknown[] = [];
  {
    await using up = await start(directory);
    ids.push(up.ready.clusters.map(({ clusterId }) => clusterId));
    assert.equal((await brokersIn(directory)).length, 6);
    const produced = await up.run(['produce', 'scores', '-K', ':', '--create', '--cluster', 'east'], {
      input: 'a:1\n',
    });
    assert.equal(produced.code, 0, produced.stderr);
    const { text } = await up.run(['topic', 'describe', 'scores', '--cluster', 'east', '--json']);
    assert.match(text, /"replicas":\[\d,\d,\d\]/, 'a topic has a copy on each broker');
    const body = JSON.stringify({ type: 'page', messageId: 'one', anonymousId: 'ann' });
    const headers = { 'content-type': 'application/json' };
    const collected = await fetch(`${up.ready.collectorUrl}/t`, { method: 'POST', headers, body });
    assert.equal(collected.status, 200);
    await eventually(async () => (await trackedEvents(up)) === 1);
    const status = await up.run(['status']);
    assert.equal(status.code, 0, status.text);
    const stopped = await up.stop('SIGTERM');
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.deepEqual(await brokersIn(directory), [], 'who stops waits for the brokers');
  }
  {
    await using up = await start(directory);
    ids.push(up.ready.clusters.map(({ clusterId }) => clusterId));
    const { text } = await up.run(['consume', 'scores', '-e', '--cluster', 'east', '-f', '%k=%s\n']);
    assert.equal(text, 'a=1\n');
    await eventually(async () => (await trackedEvents(up)) === 1);
    const [broker] = await brokersIn(join(directory, 'kafka', 'west'));
    process.kill(broker as number, 'SIGKILL');
    await eventually(() => /error: cluster west: broker \d ended with SIGKILL; /.test(up.running.complained()));
    await up.stop('SIGKILL');
    await eventually(async () => (await brokersIn(directory)).length === 0);
  }
  assert.deepEqual(ids[0], ids[1]);
});

test('Ctrl-C while it starts ends its brokers', { skip }, async () => {
  const directory = join(root, 'stopped');
  const up = startMillrace(['up', '--engine', 'kafka', '--port', '0', '--data-dir', directory], { timeoutMs: 120_000 });
  await eventually(async () => (await brokersIn(directory)).length > 0, { timeoutMs: 60_000 });
  up.child.kill('SIGINT');
  const { code, stderr } = await up.ended;
  assert.equal(code, 130, stderr);
  assert.deepEqual(await brokersIn(directory), []);
});

test('names a documented port that is taken, before any broker starts', { skip }, async (t) => {
  const blocker = createServer();
  blocker.listen(9193, '127.0.0.1');
  try {
    await once(blocker, 'listening');
  } catch (error) {
    // Then another program has it, which serves as well.
    assert.equal((error as NodeJS.ErrnoException).code, 'EADDRINUSE');
  }
  t.after(() => blocker.close());
  const directory = join(root, 'port');
  const { code, stderr } = await millrace(['up', '--engine', 'kafka', '--data-dir', directory]);
  assert.equal(code, 1);
  assert.match(stderr, /port 9\d{3} on 127\.0\.0\.1 is already in use by another program\n.*--port 0/);
});

test('a machine without Java is told what to install, and of the embedded engine', async () => {
  const path = [dirname(process.execPath), '/nonexistent'].join(delimiter);
  const directory = join(root, 'no-java');
  const words = ['up', '--engine', 'kafka', '--port', '0', '--data-dir', directory, '--json'];
  const { code, stderr } = await millrace(words, { env: { PATH: path, JAVA_HOME: '' } });
  assert.equal(code, 1);
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string; hint: string } };
  assert.equal(error.code, 'java_missing');
  assert.match(error.message, /^Apache Kafka needs Java 17 or newer: install a JDK/);
  assert.match(error.hint, /--engine embedded/);
});

test('options that exclude each other are refused', async () => {
  for (const [words, message] of [
    [['--engine', 'kafka', '--fleet', 'fleet.yaml'], /--engine and --fleet exclude each other/],
    [['--engine', 'kafka', '--durable'], /--durable is about embedded clusters/],
    [['--engine', 'pulsar'], /'pulsar' is none of embedded, kafka/],
  ] as const) {
    const { code, stderr } = await millrace(['up', '--data-dir', join(root, 'never'), ...words]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});
