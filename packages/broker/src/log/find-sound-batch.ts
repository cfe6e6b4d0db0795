/**
 * Looks for the next sound batch behind damage. Bytes of a record may look like the header of a batch, even by intent,
 * and each such place costs a checksum over as many bytes as it claims: the work is bounded, by a multiple of the bytes
 * that are searched.
 */
import type { DiskFile } from '@millrace/base';
import { batchHeader } from '@millrace/wire';
import { hasSafeOffset } from './batch-walk.ts';

type Source = Pick<DiskFile, 'read'>;

/** Where a batch may lie, and which offsets it may have. */
export interface SearchRange {
  /** No batch ends behind it. */
  readonly end: number;
  readonly offsetMin: number;
  /** Below this. */
  readonly offsetEnd: number;
}

const { batchHeaderBytes, batchHeaderLayout } = batchHeader;
const windowBytes = 1024 * 1024;
/** Checksums over so many bytes for each byte searched, and so many in any case. */
const effortPerByte = 8;
const effortMin = 16 * 1024 * 1024;

/**
 * The position of the first sound batch from `from` to before `to`; undefined when there is none, 'unknown' when none
 * was found with bounded effort. Rejects with `DiskError`.
 */
export async function findSoundBatch(
  file: Source,
  from: number,
  to: number,
  range: SearchRange,
): Promise<number | 'unknown' | undefined> {
  let effort = effortMin + effortPerByte * (to - from);
  for (let start = from; start < to; start += windowBytes) {
    const length = Math.min(windowBytes + batchHeaderBytes, range.end - start);
    const window = await readRange(file, start, length);
    for (let at = 0; at < windowBytes && start + at < to && at + batchHeaderBytes <= window.length; at++) {
      if (window[at + batchHeaderLayout.magic] !== 2 || !isPlausible(window, at, start + at, range)) continue;
      effort -= batchHeader.batchSize(window, at);
      if (effort < 0) return 'unknown';
      if (await isSound(file, window, at, start + at)) return start + at;
    }
  }
  return undefined;
}

/** Whether a sound batch lies exactly at a position. Rejects with `DiskError`. */
export async function isSoundBatchAt(file: Source, position: number, range: SearchRange): Promise<boolean> {
  const head = await readRange(file, position, batchHeaderBytes);
  return isPlausible(head, 0, position, range) && isSound(file, head, 0, position);
}

function isPlausible(bytes: Uint8Array, at: number, position: number, range: SearchRange): boolean {
  if (at + batchHeaderBytes > bytes.length || bytes[at + batchHeaderLayout.magic] !== 2) return false;
  if (!hasSafeOffset(bytes, at)) return false;
  const size = batchHeader.batchSize(bytes, at);
  const base = batchHeader.baseOffset(bytes, at);
  const delta = batchHeader.lastOffsetDelta(bytes, at);
  const count = batchHeader.recordCount(bytes, at);
  if (size < batchHeaderBytes || position + size > range.end) return false;
  return base >= range.offsetMin && delta >= 0 && base + delta < range.offsetEnd && count >= 0 && count <= delta + 1;
}

async function isSound(file: Source, bytes: Uint8Array, at: number, position: number): Promise<boolean> {
  const size = batchHeader.batchSize(bytes, at);
  const whole = at + size <= bytes.length ? bytes.subarray(at, at + size) : await readRange(file, position, size);
  return whole.length === size && batchHeader.computeCrc(whole, 0) === batchHeader.crc(whole, 0);
}

async function readRange(file: Source, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, length));
  return buffer.subarray(0, await file.read(buffer, position));
}
