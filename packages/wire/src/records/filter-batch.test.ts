import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compressions } from '../compression/compression.ts';
import { emptyBatch, filterBatch, placeholderBatch } from './filter-batch.ts';
import { RecordBatch } from './record-batch.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';

interface Given {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly kept: boolean;
}

const given = fc.record({
  key: fc.option(fc.string({ maxLength: 100 })),
  value: fc.option(fc.string({ maxLength: 100 })),
  timestamp: fc.integer({ min: 0, max: 2 ** 42 }),
  kept: fc.boolean(),
});

function build(records: readonly Given[], compression: (typeof compressions)[number]): RecordBatch {
  const builder = new RecordBatchBuilder();
  for (const { key, value, timestamp } of records) builder.append(timestamp, key, value, [{ key: 'h', value: 'x' }]);
  const options = { compression, baseOffset: 1000, producerId: 7, producerEpoch: 2, baseSequence: 30 };
  return new RecordBatch(Uint8Array.from(builder.build(options)));
}

function contentOf(batch: RecordBatch) {
  return [...batch.records()].map((record) => ({
    offset: record.offset,
    timestamp: record.timestamp,
    key: record.keyText(),
    value: record.valueText(),
    headers: record.headers.map(({ key, value }) => [key, Buffer.from(value ?? []).toString()]),
  }));
}

test('what a filter keeps of a batch stays as it was, with a horizon and without', async () => {
  const choice = fc.array(given, { minLength: 1, maxLength: 30 });
  const horizons = fc.option(fc.integer({ min: 1, max: 2 ** 42 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(choice, fc.constantFrom(...compressions), horizons, async (records, compression, horizon) => {
      const batch = build(records, compression);
      const before = contentOf(batch);
      const filter = {
        keep: ({ offset }: { offset: number }) => records[offset - 1000]?.kept === true,
        horizon: (tombstones: boolean) => (tombstones ? horizon : undefined),
      };
      const { bytes, recordCount } = await filterBatch(batch, filter);
      const after = new RecordBatch(bytes);
      after.verifyCrc();
      const expected = before.filter((_, index) => records[index]?.kept);
      assert.deepEqual(contentOf(after), expected);
      assert.equal(recordCount, expected.length);
      assert.deepEqual(
        [after.baseOffset, after.lastOffset, after.producerId, after.producerEpoch, after.baseSequence],
        [1000, batch.lastOffset, 7, 2, 30],
      );
      const marked = horizon !== undefined && expected.some(({ value }) => value === null);
      assert.equal(after.hasDeleteHorizon, marked);
      if (marked) assert.equal(after.baseTimestamp, horizon);
      if (expected.length > 0) assert.equal(after.maxTimestamp, Math.max(...expected.map((each) => each.timestamp)));
      // A horizon is set once, and what has one can be filtered again.
      const again = await filterBatch(after, { keep: ({ offset }) => offset % 2 === 0, horizon: () => 5 });
      const even = expected.filter(({ offset }) => offset % 2 === 0);
      assert.deepEqual(contentOf(new RecordBatch(again.bytes)), even);
      if (marked && even.length > 0) assert.equal(new RecordBatch(again.bytes).baseTimestamp, horizon);
    }),
  );
});

test('a batch of which nothing changes is answered as it lies', async () => {
  const batch = build([{ key: 'a', value: 'b', timestamp: 1, kept: true }], 'zstd');
  const { bytes } = await filterBatch(batch, { keep: () => true });
  assert.equal(bytes.buffer, batch.bytes.buffer);
});

test('an emptied batch keeps its offsets, producer and newest time', () => {
  const records = [1, 9, 4].map((timestamp) => ({ key: 'a', value: 'b', timestamp, kept: true }));
  const empty = new RecordBatch(emptyBatch(build(records, 'gzip')));
  empty.verifyCrc();
  assert.equal(empty.sizeInBytes, 61);
  assert.deepEqual(contentOf(empty), []);
  assert.deepEqual([empty.baseOffset, empty.lastOffset, empty.baseSequence, empty.maxTimestamp], [1000, 1002, 30, 9]);
  assert.equal(empty.compression, 'none');
  const placeholder = new RecordBatch(placeholderBatch(build(records, 'gzip')));
  placeholder.verifyCrc();
  assert.deepEqual([placeholder.baseOffset, placeholder.lastOffset, placeholder.producerId], [1000, 1002, -1]);
});

test('records whose lengths contradict their bytes are refused', async () => {
  const batch = build([{ key: 'abc', value: 'def', timestamp: 1, kept: true }], 'none');
  for (let at = 61; at < batch.sizeInBytes; at++) {
    const bytes = Uint8Array.from(batch.bytes);
    bytes[at] = 0xff;
    // Either it is seen to be damaged, or it is another sound record: it never reads beyond the batch.
    await filterBatch(new RecordBatch(bytes), { keep: () => false }).catch((error: Error) =>
      assert.equal(error.name, 'CorruptRecordError'),
    );
  }
});
