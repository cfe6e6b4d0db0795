import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metadata } from '@millrace/wire';
import { startRig, topic } from '../testing/producer-rig.ts';

test('a leader that no broker of the metadata is, is asked for with pauses until the delivery timeout', async (t) => {
  const rig = startRig(t, { deliveryTimeoutMs: 300 }, () => undefined);
  let asked = 0;
  rig.broker.on(metadata, () => {
    asked++;
    const partition = { errorCode: 0, partitionIndex: 0, leaderId: 7, leaderEpoch: 0 };
    const lists = { replicaNodes: [7], isrNodes: [7], offlineReplicas: [] };
    return {
      brokers: [{ nodeId: 1, host: 'broker', port: 9092 }],
      topics: [{ errorCode: 0, name: topic, partitions: [{ ...partition, ...lists }] }],
    };
  });
  const before = performance.now();
  await assert.rejects(rig.producer.send({ topic, value: 'lost' }), { code: 'delivery_timeout', maybeStored: false });
  const passedMs = performance.now() - before;
  // Each pause is at least a millisecond.
  assert.ok(asked > 1 && asked <= passedMs, `asked ${asked} times in ${passedMs} ms`);
});
