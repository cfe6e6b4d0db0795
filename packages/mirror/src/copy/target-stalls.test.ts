import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordBatchBuilder } from '@millrace/wire';
import { TargetPartition } from './target-partition.ts';
import { TargetStalls } from './target-stalls.ts';

const identity = { producerId: 7, epoch: 3, isTransactional: true };

/** A partition with batches that may be sent once announcement 1 is in the journal. */
function filled(count: number): TargetPartition {
  const partition = new TargetPartition({ topic: 't', partition: 0 }, identity, 0, () => undefined);
  for (let number = 0; number < count; number++) {
    const builder = new RecordBatchBuilder();
    builder.append(0, null, `record ${number}`);
    partition.push(Uint8Array.from(builder.build()), 1, 1, () => undefined);
  }
  return partition;
}

function stallsOf(): { readonly stalls: TargetStalls; readonly told: number[] } {
  const told: number[] = [];
  return { stalls: new TargetStalls((_, ms) => void told.push(ms)), told };
}

test('a partition that stores nothing is told of after a while, and again as long as it lasts', () => {
  const { stalls, told } = stallsOf();
  const partition = filled(2);
  partition.announced = 1;
  for (let now = 0; now <= 100_000; now += 1000) stalls.look([partition], now);
  assert.deepEqual(told, [30_000, 90_000]);
});

test('one that stores something now and then is not', () => {
  const { stalls, told } = stallsOf();
  const partition = filled(10);
  partition.announced = 1;
  for (let now = 0; now <= 100_000; now += 1000) {
    stalls.look([partition], now);
    const batch = now % 20_000 === 0 ? partition.sendable(now) : undefined;
    if (batch === undefined) continue;
    partition.sent(batch);
    partition.succeeded(batch, now, 0, now);
  }
  assert.deepEqual(told, []);
});

test('nor one that waits for the journal, has nothing to store, or was stopped', () => {
  const { stalls, told } = stallsOf();
  const stopped = filled(1);
  stopped.announced = 1;
  stopped.stop(new Error('refused for good'));
  const idle = filled(0);
  for (let now = 0; now <= 100_000; now += 1000) stalls.look([filled(1), idle, stopped], now);
  assert.deepEqual(told, []);
});
