/**
 * The joiner alone, with batches that are full at any record, and times too far apart for one batch. Method: what it
 * puts together is given a header and read by the reader of batches.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchHeader, RecordBatch, RecordBatchBuilder } from '@millrace/wire';
import fc from 'fast-check';
import { plainRecords, sourceLogs } from '../testing/source-log.ts';
import { type JoinedRecords, RecordJoiner } from './record-joiner.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const { batchHeaderBytes } = batchHeader;

function readBack({ bytes, recordCount, baseTimestamp, maxTimestamp, runs }: JoinedRecords) {
  const nobody = { producerId: -1, producerEpoch: -1, baseSequence: -1, partitionLeaderEpoch: -1 };
  const fields = { ...nobody, baseTimestamp, maxTimestamp, recordCount, lastOffsetDelta: recordCount - 1 };
  batchHeader.writeHeader(bytes, 0, bytes.length, { ...fields, baseOffset: 0, attributes: 0 });
  const offsets = runs.flatMap(({ offset, count }) => Array.from({ length: count }, (_, i) => offset + i));
  const records = plainRecords(new RecordBatch(bytes));
  assert.equal(maxTimestamp, Math.max(...records.map(([, { timestamp }]) => timestamp)));
  return records.map(([delta, record]) => [offsets[delta], record] as const);
}

test('records are joined at their offsets and times, however early a batch is full', () => {
  fc.assert(
    fc.property(sourceLogs(12), fc.integer({ min: 62, max: 1000 }), fc.nat(2000), (log, bytesMax, capacity) => {
      const joiner = new RecordJoiner({ from: log.from, until: Number.MAX_SAFE_INTEGER, bytesMax, capacity });
      const expected = [];
      const joined: JoinedRecords[] = [];
      for (const position of log.positions) {
        const batch = new RecordBatch(log.bytes, position);
        if (batch.compression !== 'none') continue;
        const end = position + batch.sizeInBytes;
        joiner.append(log.bytes, position, log.bytes, position + batchHeaderBytes, end);
        expected.push(...plainRecords(batch).filter(([offset]) => offset >= log.from));
        joined.push(...joiner.takeFull());
      }
      joined.push(...joiner.finish());
      for (const { bytes, recordCount } of joined) assert.ok(bytes.length <= bytesMax || recordCount === 1);
      assert.deepEqual(joined.flatMap(readBack), expected);
    }),
    { numRuns: Math.ceil(500 * scale) },
  );
});

test('times too far apart for an exact difference begin a new batch, between batches and within one', () => {
  const far = 2 ** 52;
  for (const times of [
    [far + 1, far - 9],
    [far - 5, far + 15],
  ]) {
    const joiner = new RecordJoiner({ from: 0, until: 10, bytesMax: 1000, capacity: 0 });
    for (const [baseOffset, group] of [[-far], times].entries()) {
      const builder = new RecordBatchBuilder();
      for (const time of group) builder.append(time, null, 'value');
      const bytes = builder.build({ baseOffset });
      joiner.append(bytes, 0, bytes, batchHeaderBytes, bytes.length);
    }
    const back = joiner.finish().flatMap(readBack);
    assert.deepEqual(
      back.map(([, { timestamp }]) => timestamp),
      [-far, ...times],
    );
  }
});

test('a difference to the base that is not exact is not used, even where a record comes near enough', () => {
  const far = 2 ** 52;
  const joiner = new RecordJoiner({ from: 0, until: 10, bytesMax: 1000, capacity: 0 });
  const builder = new RecordBatchBuilder();
  builder.append(-far, null, 'value');
  const first = Uint8Array.from(builder.build());
  joiner.append(first, 0, first, batchHeaderBytes, first.length);
  builder.reset();
  builder.append(far - 9, null, 'value');
  const second = Uint8Array.from(builder.build({ baseOffset: 1 }));
  // A delta of -10 to a base that is ten later than any record, as a delete horizon may be.
  const moved = Buffer.from(second);
  assert.equal(moved[batchHeaderBytes + 2], 0);
  moved[batchHeaderBytes + 2] = 19;
  moved.writeBigInt64BE(BigInt(far + 1), batchHeader.batchHeaderLayout.baseTimestamp);
  joiner.append(moved, 0, moved, batchHeaderBytes, moved.length);
  assert.deepEqual(
    joiner.finish().flatMap((joined) => readBack(joined).map(([, { timestamp }]) => timestamp)),
    [-far, far - 9],
  );
});

test('batches whose offsets, lengths or number of records contradict each other are refused', () => {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < 3; i++) builder.append(1, null, 'value', [], i * 2);
  const sound = Uint8Array.from(builder.build());
  const size = (sound.length - batchHeaderBytes) / 3;
  const { recordCount, lastOffsetDelta } = batchHeader.batchHeaderLayout;
  const faults: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    'a byte behind the last record': (bytes) => Buffer.concat([bytes, Buffer.of(0)]),
    'a byte less': (bytes) => bytes.subarray(0, bytes.length - 1),
    'fewer records than there are': (bytes) => bytes.with(recordCount + 3, 2),
    'more records than there are': (bytes) => bytes.with(recordCount + 3, 4),
    'an offset twice': (bytes) => bytes.with(batchHeaderBytes + size + 3, 0),
    'an offset behind the last one': (bytes) => bytes.with(lastOffsetDelta + 3, 3),
    'a negative offset': (bytes) => bytes.with(batchHeaderBytes + 3, 1),
    'a record without content': (bytes) => bytes.with(batchHeaderBytes, 0),
    'a record of a negative length': (bytes) => bytes.with(batchHeaderBytes, 3),
    'a record that ends in its offset': (bytes) => bytes.with(batchHeaderBytes, 4),
  };
  const append = (bytes: Uint8Array) => {
    const joiner = new RecordJoiner({ from: 0, until: 100, bytesMax: 1000, capacity: 0 });
    joiner.append(bytes, 0, bytes, batchHeaderBytes, bytes.length);
    return joiner.finish();
  };
  assert.equal(append(sound).length, 1);
  for (const [what, spoil] of Object.entries(faults)) {
    assert.throws(() => append(spoil(Uint8Array.from(sound))), { code: 'corrupt_record' }, what);
  }
});
