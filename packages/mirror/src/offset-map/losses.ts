/**
 * What of a source partition was passed over and never copied, by a policy or because it was gone: kept in the
 * partition's journal, so that it is known as long as the mirror is. Pure.
 */
import { assert } from '@millrace/base';
import { JournalRecordError } from './offset-map-error.ts';
import { type UnsignedVarintReader, unsignedVarintBytesMax, writeUnsignedVarint } from './unsigned-varint.ts';

/** By number, as they are written down. */
const reasons = ['deleted', 'too-large', 'invalid-time'] as const;

/**
 * The source had deleted the records before they were copied; a record is larger than the target takes; or records have
 * times that the target refuses.
 */
export type LossReason = (typeof reasons)[number];

/** Source offsets from `from` on, up to but without `to`. */
export interface LostRange {
  readonly from: number;
  readonly to: number;
  readonly reason: LossReason;
  /** When it was passed over, in ms since 1970. */
  readonly at: number;
}

export interface Losses {
  /** How many offsets there are in all ranges there ever were. */
  readonly offsets: number;
  /** The newest of them, at most `lostRangesMax`, ascending. */
  readonly ranges: readonly LostRange[];
}

/** So many ranges are remembered one by one. */
export const lostRangesMax = 16;

const numbersPerRange = 4;

/** With a range that is lost too, behind all others; what follows on for the same reason becomes one range. */
export function withLoss(losses: Losses | undefined, lost: LostRange): Losses {
  const ranges = [...(losses?.ranges ?? [])];
  const offsets = (losses?.offsets ?? 0) + lost.to - lost.from;
  const last = ranges.at(-1);
  if (last?.to === lost.from && last.reason === lost.reason) ranges.splice(-1, 1, { ...lost, from: last.from });
  else ranges.push(lost);
  return { offsets, ranges: ranges.slice(-lostRangesMax) };
}

/**
 * Those before a source offset, where the copy goes on: what was written down of others was not passed over yet, or is
 * met again as the target lost what lay before it. Undefined where there is none.
 */
export function lossesBefore(losses: Losses | undefined, source: number): Losses | undefined {
  if (losses === undefined) return undefined;
  const ranges = losses.ranges.flatMap((each) =>
    each.from < source ? { ...each, to: Math.min(each.to, source) } : [],
  );
  const lengthOf = (some: readonly LostRange[]): number => some.reduce((sum, { from, to }) => sum + to - from, 0);
  const offsets = losses.offsets - lengthOf(losses.ranges) + lengthOf(ranges);
  return offsets === 0 ? undefined : { offsets, ranges };
}

/** Most bytes that they take. */
export function lossesBytesMax({ ranges }: Losses): number {
  return (2 + numbersPerRange * ranges.length) * unsignedVarintBytesMax;
}

/** Writes how many offsets and ranges there are, and of each range its first offset, length, reason and time. */
export function writeLosses(bytes: Uint8Array, position: number, { offsets, ranges }: Losses): number {
  let at = writeUnsignedVarint(bytes, position, offsets);
  at = writeUnsignedVarint(bytes, at, ranges.length);
  for (const { from, to, reason, at: time } of ranges) {
    assert(from < to, `what was lost from ${from} to ${to} is no range`);
    for (const value of [from, to - from, reasons.indexOf(reason), Math.max(0, time)]) {
      at = writeUnsignedVarint(bytes, at, value);
    }
  }
  return at;
}

/** Throws `JournalRecordError`. */
export function readLosses(numbers: UnsignedVarintReader): Losses {
  const offsets = numbers.number();
  const ranges: LostRange[] = [];
  for (let left = numbers.number(); left > 0; left--) {
    const from = numbers.number();
    const to = from + numbers.number();
    const reason = reasons[numbers.number()];
    if (reason === undefined) throw new JournalRecordError('it tells of a loss for no known reason', numbers.position);
    if (to <= from || to > Number.MAX_SAFE_INTEGER) {
      throw new JournalRecordError('it tells of a loss that is no range', numbers.position);
    }
    ranges.push({ from, to, reason, at: numbers.number() });
  }
  return { offsets, ranges };
}
