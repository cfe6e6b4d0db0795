import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noIdentity, type ProducerIdentity } from '@millrace/client/protocol';
import { batchHeader, RecordBatchBuilder } from '@millrace/wire';
import { TargetPartition } from './target-partition.ts';

const identity = { producerId: 7, epoch: 3, isTransactional: true };

/** A partition with `count` batches of a record each that are announced. */
function filled(count: number, heardAt: number, producer: ProducerIdentity = identity): TargetPartition {
  const partition = new TargetPartition({ topic: 't', partition: 0 }, producer, heardAt, (error) => {
    throw error;
  });
  for (let number = 0; number < count; number++) {
    const builder = new RecordBatchBuilder();
    builder.append(0, null, `record ${number}`);
    partition.push(Uint8Array.from(builder.build()), 1, 0, () => undefined);
  }
  return partition;
}

/** Sends what can be sent; answers the sequence numbers. */
function sendAll(partition: TargetPartition, now: number): number[] {
  const sequences: number[] = [];
  for (let batch = partition.sendable(now); batch !== undefined; batch = partition.sendable(now)) {
    partition.sent(batch);
    sequences.push(batch.sequence);
  }
  return sequences;
}

test('five batches are under way where the leader knows the producer', () => {
  assert.deepEqual(sendAll(filled(7, 1000), 1000), [0, 1, 2, 3, 4]);
});

test('a leader that never heard of the producer gets one batch, and more once that is stored', () => {
  const partition = filled(7, Number.NEGATIVE_INFINITY);
  const first = partition.sendable(1000);
  assert.deepEqual(sendAll(partition, 1000), [0]);
  assert.ok(first !== undefined);
  partition.succeeded(first, 40, 0, 1100);
  assert.deepEqual(sendAll(partition, 1100), [1, 2, 3, 4, 5]);
});

test('of a producer without an id one batch is under way, and none is numbered', () => {
  const partition = filled(3, 1000, noIdentity);
  for (let round = 0; round < 3; round++) {
    const batch = partition.sendable(1000);
    assert.ok(batch !== undefined);
    const { producerId, producerEpoch, baseSequence } = batchHeader;
    assert.deepEqual(
      [producerId, producerEpoch, baseSequence].map((read) => read(batch.bytes, 0)),
      [-1, -1, -1],
    );
    partition.sent(batch);
    assert.equal(partition.sendable(1000), undefined);
    partition.succeeded(batch, round, 0, 1000);
  }
});

test('nothing is sent before its announcement', () => {
  const partition = filled(1, 0);
  partition.push(Uint8Array.from(new RecordBatchBuilder().build()), 1, 1, () => undefined);
  assert.deepEqual(sendAll(partition, 0), [0]);
  partition.announced = 1;
  assert.deepEqual(sendAll(partition, 0), [1]);
});

test('behind a failure nothing is sent until all that was under way came back, then all in order', () => {
  const partition = filled(3, 0);
  const batches = [0, 1, 2].map(() => {
    const batch = partition.sendable(0);
    assert.ok(batch !== undefined);
    partition.sent(batch);
    return batch;
  });
  partition.returned(batches[0]!, 0);
  assert.deepEqual(sendAll(partition, 0), []);
  partition.returned(batches[1]!, 0);
  partition.returned(batches[2]!, 0);
  assert.deepEqual(sendAll(partition, 0), [0, 1, 2]);
});

test('what will not be sent is let go of, once nothing is under way', async () => {
  for (const end of ['stop', 'halt'] as const) {
    const partition = new TargetPartition({ topic: 't', partition: 0 }, identity, 0, () => undefined);
    const told: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      const builder = new RecordBatchBuilder();
      builder.append(0, null, name);
      const tell = (what: string) => (): void => void told.push(`${name} ${what}`);
      partition.push(Uint8Array.from(builder.build()), 1, 0, tell('stored'), tell('dropped'));
    }
    const first = partition.sendable(0);
    assert.ok(first !== undefined);
    partition.sent(first);
    const ended = end === 'halt' ? partition.halt() : partition.stop(new Error('refused for good'));
    assert.equal(told.length, 0);
    partition.succeeded(first, 7, 0, 1);
    await ended;
    assert.deepEqual(told, ['first stored', 'second dropped', 'third dropped']);
    assert.ok(partition.bytes > 0, 'it still counts as not stored');
  }
});
