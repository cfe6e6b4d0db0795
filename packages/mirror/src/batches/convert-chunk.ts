/**
 * Turns what was fetched from a source partition into batches that a target takes: the door to this folder. Batches
 * pass as views into the fetched bytes wherever Kafka's protocol allows.
 */
import { isMillraceError } from '@millrace/base';
import { batchHeader, type CorruptRecordError } from '@millrace/wire';
import { type BatchGroup, type ChunkPlan, planChunk, type SourceChunk } from './chunk-plan.ts';
import type { ConversionLimits } from './conversion-limits.ts';
import { isOldMessage } from './old-message.ts';
import type { ConvertedChunk, OutgoingBatch } from './outgoing-batch.ts';
import { FailedAt, rebuildCompressed, rebuildPlain } from './rebuild.ts';
import { firstRefused } from './record-times.ts';
import { upgradeChunk } from './upgrade-chunk.ts';
import { WorkTurns } from './work-turns.ts';

/**
 * Converts a chunk, at once where nothing has to be decompressed and not much is rebuilt. `rest` lets others have their
 * turn in longer work: it is called after some milliseconds of it. Without it work is not interrupted.
 *
 * The chunk's bytes become the caller's outgoing batches: they are not changed here, and must be left alone until those
 * batches are done with. A batch that the chunk's end cuts off is left out, and `nextOffset` stays before it; it stays
 * at `from` when the chunk holds no whole batch, and fetching more bytes is the only way on.
 *
 * Throws `CorruptRecordError`, `CompressionError`, `RecordTooLargeError` or `RecordTimeError` when the first records
 * can't be converted; what comes before such records is converted, with `nextOffset` at them. Going on behind them is a
 * `from` behind them.
 */
export function convertChunk(
  chunk: SourceChunk,
  limits: ConversionLimits,
  rest?: (() => Promise<void>) | undefined,
): ConvertedChunk | Promise<ConvertedChunk> {
  let plan: ChunkPlan;
  try {
    plan = planChunk(chunk, limits);
  } catch (error) {
    if (isOldFormat(error, chunk)) return convertOld(chunk, limits, rest);
    throw error;
  }
  const refused = firstRefused(chunk, plan, limits);
  if (refused !== undefined) return convertChunk(before(new FailedAt(refused.offset, refused), chunk), limits, rest);
  const turns = new WorkTurns(rest);
  if (plan.groups.some(isPacked) || turns.exceeds(rebuiltBytes(plan))) {
    return convertInTurns(chunk, plan, limits, turns, rest);
  }
  try {
    const batches: OutgoingBatch[] = [];
    for (const group of plan.groups) {
      if (group.passes) batches.push(passed(chunk.bytes, group));
      else batches.push(...onRoute(group, rebuildPlain(chunk, group, limits)));
    }
    return converted(batches, plan);
  } catch (error) {
    return convertChunk(before(error, chunk), limits, rest);
  }
}

async function convertInTurns(
  chunk: SourceChunk,
  plan: ChunkPlan,
  limits: ConversionLimits,
  turns: WorkTurns,
  rest: (() => Promise<void>) | undefined,
): Promise<ConvertedChunk> {
  try {
    const batches: OutgoingBatch[] = [];
    // One after the other: what is decompressed can be many times the chunk.
    for (const group of plan.groups) {
      if (group.passes) batches.push(passed(chunk.bytes, group));
      else if (isPacked(group)) batches.push(...onRoute(group, await rebuildCompressed(chunk, group, limits, turns)));
      else {
        batches.push(...onRoute(group, rebuildPlain(chunk, group, limits)));
        await turns.spend(group.payloadBytes);
      }
    }
    return converted(batches, plan);
  } catch (error) {
    return await convertChunk(before(error, chunk), limits, rest);
  }
}

/** Whether the error says that the first batches are of a format from before v2. */
function isOldFormat(error: unknown, { bytes }: SourceChunk): error is CorruptRecordError {
  return (
    isMillraceError(error, 'unsupported_record_format') && isOldMessage(bytes, (error as CorruptRecordError).position)
  );
}

async function convertOld(
  chunk: SourceChunk,
  limits: ConversionLimits,
  rest: (() => Promise<void>) | undefined,
): Promise<ConvertedChunk> {
  const { bytes, error } = await upgradeChunk(chunk.bytes, limits.decompressedBytesMax);
  const result = await convertChunk({ ...chunk, bytes }, limits, rest);
  if (error !== undefined && result.nextOffset === chunk.from) throw error;
  return result;
}

function rebuiltBytes({ groups }: ChunkPlan): number {
  return groups.reduce((sum, { passes, payloadBytes }) => (passes ? sum : sum + payloadBytes), 0);
}

/** Whether its records must be decompressed. */
function isPacked({ passes, compressionId }: BatchGroup): boolean {
  return !passes && compressionId !== 0;
}

/** The chunk up to where the failure begins; throws the failure's cause when nothing lies before it. */
function before(error: unknown, chunk: SourceChunk): SourceChunk {
  if (!(error instanceof FailedAt)) throw error;
  if (error.offset <= chunk.from) throw error.error;
  return { ...chunk, until: error.offset };
}

function converted(batches: readonly OutgoingBatch[], plan: ChunkPlan): ConvertedChunk {
  const { nextOffset, skippedRecords, returningRecords } = plan;
  return { batches, nextOffset, skippedRecords, returningRecords };
}

function onRoute({ via }: BatchGroup, batches: OutgoingBatch[]): OutgoingBatch[] {
  return via === undefined ? batches : batches.map((batch) => ({ ...batch, via }));
}

function passed(bytes: Uint8Array, { positions, recordCount, via }: BatchGroup): OutgoingBatch {
  const position = positions[0] as number;
  const offset = batchHeader.baseOffset(bytes, position);
  return {
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset + position, batchHeader.batchSize(bytes, position)),
    recordCount,
    runs: [{ offset, count: recordCount }],
    via,
  };
}
