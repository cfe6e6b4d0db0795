/** What is told of batches as they are stored on the target, for figures and for the audit. */
import { batchHeader } from '@millrace/wire';
import type { PartitionCopy } from '../copy/partition-copy.ts';

export interface StoredBatch {
  readonly records: number;
  /** As it lies on the target, compressed where it is. */
  readonly bytes: number;
  /** From its header, in ms since 1970: the first record's time, and the newest. -1 where there is none. */
  readonly firstTime: number;
  readonly newestTime: number;
}

/** Of an outgoing batch, by its header. */
export function storedBatchOf(bytes: Uint8Array, records: number): StoredBatch {
  const [firstTime, newestTime] = [batchHeader.baseTimestamp(bytes, 0), batchHeader.maxTimestamp(bytes, 0)];
  return { records, bytes: bytes.length, firstTime, newestTime };
}

/** Called for each batch, so it must be quick, and must not throw. The copy does not count the batch yet. */
export type CopyObserver = (copy: PartitionCopy, batch: StoredBatch) => void;
