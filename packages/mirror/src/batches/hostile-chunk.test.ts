/**
 * Chunks that are damaged, cut off, or made of anything. Method: whatever happens to the bytes, the conversion ends in
 * batches or in an error of the project; what was converted before the damage is right, and a conversion from there on
 * says what is wrong.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { batchHeader, RecordBatch, RecordBatchBuilder } from '@millrace/wire';
import fc from 'fast-check';
import { sourceLogs } from '../testing/source-log.ts';
import { adoptBatch } from './adopt-batch.ts';
import { conversionLimitsDefault } from './conversion-limits.ts';
import { convertChunk } from './convert-chunk.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const limits = { ...conversionLimitsDefault, coalesceCompressedBelow: 1000, decompressedBytesMax: 200_000 };

/** Batches of `count` records, the offsets from 0 on. */
function logOf(batches: number, count: number, compression: 'none' | 'lz4' = 'none', valueLength = 100): Uint8Array {
  const builder = new RecordBatchBuilder();
  return Buffer.concat(
    Array.from({ length: batches }, (_, index) => {
      builder.reset();
      for (let i = 0; i < count; i++) builder.append(1000 + index, `key-${i}`, 'v'.repeat(valueLength));
      return Uint8Array.from(builder.build({ baseOffset: index * count, compression }));
    }),
  );
}

function sign(bytes: Uint8Array, position: number): void {
  try {
    if (batchHeader.wholeBatchSize(bytes, position) > 0) batchHeader.updateCrc(bytes, position);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
  }
}

test('changed chunks end in batches or in an error of the project', async () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
  let converted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(sourceLogs(6), changes, fc.boolean(), async (log, edits, signed) => {
      const bytes = Uint8Array.from(log.bytes);
      for (const [at, value] of edits) if (bytes.length > 0) bytes[at % bytes.length] = value;
      // Who changes bytes can change checksums too.
      if (signed) for (const position of log.positions) sign(bytes, position);
      try {
        const { batches, nextOffset } = await convertChunk({ bytes, from: log.from, aborted: log.aborted }, limits);
        assert.ok(nextOffset >= log.from);
        for (const batch of batches) adoptBatch(batch.bytes, 1, 2, 3);
        converted++;
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        refused++;
      }
    }),
    { numRuns: Math.ceil(1500 * scale) },
  );
  assert.ok(converted > 0 && refused > 0, `${converted} converted, ${refused} refused`);
});

test('any bytes end in batches or in an error of the project', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0, 1, 2), async (bytes, magic) => {
      if (bytes.length > 16) bytes[16] = magic;
      try {
        await convertChunk({ bytes, from: 0, aborted: [] }, limits);
      } catch (error) {
        if (!isMillraceError(error)) throw error;
      }
    }),
    { numRuns: Math.ceil(2000 * scale) },
  );
});

test('a batch that the end cuts off is left for the next fetch, wherever the cut is', async () => {
  for (const [batches, count] of [
    [4, 1],
    [3, 200],
  ] as const) {
    const bytes = logOf(batches, count);
    const size = bytes.length / batches;
    for (let end = 0; end <= bytes.length; end += end % size < 70 ? 1 : 97) {
      const { batches: out, nextOffset } = await convertChunk(
        { bytes: bytes.slice(0, end), from: 0, aborted: [] },
        limits,
      );
      assert.equal(nextOffset, Math.floor(end / size) * count);
      assert.equal(
        out.reduce((sum, { recordCount }) => sum + recordCount, 0),
        nextOffset,
      );
    }
  }
});

test('what comes before a damaged batch is converted, and the damage is named from there on', async () => {
  for (const compression of ['none', 'lz4'] as const) {
    const bytes = logOf(5, 2, compression);
    const position = (bytes.length / 5) * 3;
    bytes[position + 80]! ^= 1;
    const { batches, nextOffset } = await convertChunk({ bytes, from: 0, aborted: [] }, limits);
    assert.equal(nextOffset, 6);
    assert.deepEqual(
      batches.flatMap(({ runs }) => runs),
      [{ offset: 0, count: 6 }],
    );
    await assert.rejects(async () => convertChunk({ bytes, from: 6, aborted: [] }, limits), { code: 'corrupt_record' });
  }
});

