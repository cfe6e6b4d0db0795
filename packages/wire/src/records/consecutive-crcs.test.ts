import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { consecutiveCrcsFit } from './consecutive-crcs.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

function batchesOf(lengths: readonly number[]): Buffer {
  return Buffer.concat(
    lengths.map((length, index) => {
      const builder = new RecordBatchBuilder();
      builder.append(1000 + index, `key-${index}`, 'v'.repeat(length));
      return builder.build({ baseOffset: index, partitionLeaderEpoch: index });
    }),
  );
}

const lengths = fc.array(fc.oneof(fc.nat(400), fc.nat(70_000)), { maxLength: 8 });

test('sound batches fit, from any of them to any', () => {
  fc.assert(
    fc.property(lengths, fc.nat(8), (all, skipped) => {
      const before = batchesOf(all.slice(0, skipped)).length;
      const bytes = batchesOf(all);
      assert.ok(consecutiveCrcsFit(bytes, before, bytes.length));
      assert.ok(consecutiveCrcsFit(bytes, 0, before));
    }),
    { numRuns: Math.ceil(100 * scale) },
  );
});

test('a byte changed in what a checksum covers, or in a checksum, is noticed', () => {
  fc.assert(
    fc.property(lengths, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (all, which, place, bits) => {
      fc.pre(all.length > 0);
      const index = which % all.length;
      const start = batchesOf(all.slice(0, index)).length;
      const bytes = batchesOf(all);
      const size = batchesOf(all.slice(0, index + 1)).length - start;
      bytes[start + 17 + (place % (size - 17))]! ^= bits;
      assert.ok(!consecutiveCrcsFit(bytes, 0, bytes.length));
    }),
    { numRuns: Math.ceil(200 * scale) },
  );
});
