import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goldenLines } from '../testing/golden-messages.ts';
import { comparable } from '../testing/message-values.ts';
import { WireError } from '../wire-error.ts';
import {
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
} from './consumer-protocol.ts';

const ownedPartitions = [{ topic: 'orders', partitions: [3, 1] }];
const userData = Buffer.from('user data');

/** The bytes that Kafka's own class wrote: the same contents at every version. */
function kafkas(message: string, version: number): Buffer {
  const line = goldenLines().find((each) => each.message === message && each.version === version);
  assert.ok(line !== undefined);
  return Buffer.from(line.frame, 'hex');
}

test('reads the subscriptions of every version, with defaults for what a version lacks', () => {
  const versionsWith = { ownedPartitions: 1, generationId: 2, rackId: 3 };
  for (let version = 0; version <= 3; version++) {
    assert.deepEqual(comparable(decodeConsumerSubscription(kafkas('ConsumerProtocolSubscription', version))), {
      topics: ['orders', 'café'],
      userData: comparable(userData),
      ownedPartitions: version >= versionsWith.ownedPartitions ? ownedPartitions : [],
      generationId: version >= versionsWith.generationId ? 7 : -1,
      rackId: version >= versionsWith.rackId ? 'a' : null,
    });
  }
});

test('reads the assignments of every version', () => {
  const expected = { assignedPartitions: ownedPartitions, userData: comparable(userData) };
  for (let version = 0; version <= 3; version++) {
    const bytes = kafkas('ConsumerProtocolAssignment', version);
    assert.deepEqual(comparable(decodeConsumerAssignment(bytes)), expected);
  }
});

test('writes what Kafka writes at the highest version', () => {
  const topics = ['orders', 'café'];
  const subscription = encodeConsumerSubscription({ topics, userData, ownedPartitions, generationId: 7, rackId: 'a' });
  assert.equal(Buffer.from(subscription).toString('hex'), kafkas('ConsumerProtocolSubscription', 3).toString('hex'));
  const assignment = encodeConsumerAssignment({ assignedPartitions: ownedPartitions, userData });
  assert.equal(Buffer.from(assignment).toString('hex'), kafkas('ConsumerProtocolAssignment', 3).toString('hex'));
});

test('takes what it knows of a newer version and ignores what follows', () => {
  const newer = Buffer.concat([kafkas('ConsumerProtocolSubscription', 3), Buffer.from('fields of version 9')]);
  newer.writeInt16BE(9, 0);
  const { topics, rackId } = decodeConsumerSubscription(newer);
  assert.deepEqual([topics, rackId], [['orders', 'café'], 'a']);
});

test('a subscription or assignment that is cut short is refused', () => {
  const subscription = kafkas('ConsumerProtocolSubscription', 3);
  for (let length = 0; length < subscription.length; length++) {
    assert.throws(() => decodeConsumerSubscription(subscription.subarray(0, length)), WireError);
  }
  const assignment = kafkas('ConsumerProtocolAssignment', 3);
  for (let length = 0; length < assignment.length; length++) {
    assert.throws(() => decodeConsumerAssignment(assignment.subarray(0, length)), WireError);
  }
});
