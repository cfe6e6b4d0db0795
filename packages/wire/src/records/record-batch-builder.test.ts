import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compressions } from '../compression/index.ts';
import { RecordBatch } from './record-batch.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';
import { batchHeaderBytes } from './record-batch-header.ts';
import type { HeaderInput } from './record-headers.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

interface Draft {
  readonly timestamp: number;
  readonly offsetStep: number;
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers: readonly HeaderInput[];
}

/**
 * Text of every UTF-8 width and unpaired surrogates, mostly near lengths where a varint or the way of writing changes.
 */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .tuple(fc.constantFrom('a', 'é', '€', '😀', '\ud800'), fc.constantFrom(12, 20, 21, 63, 64, 2048, 2731, 4097, 8192))
    .chain(([unit, length]) =>
      fc.integer({ min: -2, max: 2 }).map((off) => `z${unit.repeat(Math.floor(length / unit.length) + off)}`),
    ),
);
const field = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(63, 64, 8191, 8192).map((length) => new Uint8Array(length).fill(7)) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const draft: fc.Arbitrary<Draft> = fc.record({
  timestamp: fc.oneof(
    fc.integer({ min: 1_700_000_000_000, max: 1_700_000_020_000 }),
    fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
  ),
  offsetStep: fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 ** 26 }) },
  ),
  key: field,
  value: field,
  headers: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.record({ key: text, value: field }), { maxLength: 4 }) },
  ),
});

function appendAll(builder: RecordBatchBuilder, drafts: readonly Draft[]): number[] {
  const deltas: number[] = [];
  let delta = -1;
  for (const { timestamp, offsetStep, key, value, headers } of drafts) {
    delta += offsetStep;
    deltas.push(delta);
    builder.append(timestamp, key, value, headers, delta);
  }
  return deltas;
}

function bytesOf(content: Uint8Array | string | null): Buffer | null {
  return content === null ? null : Buffer.from(content as string);
}

test('records are read back as they were appended, through every compression', () => {
  const builder = new RecordBatchBuilder(1);
  fc.assert(
    fc.property(
      fc.array(draft, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...compressions),
      (drafts, compression) => {
        builder.reset();
        const deltas = appendAll(builder, drafts);
        const batch = new RecordBatch(builder.build({ compression, baseOffset: 2 ** 45 }));
        batch.verifyCrc();
        assert.equal(batch.recordCount, drafts.length);
        assert.equal(batch.lastOffset, 2 ** 45 + deltas.at(-1)!);
        assert.equal(batch.baseTimestamp, drafts[0]!.timestamp);
        assert.equal(batch.maxTimestamp, Math.max(...drafts.map(({ timestamp }) => timestamp)));
        const back = Array.from(batch.records(), (record) => ({
          offset: record.offset - 2 ** 45,
          timestamp: record.timestamp,
          key: bytesOf(record.key),
          keyText: record.keyText(),
          value: bytesOf(record.value),
          valueText: record.valueText(),
          headers: record.headers.map(({ key, value }) => [key, bytesOf(value)]),
        }));
        assert.deepEqual(
          back,
          drafts.map(({ timestamp, key, value, headers }, i) => ({
            offset: deltas[i],
            timestamp,
            key: bytesOf(key),
            keyText: bytesOf(key)?.toString() ?? null,
            value: bytesOf(value),
            valueText: bytesOf(value)?.toString() ?? null,
            headers: headers.map((header) => [Buffer.from(header.key).toString(), bytesOf(header.value)]),
          })),
        );
      },
    ),
    { numRuns: Math.ceil(400 * scale) },
  );
});

test('the size foretold is the size taken, record by record', () => {
  const builder = new RecordBatchBuilder();
  fc.assert(
    fc.property(fc.array(draft, { minLength: 1, maxLength: 12 }), (drafts) => {
      builder.reset();
      for (const { timestamp, key, value, headers } of drafts) {
        const expected = builder.sizeInBytes + builder.sizeOf(timestamp, key, value, headers);
        builder.append(timestamp, key, value, headers);
        assert.equal(builder.sizeInBytes, expected);
      }
      assert.equal(builder.build().length, builder.sizeInBytes);
    }),
    { numRuns: Math.ceil(200 * scale) },
  );
});

