/** Which records have times that a target refuses: too long ago by its clock, or too far ahead. */
import { MillraceError } from '@millrace/base';
import { batchHeader, RecordBatch } from '@millrace/wire';
import type { ChunkPlan, SourceChunk } from './chunk-plan.ts';
import type { ConversionLimits } from './conversion-limits.ts';

/** How far from now times may be, and what of the target's topic says so. */
export interface TimeBound {
  readonly ms: number;
  /** Its name in the topic's configuration. */
  readonly setting: string;
}

/** What a topic takes. Undefined where there is no bound. */
export interface TimeBounds {
  readonly before?: TimeBound | undefined;
  readonly after?: TimeBound | undefined;
}

/** Bounds, and what time it is: ms since 1970. */
export interface AllowedTimes extends TimeBounds {
  readonly now: number;
}

/** Records of the source, one after the other, have times that the target refuses. */
export class RecordTimeError extends MillraceError {
  readonly code = 'record_time_refused';
  /** Of the first of them, in the source. */
  readonly offset: number;
  /** The source offset behind the last of them. */
  readonly end: number;
  /** Of the first of them, in ms since 1970. */
  readonly time: number;

  constructor(offset: number, end: number, time: number, { ms, setting }: TimeBound) {
    const what =
      end === offset + 1
        ? `the record at source offset ${offset} has`
        : `source offsets ${offset} to ${end - 1} begin with`;
    super(
      `${what} the time ${time}${readable(time)}, farther from now than ${setting} of the target topic, ${ms} ms; ` +
        'set that higher there, or let the mirror go on without such records',
    );
    this.offset = offset;
    this.end = end;
    this.time = time;
  }
}

/** Records without a time are taken everywhere. */
const noTime = -1;

/**
 * The first records of a planned chunk that the target would refuse, up to the end of their batch or of their row.
 * Without a bound for the past only batches are read whose header tells of a time ahead. Throws `CompressionError` and
 * `CorruptRecordError`.
 */
export function firstRefused(
  { bytes, from, until = Number.MAX_SAFE_INTEGER }: SourceChunk,
  { groups }: ChunkPlan,
  { times, decompressedBytesMax }: ConversionLimits,
): RecordTimeError | undefined {
  const allowed = times?.();
  if (allowed === undefined || (allowed.before === undefined && allowed.after === undefined)) return undefined;
  for (const position of groups.flatMap(({ positions }) => positions)) {
    if (allowed.before === undefined && !isAhead(batchHeader.maxTimestamp(bytes, position), allowed)) continue;
    let first: { readonly offset: number; readonly time: number; readonly bound: TimeBound } | undefined;
    let end = 0;
    for (const { offset, timestamp: time } of new RecordBatch(bytes, position).records({
      maxDecompressedBytes: decompressedBytesMax,
    })) {
      if (offset < from || offset >= until) continue;
      const bound = refusedBy(time, allowed);
      if (bound === undefined && first !== undefined) break;
      if (bound === undefined) continue;
      first ??= { offset, time, bound };
      end = offset + 1;
    }
    if (first !== undefined) return new RecordTimeError(first.offset, end, first.time, first.bound);
  }
  return undefined;
}

function refusedBy(time: number, allowed: AllowedTimes): TimeBound | undefined {
  const { now, before, after } = allowed;
  if (time === noTime) return undefined;
  if (before !== undefined && now - time > before.ms) return before;
  return isAhead(time, allowed) ? after : undefined;
}

function isAhead(time: number, { now, after }: AllowedTimes): boolean {
  return after !== undefined && time - now > after.ms;
}

/** Beyond what dates can be there is only the number. */
function readable(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : ` (${date.toISOString()})`;
}
