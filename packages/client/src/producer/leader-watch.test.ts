import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metadata } from '@millrace/wire';
import { type ProducerRig, startRig, topic } from '../testing/producer-rig.ts';

interface Told {
  asked: number;
}

/** Metadata tells of the topic only after a while, and then of a leader that is none of the brokers. */
function tellNoLeader(rig: ProducerRig, isKnown: () => boolean): Told {
  const told = { asked: 0 };
  const lists = { replicaNodes: [7], isrNodes: [7], offlineReplicas: [] };
  rig.broker.on(metadata, () => {
    told.asked++;
    const partition = { errorCode: 0, partitionIndex: 0, leaderId: 7, leaderEpoch: 0, ...lists };
    return {
      brokers: [{ nodeId: 1, host: 'broker', port: 9092 }],
      topics: [{ errorCode: 0, name: topic, partitions: isKnown() ? [partition] : [] }],
    };
  });
  return told;
}

test('a leader that is none of the brokers is asked for with pauses until the delivery timeout', async (t) => {
  const rig = startRig(t, { deliveryTimeoutMs: 300 }, () => undefined);
  const told = tellNoLeader(rig, () => true);
  const before = performance.now();
  await assert.rejects(rig.producer.send({ topic, value: 'lost' }), { code: 'delivery_timeout', maybeStored: false });
  const passedMs = performance.now() - before;
  // Each pause is at least a millisecond.
  assert.ok(told.asked > 1 && told.asked <= passedMs, `asked ${told.asked} times in ${passedMs} ms`);
});

test('a record whose topic took long to become known ends at its delivery timeout too', async (t) => {
  const rig = startRig(t, { deliveryTimeoutMs: 600 }, () => undefined);
  // Longer than the producer takes to look after its batches for the first time.
  const knownFrom = performance.now() + 200;
  tellNoLeader(rig, () => performance.now() >= knownFrom);
  await assert.rejects(rig.producer.send({ topic, value: 'lost' }), { code: 'delivery_timeout', maybeStored: false });
});
