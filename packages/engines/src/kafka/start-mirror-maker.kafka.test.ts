import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isMillraceError } from '@millrace/base';
import { type Client, createClient, text, topic, unwrap } from '@millrace/client';
import { identityOf, isRunning } from '../process-identity.ts';
import { kafkaForTests } from '../testing/apache-kafka.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { type MirrorMaker, startMirrorMaker } from './start-mirror-maker.ts';

const kafka = await kafkaForTests();
const { skip } = kafka;
const COPIED_MS_MAX = 180_000;
const ATTEMPT_MS_MAX = 2_000;
const copies = topic('near.orders', { key: text, value: text });

/** Copies `orders` from `near` to `far`, and looks for topics often. */
function properties(near: KafkaCluster, far: KafkaCluster): Record<string, string> {
  return {
    clusters: 'near,far',
    'near.bootstrap.servers': near.bootstrap(),
    'far.bootstrap.servers': far.bootstrap(),
    'near->far.enabled': 'true',
    'near->far.topics': 'orders',
    'far->near.enabled': 'false',
    'replication.factor': '1',
    'offset-syncs.topic.replication.factor': '1',
    'checkpoints.topic.replication.factor': '1',
    'heartbeats.topic.replication.factor': '1',
    'config.storage.replication.factor': '1',
    'offset.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    'refresh.topics.interval.seconds': '1',
  };
}

function start(configuration: Record<string, string>, ended: string[]): Promise<MirrorMaker> {
  const { distribution } = kafka;
  return startMirrorMaker({ distribution, configuration, targets: ['far'], onEnd: (line) => void ended.push(line) });
}

/** Sends orders of these numbers, in order, a partition by the number's parity. */
async function send(client: Client, from: number, to: number): Promise<void> {
  await using producer = client.producer();
  const numbers = Array.from({ length: to - from }, (_, at) => from + at);
  await Promise.all(
    numbers.map((each) => producer.send({ topic: 'orders', partition: each % 2, key: `k${each}`, value: `v${each}` })),
  );
}

/** How many records the copied topic holds; none before MirrorMaker has made it. */
async function countCopies(client: Client): Promise<number> {
  const latest = [0, 1].map((partition) => ({ topic: copies.name, partition, at: 'latest' as const }));
  try {
    const ends = unwrap(await client.admin().listOffsets(latest, { timeoutMs: ATTEMPT_MS_MAX }));
    return ends.reduce((sum, { offset }) => sum + offset, 0);
  } catch (error) {
    if (isMillraceError(error) && error.retriable) return 0;
    throw error;
  }
}

async function untilCopied(client: Client, count: number, mirror: MirrorMaker): Promise<void> {
  const deadline = Date.now() + COPIED_MS_MAX;
  for (let seen = 0; seen < count; seen = await countCopies(client)) {
    const where = `of ${count} records ${seen} were copied`;
    if (mirror.state === 'running' && Date.now() < deadline) await pause(100);
    else assert.fail(`${where}; MirrorMaker is ${mirror.state}: ${await readFile(mirror.logFile, 'utf8')}`);
  }
}

/** The copies in both partitions, each in its order. */
async function readCopies(client: Client, count: number): Promise<string[][]> {
  const seen: string[][] = [[], []];
  await using consumer = client.consumer({ topics: [copies], from: 'earliest' });
  for await (const batch of consumer) {
    for (const { partition, key, value } of batch) seen[partition]?.push(`${key}=${value}`);
    if (seen.flat().length >= count) break;
  }
  return seen;
}

test('MirrorMaker copies what is there and what comes, goes on after a stop, and leaves nothing', {
  skip,
}, async () => {
  await using near = await kafka.cluster({ name: 'near' });
  await using far = await kafka.cluster({ name: 'far' });
  await using source = createClient({ bootstrap: near.bootstrap() });
  await using target = createClient({ bootstrap: far.bootstrap() });
  unwrap(await source.admin().createTopics([{ topic: 'orders', partitions: 2 }]));
  await send(source, 0, 500);
  const ended: string[] = [];

  const first = await start(properties(near, far), ended);
  await using _ = first;
  await untilCopied(target, 500, first);
  await first.stop();
  assert.equal(first.state, 'down');
  assert.equal(first.pid, undefined);
  await first.close();
  assert.equal(existsSync(dirname(first.logFile)), false, 'its directory is removed');

  await send(source, 500, 700);
  const second = await start(properties(near, far), ended);
  await using __ = second;
  await untilCopied(target, 600, second);
  await send(source, 700, 1000);
  await untilCopied(target, 1000, second);
  const orders = Array.from({ length: 1000 }, (_unused, each) => `k${each}=v${each}`);
  const expected = [0, 1].map((parity) => orders.filter((_unused, each) => each % 2 === parity));
  assert.deepEqual(await readCopies(target, 1000), expected, 'each is there once and in order');

  const identity = await identityOf(second.pid ?? 0);
  assert.ok(identity !== undefined);
  await second.close();
  assert.equal(await isRunning(identity), false, 'its process ends with it');
  assert.deepEqual(ended, [], 'it never ended by itself');
});

test('a MirrorMaker that ends for want of an address is told of, and its log says why', { skip }, async () => {
  const ended: string[] = [];
  await using mirror = await start({ clusters: 'near,far', 'near.bootstrap.servers': '127.0.0.1:1' }, ended);
  const deadline = Date.now() + COPIED_MS_MAX;
  while (ended.length === 0) {
    assert.ok(Date.now() < deadline, 'it still runs');
    await pause(50);
  }
  assert.match(ended[0] ?? '', /^MirrorMaker ended with exit code [1-9]/);
  assert.equal(mirror.state, 'down');
  assert.match(await readFile(mirror.logFile, 'utf8'), /Missing required configuration "bootstrap\.servers"/);
});
