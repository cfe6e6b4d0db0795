/** What `Transactions` needs of the producer that it belongs to. */
import type { PartitionQueue } from './partition-queue.ts';

export interface TransactionsHost {
  /** Resolves when nothing that was written is under way any more. */
  readonly flush: () => Promise<void>;
  /** Fails all records that have not been sent. */
  readonly drop: (error: Error) => void;
  /** The queue may send now. */
  readonly offer: (queue: PartitionQueue) => void;
}

export interface TransactionsOptions {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  /** How long adding partitions and offsets may take. */
  readonly deliveryTimeoutMs: number;
}
