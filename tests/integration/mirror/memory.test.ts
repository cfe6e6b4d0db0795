/** A worker that may hold little: partitions whose target takes nothing leave room for the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { quick, startFixture } from '../client/client-fixture.ts';
import { assertMirrored, startMirrorFixture } from './mirror-fixture.ts';

const partitions = 8;
const replicated = { brokers: 3, configuration: { 'default.replication.factor': '3', 'min.insync.replicas': '2' } };

test('partitions that can not be written leave room for others, and go on once they can be', async (t) => {
  const clusters = await startMirrorFixture(t);
  const target = await startFixture(t, replicated);
  const fixture = { ...clusters, target };
  const { source } = fixture;
  const [stuck, other] = [await source.createTopic(partitions), await source.createTopic(partitions)];
  const configuration = { 'min.insync.replicas': '3' };
  unwrap(await target.admin.createTopics([{ topic: stuck, partitions, configuration }]));
  await target.cluster.stopBroker(3);
  await using producer = source.client.producer({ batchBytesMax: 200_000 });
  const write = async (topic: string, rounds: number): Promise<void> => {
    const value = Buffer.alloc(50_000, topic);
    for (let round = 0; round < rounds; round++) {
      const sent = Array.from({ length: partitions }, (_, partition) => producer.send({ topic, partition, value }));
      await Promise.all(sent);
    }
  };
  await write(stuck, 20);
  const mirror = await fixture.mirror([stuck, other], {
    target: { bootstrap: target.bootstrap, ...quick },
    memoryBytesMax: 1_000_000,
    fetchBytesMax: 400_000,
  });
  await write(other, 20);
  await assertMirrored(fixture, other, partitions);
  const copied = mirror.status().filter(({ topic }) => topic === stuck);
  assert.deepEqual(new Set(copied.map(({ recordsCopied }) => recordsCopied)), new Set([0]));
  await target.cluster.startBroker(3);
  await assertMirrored(fixture, stuck, partitions);
});
