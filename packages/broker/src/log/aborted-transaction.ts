/** Transactions that were aborted, as a log remembers them for consumers that read committed records only. */

import { endOfBatches } from './batch-walk.ts';
import type { Segment } from './segment.ts';

/** One that was aborted in a partition, kept with the segment that holds its marker. */
export interface AbortedTransaction {
  readonly producerId: number;
  /** Offset of its first record. */
  readonly firstOffset: number;
  /** Offset of the marker that aborted it. */
  readonly lastOffset: number;
  /** The last stable offset once the marker was there: transactions that end behind it begin there or later. */
  readonly lastStableOffset: number;
}

const none: readonly AbortedTransaction[] = [];

/**
 * The aborted transactions that have records or their marker from `offset` on and begin before the end of `chunks`,
 * whole batches read at that offset; ascending by their markers.
 */
export function abortedIn(
  segments: readonly Segment[],
  offset: number,
  chunks: readonly Uint8Array[],
): readonly AbortedTransaction[] {
  const found: AbortedTransaction[] = [];
  // Looked for only where there is something to compare it with.
  let end = -1;
  for (const segment of segments) {
    const { aborted } = segment;
    if (segment.nextOffset <= offset || aborted.length === 0) continue;
    for (let index = firstFrom(aborted, offset); index < aborted.length; index++) {
      const transaction = aborted[index] as AbortedTransaction;
      if (end < 0) end = endOfBatches(chunks);
      if (transaction.firstOffset < end) found.push(transaction);
      if (transaction.lastStableOffset >= end) return found;
    }
  }
  return found.length === 0 ? none : found;
}

/** The index of the first one whose marker lies at `offset` or behind. */
function firstFrom(aborted: readonly AbortedTransaction[], offset: number): number {
  let low = 0;
  let high = aborted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((aborted[middle] as AbortedTransaction).lastOffset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
