/** One partition of a fetch: what is asked of it, and what was found. */
import type { HeldMemory } from '@millrace/base';
import type { AbortedTransaction } from '../log/aborted-transaction.ts';
import type { EpochEnd } from '../log/leader-epochs.ts';
import type { Partition } from '../topics/partition.ts';
import type { SessionPartition } from './fetch-sessions.ts';

export interface PartitionFetch {
  readonly session: SessionPartition;
  /** Undefined when it can't be read, for which `errorCode` is the reason. */
  readonly partition: Partition | undefined;
  errorCode: number;
  chunks: readonly Uint8Array[];
  /** Transactions whose records in `chunks` a consumer of committed ones must skip. */
  aborted?: readonly AbortedTransaction[];
  /** The leader epoch when the fetch came. */
  readonly leaderEpoch?: number;
  /** Where the consumer's log and this one part; nothing is read then. */
  readonly diverging?: EpochEnd;
  /** The replica that the consumer is to read from; nothing is read here then. */
  readonly preferredReplica?: number;
  /** What the chunks lie in. */
  memory?: HeldMemory;
  /** Of these, bytes for which room was taken. */
  fileBytes?: number;
  /** How many bytes the last read found. */
  foundBytes?: number;
  /** The log's `writtenBytes` when it was read. */
  writtenBefore?: number;
}

/** Whether the answer is known without reading. */
export function isAnswered(fetch: PartitionFetch): boolean {
  return fetch.diverging !== undefined || fetch.preferredReplica !== undefined;
}
