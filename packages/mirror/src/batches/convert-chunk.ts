/**
 * Turns what was fetched from a source partition into batches that a target takes: the door to this folder. Batches
 * pass as views into the fetched bytes wherever Kafka's protocol allows.
 */
import { batchHeader, CorruptRecordError } from '@millrace/wire';
import { type BatchGroup, planChunk, type SourceChunk } from './chunk-plan.ts';
import type { ConversionLimits } from './conversion-limits.ts';
import type { ConvertedChunk, OutgoingBatch } from './outgoing-batch.ts';

/**
 * Converts a chunk, at once where nothing has to be decompressed.
 *
 * The chunk's bytes become the caller's outgoing batches: they are not changed here, and must be left alone until those
 * batches are done with. A batch that the chunk's end cuts off is left out, and `nextOffset` stays before it; it stays
 * at `from` when the chunk holds no whole batch, and fetching more bytes is the only way on.
 *
 * Throws `CorruptRecordError`, `CompressionError` or `RecordTooLargeError` when the first records can't be converted;
 * what comes before such records is converted, with `nextOffset` at them.
 */
export function convertChunk(chunk: SourceChunk, limits: ConversionLimits): ConvertedChunk | Promise<ConvertedChunk> {
  const { groups, nextOffset, skippedRecords } = planChunk(chunk, limits);
  return { batches: groups.map((group) => passed(chunk.bytes, group)), nextOffset, skippedRecords };
}

function passed(bytes: Uint8Array, { positions, recordCount, passes }: BatchGroup): OutgoingBatch {
  const position = positions[0] as number;
  if (!passes) throw new CorruptRecordError('batches can not be rebuilt', position);
  const offset = batchHeader.baseOffset(bytes, position);
  return {
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset + position, batchHeader.batchSize(bytes, position)),
    recordCount,
    runs: [{ offset, count: recordCount }],
  };
}
