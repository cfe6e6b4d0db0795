/** Which offsets fetched records cover, by the headers of their batches. */
import { isMillraceError } from '@millrace/base';
import { batchHeader } from '@millrace/wire';

export interface RecordExtent {
  /** Of the first batch, and the offset behind the last whole one. */
  readonly first: number;
  readonly end: number;
  /** Leader epoch of the first batch. */
  readonly firstEpoch: number;
  /** Of whole batches. */
  readonly bytes: number;
  readonly largestBatchBytes: number;
}

/**
 * The extent of batches of the format v2; undefined for older ones, for what holds no whole batch, and for what is no
 * batch at all, which is found out when it is to be copied.
 */
export function extentOf(bytes: Uint8Array): RecordExtent | undefined {
  try {
    return walk(bytes);
  } catch (error) {
    if (isMillraceError(error)) return undefined;
    throw error;
  }
}

function walk(bytes: Uint8Array): RecordExtent | undefined {
  let last = -1;
  let position = 0;
  let largestBatchBytes = 0;
  while (position < bytes.length) {
    const size = batchHeader.wholeBatchSize(bytes, position);
    if (size === 0) break;
    last = position;
    position += size;
    largestBatchBytes = Math.max(largestBatchBytes, size);
  }
  if (last < 0) return undefined;
  return {
    first: batchHeader.baseOffset(bytes, 0),
    end: batchHeader.lastOffset(bytes, last) + 1,
    firstEpoch: batchHeader.partitionLeaderEpoch(bytes, 0),
    bytes: position,
    largestBatchBytes,
  };
}
