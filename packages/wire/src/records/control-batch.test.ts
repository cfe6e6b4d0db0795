import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildControlBatch, readControlRecord } from './control-batch.ts';
import { RecordBatch } from './record-batch.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';

const marker = { coordinatorEpoch: 31, producerId: 2 ** 40, producerEpoch: 5, timestamp: 1_700_000_000_000 };

test('commit and abort markers are read back with their coordinator epoch', () => {
  for (const type of ['commit', 'abort'] as const) {
    const batch = new RecordBatch(buildControlBatch({ type, ...marker, baseOffset: 12, partitionLeaderEpoch: 3 }));
    batch.verifyCrc();
    assert.equal(batch.isControl, true);
    assert.equal(batch.isTransactional, true);
    assert.equal(batch.baseOffset, 12);
    assert.equal(batch.partitionLeaderEpoch, 3);
    assert.equal(batch.producerId, 2 ** 40);
    assert.equal(batch.producerEpoch, 5);
    assert.equal(batch.baseSequence, -1);
    assert.deepEqual(readControlRecord(batch), { type, typeId: type === 'commit' ? 1 : 0, coordinatorEpoch: 31 });
  }
});

test('a control record of a type that ends no transaction is told apart by its id', () => {
  const builder = new RecordBatchBuilder();
  builder.append(0, Uint8Array.of(0, 0, 0, 4), Uint8Array.of(0, 0));
  assert.deepEqual(readControlRecord(new RecordBatch(builder.build({ control: true }))), { type: 'other', typeId: 4 });
});

test('what is no control record is refused', () => {
  const value = Uint8Array.of(0, 0, 0, 0, 0, 1);
  const cases: readonly (readonly [Uint8Array | null, Uint8Array | null])[] = [
    [null, value],
    [Uint8Array.of(0, 0, 0), value],
    [Uint8Array.of(0xff, 0xff, 0, 1), value],
    [Uint8Array.of(0, 0, 0, 1), null],
    [Uint8Array.of(0, 0, 0, 1), value.subarray(1)],
    [Uint8Array.of(0, 0, 0, 1), Uint8Array.of(0x80, 0, 0, 0, 0, 1)],
  ];
  for (const [key, content] of cases) {
    const builder = new RecordBatchBuilder();
    builder.append(0, key, content);
    assert.throws(() => readControlRecord(new RecordBatch(builder.build({ control: true }))), {
      code: 'corrupt_record',
    });
  }
  assert.throws(() => readControlRecord(new RecordBatch(new RecordBatchBuilder().build({ control: true }))), {
    code: 'corrupt_record',
  });
});
