/** Which offsets fetched records cover, by the headers of their batches. */
import { isMillraceError } from '@millrace/base';
import { batchHeader } from '@millrace/wire';

interface EpochExtent {
  readonly epoch: number;
  readonly end: number;
}

export interface RecordExtent {
  /** Of the first batch, and the offset behind the last whole one. */
  readonly first: number;
  readonly end: number;
  /** Leader epochs of the batches, ascending, each with the offset behind the last batch that has it. */
  readonly epochs: readonly EpochExtent[];
  /** Of whole batches. */
  readonly bytes: number;
  readonly largestBatchBytes: number;
}

/**
 * Whether the records are of a log that has what was written under an epoch up to `position`. A leader's log holds what
 * it wrote without a break, so one batch of the epoch that ends there or farther on proves it, wherever it begins. That
 * the range also has batches of that epoch before `position` proves nothing.
 */
export function continuesLog({ epochs }: RecordExtent, position: number, epoch: number): boolean {
  return epoch >= 0 && epochs.some((each) => each.epoch === epoch && each.end >= position);
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
  const epochs: EpochExtent[] = [];
  while (position < bytes.length) {
    const size = batchHeader.wholeBatchSize(bytes, position);
    if (size === 0) break;
    last = position;
    const epoch = batchHeader.partitionLeaderEpoch(bytes, position);
    if (epochs.at(-1)?.epoch === epoch) epochs.pop();
    epochs.push({ epoch, end: batchHeader.lastOffset(bytes, position) + 1 });
    position += size;
    largestBatchBytes = Math.max(largestBatchBytes, size);
  }
  if (last < 0) return undefined;
  return {
    first: batchHeader.baseOffset(bytes, 0),
    end: batchHeader.lastOffset(bytes, last) + 1,
    epochs,
    bytes: position,
    largestBatchBytes,
  };
}