test('a gap before a damaged batch is passed, so that the next conversion names the damage', async () => {
  const builder = new RecordBatchBuilder();
  builder.append(1000, null, 'value');
  const bytes = Buffer.concat([1, 5].map((baseOffset) => Uint8Array.from(builder.build({ baseOffset }))));
  bytes[bytes.length - 2]! ^= 1;
  const { nextOffset, batches } = await convertChunk({ bytes, from: 0, aborted: [] }, limits);
  assert.deepEqual([nextOffset, batches.length], [5, 1]);
  await assert.rejects(
    async () =>
      convertChunk(
        { bytes: bytes.subarray(bytes.length / 2), from: 5, aborted: [] },
        {
          ...limits,
          batchBytesMax: 70,
        },
      ),
    { code: 'corrupt_record' },
  );
});

test('a batch at offsets that were there before is refused', async () => {
  const bytes = Buffer.concat([logOf(1, 3), logOf(1, 3)]);
  const { nextOffset, batches } = await convertChunk({ bytes, from: 0, aborted: [] }, limits);
  assert.deepEqual([nextOffset, batches.length], [3, 1]);
  assert.throws(() => convertChunk({ bytes, from: 3, aborted: [] }, limits), { code: 'corrupt_record' });
});

test('damage in a batch that passes as it is stays visible to the target', async () => {
  const bytes = logOf(1, 300);
  bytes[5000]! ^= 0x20;
  const { batches } = await convertChunk({ bytes, from: 0, aborted: [] }, limits);
  const batch = batches[0]?.bytes as Uint8Array;
  adoptBatch(batch, 5, 1, 1000);
  assert.notEqual(batchHeader.crc(batch, 0), batchHeader.computeCrc(batch, 0));
});

test('batches too large for the target are split by records, and a single such record is refused by name', async () => {
  const sizes = { ...limits, batchBytesMax: 30_000 };
  for (const compression of ['none', 'lz4'] as const) {
    const noise = Array.from({ length: 40 }, (_, i) => Buffer.alloc(i === 33 ? 31_000 : 4000, `${i}-`));
    // Not compressible.
    for (const value of noise) for (let i = 0; i < value.length; i++) value[i] = (i * i * 2654435761 + i) >>> (i % 19);
    const builder = new RecordBatchBuilder();
    for (const [i, value] of noise.entries()) builder.append(5, null, value, [], i * 2);
    const bytes = builder.build({ compression, baseOffset: 100 });
    const { batches, nextOffset } = await convertChunk({ bytes, from: 100, aborted: [] }, sizes);
    // Every second offset is missing, and the 34th record is the large one.
    assert.equal(nextOffset, 166);
    assert.deepEqual(
      batches.flatMap(({ runs }) => runs),
      Array.from({ length: 33 }, (_, i) => ({ offset: 100 + i * 2, count: 1 })),
    );
    for (const { bytes: outgoing, recordCount, runs } of batches) {
      assert.ok(outgoing.length <= 30_000);
      assert.equal(runs.length, recordCount);
      const first = noise[((runs[0]?.offset ?? 0) - 100) / 2];
      assert.deepEqual([...new RecordBatch(outgoing).records()][0]?.value, Uint8Array.from(first ?? []));
    }
    const again = async () => convertChunk({ bytes, from: 166, aborted: [] }, sizes);
    await assert.rejects(again, { code: 'record_too_large', offset: 166, batchBytesMax: 30_000 });
    const behind = await convertChunk({ bytes, from: 167, aborted: [] }, sizes);
    assert.equal(
      behind.batches.reduce((sum, { recordCount }) => sum + recordCount, 0),
      6,
    );
  }
});

test('records that decompress to more than allowed are refused, alone and among small ones', async () => {
  const builder = new RecordBatchBuilder();
  builder.append(5, null, new Uint8Array(250_000));
  const large = Uint8Array.from(builder.build({ compression: 'zstd' }));
  // Stamped, so that it has to be rebuilt.
  batchHeader.setLogAppendTime(large, 0, 7);
  batchHeader.updateCrc(large, 0);
  builder.reset();
  builder.append(5, null, new Uint8Array(1000));
  const small = builder.build({ compression: 'zstd', baseOffset: 1 });
  for (const bytes of [large, Buffer.concat([large, small])]) {
    await assert.rejects(async () => convertChunk({ bytes, from: 0, aborted: [] }, limits), {
      code: 'decompressed_too_large',
    });
  }
});
