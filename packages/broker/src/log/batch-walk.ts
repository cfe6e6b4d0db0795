/** Walks over the batches in bytes that were read from a segment, and checks what is handed out. */
import { batchHeader } from '@millrace/wire';
import { DamageFound } from './damage.ts';

/** A part of a segment's bytes without damage, as far as known. */
export interface Extent {
  /** Where `bytes` lie in the segment. */
  readonly position: number;
  /** Where the extent ends in the segment. */
  readonly end: number;
  /** The least offset of the first batch. */
  readonly offset: number;
  /** No record of the segment has this offset or a later one. */
  readonly endOffset: number;
}

/** Where the whole batches end that end before `wanted`. Throws `DamageFound` where no header is that can be. */
export function skipBefore(bytes: Uint8Array, extent: Extent, wanted: number): { start: number; offset: number } {
  let start = 0;
  let { offset } = extent;
  for (;;) {
    const size = wholeSize(bytes, start, extent, offset);
    if (size === 0 || batchHeader.lastOffset(bytes, start) >= wanted) return { start, offset };
    start += size;
    offset = batchHeader.lastOffset(bytes, start - size) + 1;
  }
}

/**
 * The whole batches from `start` on, up to `bytesMax` but at least one if `atLeastOne`, before `endOffset`, and before
 * a damaged one. Throws `DamageFound` when the first is damaged.
 */
export function takeSound(
  bytes: Uint8Array,
  start: number,
  extent: Extent,
  limits: { readonly bytesMax: number; readonly atLeastOne: boolean; readonly endOffset: number },
): Uint8Array {
  let end = start;
  let { offset } = extent;
  try {
    for (;;) {
      const size = wholeSize(bytes, end, extent, offset);
      if (size === 0 || batchHeader.baseOffset(bytes, end) >= limits.endOffset) break;
      if (end + size - start > limits.bytesMax && !(limits.atLeastOne && end === start)) break;
      if (batchHeader.computeCrc(bytes, end) !== batchHeader.crc(bytes, end)) {
        throw new DamageFound(extent.position + end, offset);
      }
      offset = batchHeader.lastOffset(bytes, end) + 1;
      end += size;
    }
  } catch (error) {
    // What comes before it can be read; whoever reads on meets it again.
    if (!(error instanceof DamageFound) || end === start) throw error;
  }
  return bytes.subarray(start, end);
}

/** The size of the batch at `at`, or 0 when it is cut off. Throws `DamageFound` unless its header can be one. */
export function wholeSize(bytes: Uint8Array, at: number, extent: Extent, offset: number): number {
  if (at + batchHeader.batchHeaderBytes > bytes.length) return 0;
  const size = batchHeader.batchSize(bytes, at);
  const isPossible =
    batchHeader.magic(bytes, at) === 2 &&
    hasSafeOffset(bytes, at) &&
    size >= batchHeader.batchHeaderBytes &&
    extent.position + at + size <= extent.end &&
    batchHeader.baseOffset(bytes, at) >= offset &&
    batchHeader.lastOffsetDelta(bytes, at) >= 0 &&
    batchHeader.lastOffset(bytes, at) < extent.endOffset;
  if (!isPossible) throw new DamageFound(extent.position + at, offset);
  return at + size <= bytes.length ? size : 0;
}

/** Whether the first eight bytes are an offset below 2^53, beyond which reading it would throw. */
export function hasSafeOffset(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && (bytes[at + 1] as number) < 0x20;
}

/** Offset after the last record of whole batches; 0 when there are none. */
export function endOfBatches(chunks: readonly Uint8Array[]): number {
  const last = chunks.at(-1);
  if (last === undefined || last.length === 0) return 0;
  let position = 0;
  for (;;) {
    const next = position + batchHeader.batchSize(last, position);
    if (next >= last.length) return batchHeader.lastOffset(last, position) + 1;
    position = next;
  }
}