test('tryAppend fills up to the limit to the byte, and leaves the batch alone beyond', () => {
  const builder = new RecordBatchBuilder(256);
  const reference = new RecordBatchBuilder();
  fc.assert(
    fc.property(fc.array(draft, { minLength: 1, maxLength: 8 }), fc.integer({ min: -1, max: 1 }), (drafts, slack) => {
      builder.reset();
      reference.reset();
      for (const { timestamp, key, value, headers } of drafts) {
        const before = Buffer.from(builder.build());
        const limit = builder.sizeInBytes + builder.sizeOf(timestamp, key, value, headers) + slack;
        const taken = builder.tryAppend(limit, timestamp, key, value, headers);
        assert.equal(taken, slack >= 0);
        if (taken) reference.append(timestamp, key, value, headers);
        else assert.deepEqual(Buffer.from(builder.build()), before);
      }
      assert.deepEqual(Buffer.from(builder.build()), Buffer.from(reference.build()));
    }),
    { numRuns: Math.ceil(200 * scale) },
  );
});

test('a record that can never fit is refused by its length alone, without making room for it', () => {
  const builder = new RecordBatchBuilder(256);
  assert.equal(builder.tryAppend(1000, 0, null, new Uint8Array(10_000_000)), false);
  assert.equal(builder.capacity, 256);
});

test('a reset builder keeps its memory and starts anew', () => {
  const builder = new RecordBatchBuilder(256);
  builder.append(5000, 'k', 'x'.repeat(10_000));
  const { capacity } = builder;
  builder.reset();
  assert.equal(builder.recordCount, 0);
  assert.deepEqual([builder.baseTimestamp, builder.maxTimestamp], [0, 0]);
  assert.equal(builder.sizeInBytes, batchHeaderBytes);
  builder.append(7000, null, 'y');
  assert.equal(builder.capacity, capacity);
  const batch = new RecordBatch(builder.build());
  assert.equal(batch.recordCount, 1);
  assert.equal(batch.baseTimestamp, 7000);
  assert.equal(batch.maxTimestamp, 7000);
  assert.equal(batch.lastOffsetDelta, 0);
});

test('an empty builder builds a batch without records', () => {
  const batch = new RecordBatch(new RecordBatchBuilder().build());
  batch.verifyCrc();
  assert.equal(batch.sizeInBytes, batchHeaderBytes);
  assert.deepEqual([...batch.records()], []);
});

test('a batch that does not get smaller is left uncompressed', () => {
  const builder = new RecordBatchBuilder();
  builder.append(0, null, 'tiny');
  for (const compression of compressions) {
    const batch = new RecordBatch(builder.build({ compression }));
    batch.verifyCrc();
    assert.equal(batch.compression, 'none');
  }
});

test('a large batch is compressed off the thread into the same bytes, and can’t be touched meanwhile', async () => {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < 20_000; i++) builder.append(i, `key-${i}`, `some value ${i % 50}`);
  for (const compression of compressions) {
    const options = { compression, producerId: 1, producerEpoch: 2, baseSequence: 3 };
    const building = builder.buildAsync(options);
    if (compression !== 'none') {
      assert.throws(() => builder.append(0, null, 'late'), /while its batch was being built/);
      assert.throws(() => builder.reset(), /while it builds/);
    }
    assert.deepEqual(Buffer.from(await building), Buffer.from(builder.build(options)), compression);
  }
  builder.append(0, null, 'after');
  assert.equal(builder.recordCount, 20_001);
});

test('a timestamp that is no whole number of milliseconds is refused and leaves the batch as it was', () => {
  const builder = new RecordBatchBuilder();
  for (const timestamp of [Number.NaN, 0.5, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => builder.append(timestamp, null, 'v'), { code: 'invalid_timestamp' }, `${timestamp} first`);
  }
  builder.append(1000, null, 'v');
  for (const timestamp of [Number.NaN, 1000.5, Number.NEGATIVE_INFINITY, -(2 ** 53) + 1]) {
    assert.throws(() => builder.append(timestamp, null, 'v'), { code: 'invalid_timestamp' }, `${timestamp} second`);
  }
  builder.append(1001, null, 'v');
  assert.deepEqual(
    Array.from(new RecordBatch(builder.build()).records(), (record) => record.timestamp),
    [1000, 1001],
  );
});

test('an offset that does not rise is a bug of the caller', () => {
  const builder = new RecordBatchBuilder();
  builder.append(0, null, null, [], 5);
  assert.throws(() => builder.append(0, null, null, [], 5), { name: 'AssertionFailure' });
});
