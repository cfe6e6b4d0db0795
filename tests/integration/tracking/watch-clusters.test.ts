/** What the status page is told of clusters, by clusters that run and stop. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCluster } from '@millrace/broker';
import { createClient } from '@millrace/client';
import { type ClusterStatus, watchClusters } from '@millrace/server';
import { eventually } from '../../support/eventually.ts';

test('topics and brokers are told as they change; a cluster that stops is stale and keeps what it had', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-watch-'));
  const brokers = [1, 2].map((nodeId) => ({ nodeId, port: 0 }));
  const cluster = await startCluster({ name: 'east', dataDirectory: folder, brokers });
  const told: (readonly ClusterStatus[])[] = [];
  try {
    await using client = createClient({ bootstrap: cluster.bootstrap });
    const clusters = [{ name: 'east', client }];
    await using _watch = watchClusters({ clusters, intervalMs: 50, onChange: (status) => void told.push(status) });
    await eventually(() => told.at(-1)?.[0]?.stale === false);
    const expected = cluster.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port }));
    assert.deepEqual(told.at(-1)?.[0]?.brokers, expected);
    assert.deepEqual(told.at(-1)?.[0]?.topics, []);

    await using admin = client.admin();
    await admin.createTopics([{ topic: 'orders', partitions: 3 }]);
    const producer = client.producer();
    for (let count = 0; count < 10; count++) await producer.send({ topic: 'orders', value: 'x' });
    await producer.close();
    await eventually(() => told.at(-1)?.[0]?.topics[0]?.records === 10);
    assert.deepEqual(told.at(-1)?.[0]?.topics, [{ name: 'orders', partitions: 3, records: 10 }]);

    await eventually(async () => {
      const before = told.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return told.length === before;
    });
    await cluster.close();
    await eventually(() => told.at(-1)?.[0]?.stale === true);
    assert.deepEqual(told.at(-1)?.[0]?.topics, [{ name: 'orders', partitions: 3, records: 10 }]);
  } finally {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  }
});
