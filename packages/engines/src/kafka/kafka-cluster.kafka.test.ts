import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { createClient } from '@millrace/client';
import { kafkaForTests } from '../testing/apache-kafka.ts';

const kafka = await kafkaForTests();
const { skip } = kafka;

test('a cluster of one broker takes and gives back records, and leaves nothing behind', { skip }, async () => {
  const cluster = await kafka.cluster();
  const [broker] = cluster.brokers;
  assert.equal(broker?.state, 'running');
  await using client = createClient({ bootstrap: cluster.bootstrap() });
  const producer = client.producer();
  await producer.send({ topic: 'events', value: Buffer.from('first') });
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
