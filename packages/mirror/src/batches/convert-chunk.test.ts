/**
 * Logs drawn at random are converted and read back. Method: what a reader of committed records sees of the source,
 * decoded batch by batch without the code under test, must be what any reader sees of the outgoing batches, with
 * `runs` saying which record is which.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { BufferPool } from '@millrace/base';
import { batchHeader, buildControlBatch, RecordBatch, RecordBatchBuilder } from '@millrace/wire';
import fc from 'fast-check';
import { type PlainRecord, plainRecords, type SourceLog, sourceLogs } from '../testing/source-log.ts';
import { adoptBatch } from './adopt-batch.ts';
import { type ConversionLimits, conversionLimitsDefault } from './conversion-limits.ts';
import { convertChunk } from './convert-chunk.ts';
import type { ConvertedChunk, OutgoingBatch } from './outgoing-batch.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const runs = { numRuns: Math.ceil(300 * scale) };

const limits: fc.Arbitrary<ConversionLimits> = fc
  .record({
    batchBytesMax: fc.constantFrom(28_000, 40_000, 1_048_576),
    rebuiltBytesMax: fc.constantFrom(undefined, 300, 28_000),
    coalesceBelow: fc.constantFrom(0, 100, 1000, 100_000),
    coalesceCompressedBelow: fc.constantFrom(0, 150, 1000, 100_000),
  })
  .map((sizes) => ({ ...conversionLimitsDefault, ...sizes }));

/** Source offset -> record, as read from the outgoing batches; checks that each is one that a broker takes. */
function readBack(batches: readonly OutgoingBatch[], batchBytesMax: number): Map<number, PlainRecord> {
  const found = new Map<number, PlainRecord>();
  let last = -1;
  for (const [index, { bytes, recordCount, runs: sources }] of batches.entries()) {
    assert.ok(bytes.length <= batchBytesMax);
    assert.ok(recordCount > 0);
    adoptBatch(bytes, 77, 5, index);
    const batch = new RecordBatch(bytes);
    batch.verifyCrc();
    assert.equal(batch.sizeInBytes, bytes.length);
    const { baseOffset, lastOffsetDelta, producerId, producerEpoch, baseSequence } = batch;
    assert.deepEqual(
      [baseOffset, lastOffsetDelta, batch.recordCount, producerId, producerEpoch, baseSequence],
      [0, recordCount - 1, recordCount, 77, 5, index],
    );
    assert.equal(batch.attributes & ~batchHeader.batchAttributeBits.compression, 0);
    const offsets = sources.flatMap(({ offset, count }) => Array.from({ length: count }, (_, i) => offset + i));
    const records = plainRecords(batch);
    assert.deepEqual(
      records.map(([offset]) => offset),
      Array.from(offsets.keys()),
    );
    assert.equal(batch.maxTimestamp, Math.max(...records.map(([, { timestamp }]) => timestamp)));
    for (const [delta, record] of records) {
      const offset = offsets[delta] as number;
      assert.ok(offset > last, 'source offsets ascend');
      last = offset;
      found.set(offset, record);
    }
  }
  return found;
}

async function convert(log: SourceLog, sizes: ConversionLimits, bytes = log.bytes): Promise<ConvertedChunk> {
  const memory = new BufferPool({ scribbles: true });
  return await convertChunk({ bytes: Uint8Array.from(bytes), from: log.from, aborted: log.aborted, memory }, sizes);
}

test('what goes out is what a reader of committed records sees, at the offsets that the runs say', async () => {
  await fc.assert(
    fc.asyncProperty(sourceLogs(), limits, async (log, sizes) => {
      const { batches, nextOffset } = await convert(log, sizes);
      assert.deepEqual(readBack(batches, sizes.batchBytesMax), log.committed);
      assert.equal(nextOffset, log.end);
    }),
    runs,
  );
});

