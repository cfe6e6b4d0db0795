/** What the conversion of a fetched chunk gives: batches that a broker takes from a producer, and their offsets. */

/** Records at consecutive source offsets. */
export interface SourceRun {
  /** Of the first one. */
  readonly offset: number;
  readonly count: number;
}

/**
 * A batch ready to be adopted and produced: format v2, CreateTime, no control batch, offset deltas dense from 0. Its
 * base offset, producer and transactional bit are still the source's until `adoptBatch`.
 *
 * Ownership: `bytes` is the receiver's to change. It is either memory of its own or a view into the chunk that was
 * given to `convertChunk`, which it keeps alive; batches of one chunk never overlap.
 */
export interface OutgoingBatch {
  readonly bytes: Uint8Array;
  readonly recordCount: number;
  /** Where its records come from, ascending; their counts add up to `recordCount`. */
  readonly runs: readonly SourceRun[];
  /** The route by which all of them had come to the source; undefined where they were written there. */
  readonly via?: string | undefined;
}

/** Less than this share of some memory is better copied than keeps it from being used again. */
const keptShareMin = 1 / 4;

/** The batch for one who keeps it for long: a copy, where it is but a small part of the memory that it lies in. */
export function apart(batch: OutgoingBatch): OutgoingBatch {
  const { bytes } = batch;
  const isSmallPart = bytes.length < bytes.buffer.byteLength * keptShareMin;
  return isSmallPart ? { ...batch, bytes: Uint8Array.from(bytes) } : batch;
}

export interface ConvertedChunk {
  readonly batches: readonly OutgoingBatch[];
  /** The source offset to fetch next: everything before it is in `batches`, is skipped, or does not exist. */
  readonly nextOffset: number;
  /** Records left out because their transaction was aborted, and control records. */
  readonly skippedRecords: number;
  /** Records left out because of where they came from. */
  readonly returningRecords: number;
}
