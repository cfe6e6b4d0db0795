/**
 * Why a partition is not copied on until somebody does something about it, or until what it waits for is there again:
 * kept in the partition's journal, so that it is known to whoever looks, also when no worker runs. Pure.
 */
import type { TopicPartition } from '@millrace/client';
import { JournalRecordError } from './offset-map-error.ts';
import { type UnsignedVarintReader, unsignedVarintBytesMax, writeUnsignedVarint } from './unsigned-varint.ts';

/** By number, as they are written down. */
const reasons = [
  'deleted',
  'too-large',
  'invalid-time',
  'source-truncated',
  'target-truncated',
  'recreated',
  'unreadable',
  'refused',
] as const;

/**
 * The source had deleted the next records before they were copied; the next record is larger than the target takes;
 * the target refuses the next records' times; the source, or the target, lost records that were copied; the source's
 * topic was deleted and made anew; the source can't be read; or the target takes nothing.
 */
export type StandstillReason = (typeof reasons)[number];

export interface Standstill {
  readonly reason: StandstillReason;
  /** Source offsets that it is about: from `from` on, up to but without `to`. None where both are where it stands. */
  readonly from: number;
  readonly to: number;
  /** Since when, in ms since 1970. */
  readonly at: number;
}

/** Of a partition of the source. */
export interface PartitionStandstill extends TopicPartition, Standstill {}

/** Most bytes that one takes. */
export const standstillBytesMax = 4 * unsignedVarintBytesMax;

/** Whether both are about the same. */
export function isSameStandstill(left: Standstill | undefined, right: Standstill | undefined): boolean {
  return left?.reason === right?.reason && left?.from === right?.from && left?.to === right?.to;
}

/** What is known anew of why a partition stands still: since the same began, if it did not just begin. */
export function standstillSince(before: Standstill | undefined, now: Standstill): Standstill {
  return before?.reason === now.reason ? { ...now, at: before.at } : now;
}

export function writeStandstill(bytes: Uint8Array, position: number, { reason, from, to, at }: Standstill): number {
  let end = position;
  for (const value of [reasons.indexOf(reason), from, Math.max(0, to - from), Math.max(0, at)]) {
    end = writeUnsignedVarint(bytes, end, value);
  }
  return end;
}

/** Throws `JournalRecordError`. */
export function readStandstill(numbers: UnsignedVarintReader): Standstill {
  const reason = reasons[numbers.number()];
  if (reason === undefined) throw new JournalRecordError('it stands still for no known reason', numbers.position);
  const from = numbers.number();
  const to = from + numbers.number();
  if (to > Number.MAX_SAFE_INTEGER) throw new JournalRecordError('it stands still at no offset', numbers.position);
  return { reason, from, to, at: numbers.number() };
}