test('aborted and control records are counted from where the fetch begins', async () => {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < 5; i++) builder.append(1000, null, 'value');
  const producer = { producerId: 9, producerEpoch: 0 };
  const bytes = Buffer.concat([
    Uint8Array.from(builder.build({ ...producer, transactional: true, baseSequence: 0, baseOffset: 10 })),
    buildControlBatch({ ...producer, type: 'abort', coordinatorEpoch: 1, timestamp: 1000, baseOffset: 15 }),
    Uint8Array.from(builder.build({ baseOffset: 16 })),
  ]);
  for (const [from, skippedRecords, copied] of [
    [0, 6, 5],
    [12, 4, 5],
    [15, 1, 5],
    [16, 0, 5],
    [18, 0, 3],
  ] as const) {
    const aborted = [{ producerId: 9, firstOffset: 10 }];
    const converted = await convertChunk({ bytes, from, aborted }, conversionLimitsDefault);
    assert.equal(converted.skippedRecords, skippedRecords, `from ${from}`);
    assert.deepEqual(
      converted.batches.map(({ recordCount }) => recordCount),
      [copied],
    );
  }
});

test('long work lets others have their turn, and comes to the same', async () => {
  const builder = new RecordBatchBuilder();
  for (const compression of ['none', 'zstd'] as const) {
    const parts = Array.from({ length: 9000 }, (_, index) => {
      builder.reset();
      builder.append(1000 + index, null, 'value'.repeat(40));
      return Uint8Array.from(builder.build({ baseOffset: index, compression }));
    });
    const chunk = { bytes: Buffer.concat(parts), from: 0, aborted: [] };
    let turns = 0;
    const rest = async () => void turns++;
    const interrupted = await convertChunk(chunk, conversionLimitsDefault, rest);
    assert.ok(turns > 0, compression);
    assert.deepEqual(interrupted, await convertChunk(chunk, conversionLimitsDefault));
    assert.deepEqual(
      interrupted.batches.flatMap(({ recordCount }) => recordCount).reduce((sum, count) => sum + count, 0),
      9000,
    );
  }
});

test('of the memory that batches are put together in, only what goes out stays taken', async () => {
  const builder = new RecordBatchBuilder();
  for (const [compression, rebuiltBytesMax] of [
    ['none', 30_000],
    ['gzip', 300],
  ] as const) {
    const parts = Array.from({ length: 300 }, (_, index) => {
      builder.reset();
      builder.append(1000 + index, null, `${index}: ${'value'.repeat(20)}`);
      return Uint8Array.from(builder.build({ baseOffset: index, compression }));
    });
    const pool = new BufferPool({ scribbles: true });
    const taken = new Set<ArrayBufferLike>();
    const memory = {
      take(bytesMin: number): Buffer {
        const buffer = pool.take(bytesMin);
        taken.add(buffer.buffer);
        return buffer;
      },
      giveBack(bytes: Uint8Array): void {
        taken.delete(bytes.buffer);
        pool.giveBack(bytes);
      },
    };
    const chunk = { bytes: Buffer.concat(parts), from: 0, aborted: [], memory };
    const { batches } = await convertChunk(chunk, { ...conversionLimitsDefault, rebuiltBytesMax });
    assert.ok(batches.length > 1, `${compression} in ${rebuiltBytesMax} bytes`);
    assert.deepEqual(taken, new Set(batches.map(({ bytes }) => bytes.buffer)));
  }
});

test('what the target takes passes however large, and what is rebuilt is no larger than it has to be', async () => {
  const sizes = { ...conversionLimitsDefault, batchBytesMax: 100_000, rebuiltBytesMax: 30_000 };
  const chunkOf = (compression: 'none' | 'gzip', from: number, ...lengths: number[]) => {
    const builder = new RecordBatchBuilder();
    for (const [index, length] of lengths.entries()) builder.append(index, null, randomBytes(length));
    return { bytes: Uint8Array.from(builder.build({ compression })), from, aborted: [] };
  };
  for (const compression of ['none', 'gzip'] as const) {
    const countsOf = async (from: number, ...lengths: number[]): Promise<number[]> => {
      const { batches } = await convertChunk(chunkOf(compression, from, ...lengths), sizes);
      return batches.map(({ recordCount }) => recordCount);
    };
    assert.deepEqual(await countsOf(0, 20_000, 20_000, 50_000), [3], 'as it is');
    assert.deepEqual(await countsOf(1, 10, 20_000, 20_000, 9_000, 50_000), [1, 2, 1], 'taken apart');
    const tooLarge = { code: 'record_too_large', offset: 1, batchBytesMax: 100_000 };
    await assert.rejects(async () => await countsOf(1, 10, 120_000), tooLarge);
  }
});
