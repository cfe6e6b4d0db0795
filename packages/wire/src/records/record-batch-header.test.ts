import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CorruptRecordError } from './corrupt-record-error.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';
import * as header from './record-batch-header.ts';

/** A batch of three records at `position` in a larger buffer. */
function batchAt(position: number): { bytes: Uint8Array; size: number } {
  const builder = new RecordBatchBuilder();
  builder.append(1000, 'a', 'first');
  builder.append(4000, 'b', 'second');
  builder.append(2000, 'c', 'third');
  const batch = builder.build({
    baseOffset: 2 ** 40 + 5,
    partitionLeaderEpoch: 7,
    producerId: 2 ** 33 + 1,
    producerEpoch: 300,
    baseSequence: 70_000,
    transactional: true,
  });
  const bytes = new Uint8Array(position + batch.length + 3).fill(0xee);
  bytes.set(batch, position);
  return { bytes, size: batch.length };
}

test('accessors read each field of a batch anywhere in a buffer', () => {
  const { bytes, size } = batchAt(5);
  assert.equal(header.baseOffset(bytes, 5), 2 ** 40 + 5);
  assert.equal(header.lastOffset(bytes, 5), 2 ** 40 + 7);
  assert.equal(header.batchLength(bytes, 5), size - 12);
  assert.equal(header.batchSize(bytes, 5), size);
  assert.equal(header.partitionLeaderEpoch(bytes, 5), 7);
  assert.equal(header.magic(bytes, 5), 2);
  assert.equal(header.crc(bytes, 5), header.computeCrc(bytes, 5));
  assert.equal(header.attributes(bytes, 5), header.batchAttributeBits.transactional);
  assert.equal(header.lastOffsetDelta(bytes, 5), 2);
  assert.equal(header.baseTimestamp(bytes, 5), 1000);
  assert.equal(header.maxTimestamp(bytes, 5), 4000);
  assert.equal(header.producerId(bytes, 5), 2 ** 33 + 1);
  assert.equal(header.producerEpoch(bytes, 5), 300);
  assert.equal(header.baseSequence(bytes, 5), 70_000);
  assert.equal(header.recordCount(bytes, 5), 3);
});

test('offset and leader epoch are set without touching the checksum', () => {
  const { bytes } = batchAt(2);
  const before = bytes.slice();
  header.setBaseOffset(bytes, 2, Number.MAX_SAFE_INTEGER - 2);
  header.setPartitionLeaderEpoch(bytes, 2, -1);
  assert.equal(header.baseOffset(bytes, 2), Number.MAX_SAFE_INTEGER - 2);
  assert.equal(header.partitionLeaderEpoch(bytes, 2), -1);
  assert.equal(header.crc(bytes, 2), header.computeCrc(bytes, 2));
  assert.deepEqual(bytes.subarray(0, 2), before.subarray(0, 2));
  assert.deepEqual(bytes.subarray(2 + 8, 2 + 12), before.subarray(2 + 8, 2 + 12));
  assert.deepEqual(bytes.subarray(2 + 16), before.subarray(2 + 16));
});

test('producer and append time are set in place, and the checksum follows when asked to', () => {
  const { bytes } = batchAt(0);
  const original = header.crc(bytes, 0);
  header.setProducer(bytes, 0, -1, -1, -1);
  header.setLogAppendTime(bytes, 0, 1_700_000_000_123);
  assert.equal(header.crc(bytes, 0), original);
  assert.notEqual(header.computeCrc(bytes, 0), original);
  header.updateCrc(bytes, 0);
  assert.equal(header.crc(bytes, 0), header.computeCrc(bytes, 0));
  assert.equal(header.producerId(bytes, 0), -1);
  assert.equal(header.producerEpoch(bytes, 0), -1);
  assert.equal(header.baseSequence(bytes, 0), -1);
  assert.equal(header.maxTimestamp(bytes, 0), 1_700_000_000_123);
  const { transactional, logAppendTime } = header.batchAttributeBits;
  assert.equal(header.attributes(bytes, 0), transactional | logAppendTime);
});

test('an adjusted checksum is the one computed afresh, whatever of the header changed', () => {
  const payload = Buffer.alloc(2 * 1024 * 1024 + 7);
  for (let i = 0; i < payload.length; i++) payload[i] = (i * 2654435761) >>> 11;
  const headerChange = fc.array(fc.tuple(fc.integer({ min: 21, max: 60 }), fc.nat(255)), { maxLength: 40 });
  const length = fc.oneof(fc.nat(200), fc.nat(100_000), fc.nat(payload.length));
  const pieces = fc.tuple(headerChange, length, fc.nat(9));
  fc.assert(
    fc.property(pieces, fc.boolean(), ([changes, payloadBytes, position], damaged) => {
      const bytes = new Uint8Array(position + header.batchHeaderBytes + payloadBytes);
      bytes.set(batchAt(0).bytes.subarray(0, header.batchHeaderBytes), position);
      bytes.set(payload.subarray(0, payloadBytes), position + header.batchHeaderBytes);
      new DataView(bytes.buffer).setInt32(position + 8, bytes.length - position - 12);
      header.updateCrc(bytes, position);
      const isDamaged = damaged && payloadBytes > 0;
      if (isDamaged) bytes[bytes.length - 1]! ^= 4;
      const before = header.headerCrc(bytes, position);
      for (const [at, value] of changes) bytes[position + at] = value;
      header.adjustCrc(bytes, position, before);
      assert.equal(header.crc(bytes, position) === header.computeCrc(bytes, position), !isDamaged);
    }),
    { numRuns: Math.ceil(150 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) },
  );
});

test('64-bit fields hold every safe integer and refuse what is beyond', () => {
  const { bytes } = batchAt(0);
  for (const value of [0, -1, 1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32) - 1, 2 ** 53 - 1, -(2 ** 53) + 1]) {
    header.setBaseOffset(bytes, 0, value);
    assert.equal(header.baseOffset(bytes, 0), value);
    assert.equal(Buffer.from(bytes).readBigInt64BE(0), BigInt(value));
  }
  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
    Buffer.from(bytes.buffer).writeBigInt64BE(value, header.batchHeaderLayout.baseOffset);
    assert.throws(() => header.baseOffset(bytes, 0), CorruptRecordError, String(value));
  }
});

test('a batch cut off at the end of the bytes has no whole size', () => {
  const { bytes, size } = batchAt(4);
  assert.equal(header.wholeBatchSize(bytes, 4), size);
  assert.equal(header.wholeBatchSize(bytes, 4, 4 + size), size);
  for (let end = 4; end < 4 + size; end++) assert.equal(header.wholeBatchSize(bytes, 4, end), 0, `end ${end}`);
});

test('a length smaller than a header, or negative, is refused, not taken for a cut-off batch', () => {
  for (const length of [-(2 ** 31), -13, -12, -1, 0, 48]) {
    const { bytes } = batchAt(0);
    Buffer.from(bytes.buffer).writeInt32BE(length, header.batchHeaderLayout.batchLength);
    assert.throws(() => header.wholeBatchSize(bytes, 0), { code: 'corrupt_record' }, `length ${length}`);
  }
});

test('other formats than v2 are refused by name', () => {
  for (const [magic, words] of [
    [0, /format v0, from before Kafka 0\.11/],
    [1, /format v1, from before Kafka 0\.11/],
    [3, /unknown format 3/],
    [-1, /unknown format -1/],
  ] as const) {
    const { bytes } = batchAt(0);
    bytes[header.batchHeaderLayout.magic] = magic;
    assert.throws(() => header.wholeBatchSize(bytes, 0), { code: 'unsupported_record_format', message: words });
  }
});
