import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isMillraceError, messageOf } from '@millrace/base';
import { type Admin, type Client, createClient, unwrap } from '@millrace/client';
import { kafkaForTests } from '../testing/apache-kafka.ts';
import { attachKafkaCluster } from './attach-kafka-cluster.ts';
import type { KafkaCluster } from './kafka-cluster.ts';

const kafka = await kafkaForTests();
const { skip } = kafka;
const ISR_MS_MAX = 90_000;
const ATTEMPT_MS_MAX = 3_000;

async function send(client: Client, value: string): Promise<void> {
  await client.producer().send({ topic: 'events', value: Buffer.from(value) });
}

/** How many records the topic `events` has. */
async function countRecords(client: Client): Promise<number> {
  const [end] = unwrap(await client.admin().listOffsets([{ topic: 'events', partition: 0, at: 'latest' }]));
  return end?.offset ?? 0;
}

/** Waits until these replicas of `events` are in sync; a question that a silent broker has got is asked again. */
async function inSync(admin: Admin, replicas: readonly number[]): Promise<void> {
  const deadline = Date.now() + ISR_MS_MAX;
  let seen = 'nothing';
  while (seen !== replicas.join()) {
    assert.ok(Date.now() < deadline, `in sync are ${seen}, and not ${replicas}`);
    await pause(100);
    try {
      const [topic] = unwrap(await admin.describeTopics(['events'], { timeoutMs: ATTEMPT_MS_MAX }));
      seen = topic?.partitions[0]?.inSyncReplicas.toSorted().join() ?? 'nothing';
    } catch (error) {
      if (!isMillraceError(error) || !error.retriable) throw error;
      seen = messageOf(error);
    }
  }
}

test('a cluster of one broker takes records, and leaves nothing behind', { skip }, async () => {
  const cluster = await kafka.cluster();
  const [broker] = cluster.brokers;
  assert.equal(broker?.state, 'running');
  await using client = createClient({ bootstrap: cluster.bootstrap() });
  await send(client, 'first');
  const description = await client.admin().describeCluster();
  assert.equal(description.clusterId, cluster.clusterId);
  assert.deepEqual(
    description.brokers.map(({ nodeId, rack }) => [nodeId, rack]),
    [[1, 'rack-1']],
  );
  await client.close();
  await cluster.close();
  assert.equal(cluster.brokers[0]?.state, 'down');
  assert.equal(existsSync(dirname(dirname(broker.logFile))), false, 'its directory is removed');
});

test('a cluster can be attached to, and then refuses to stop brokers and outlives the close', { skip }, async () => {
  await using cluster = await kafka.cluster();
  const attached = await attachKafkaCluster(cluster.bootstrap());
  assert.equal(attached.clusterId, cluster.clusterId);
  await assert.rejects(attached.killBroker(1), (error) => isMillraceError(error, 'kafka_not_ours'));
  assert.throws(
    () => attached.pauseBroker(1),
    (error) => isMillraceError(error, 'kafka_not_ours'),
  );
  await attached.close();
  assert.equal(cluster.brokers[0]?.state, 'running');
});

test('a named directory keeps records over a clean stop and a start', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-kafka-kept-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  let clusterId = '';
  for (const round of [1, 2]) {
    await using cluster = await kafka.cluster({ directory });
    if (round === 2) assert.equal(cluster.clusterId, clusterId);
    clusterId = cluster.clusterId;
    await using client = createClient({ bootstrap: cluster.bootstrap() });
    await send(client, `round ${round}`);
    assert.equal(await countRecords(client), round);
  }
});

test('a broker that does not start is told of with the end of its log', { skip }, async () => {
  await assert.rejects(kafka.cluster({ configuration: { 'log.retention.bytes': 'plenty' } }), (error) => {
    assert.ok(isMillraceError(error));
    assert.equal(error.code, 'kafka_start_failed');
    assert.match(error.message, /plenty/);
    return true;
  });
});

test('three brokers go on when one is killed, paused or stopped, and take it back', { skip }, async (t) => {
  await using cluster = await kafka.cluster({ brokers: 3, racks: ['a', 'b', 'c'] });
  await using client = createClient({ bootstrap: cluster.bootstrap(), requestTimeoutMs: 10_000 });
  const admin = client.admin();
  const description = await admin.describeCluster();
  assert.deepEqual(
    description.brokers.map(({ rack }) => rack),
    ['a', 'b', 'c'],
  );
  const assignment = [[1, 2, 3]];
  unwrap(await admin.createTopics([{ topic: 'events', assignment, configuration: { 'min.insync.replicas': '2' } }]));
  await send(client, 'all are there');

  await t.test('killed', async () => {
    await cluster.killBroker(1);
    assert.deepEqual(states(cluster), ['down', 'running', 'running']);
    assert.equal(cluster.brokers[0]?.pid, undefined);
    await send(client, 'one was killed');
    await cluster.startBroker(1);
    await inSync(admin, [1, 2, 3]);
  });
  await t.test('paused', async () => {
    cluster.pauseBroker(3);
    try {
      assert.deepEqual(states(cluster), ['running', 'running', 'paused']);
      await inSync(admin, [1, 2]);
      await send(client, 'one was paused');
    } finally {
      cluster.resumeBroker(3);
    }
    await inSync(admin, [1, 2, 3]);
  });
  await t.test('stopped', async () => {
    await cluster.stopBroker(2);
    await send(client, 'one was stopped');
    await cluster.startBroker(2);
    await inSync(admin, [1, 2, 3]);
  });
  assert.equal(await countRecords(client), 4);
});

function states({ brokers }: KafkaCluster): string[] {
  return brokers.map(({ state }) => state);
}
