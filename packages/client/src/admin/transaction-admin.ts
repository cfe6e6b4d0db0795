/** Transactions as an admin sees them, apart from how that is done (KIP-664). */
import type { AdminCallOptions, ItemResult } from '../admin.ts';
import type { TopicPartition } from '../topic.ts';

export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence';

export interface TransactionalIdName {
  readonly transactionalId: string;
}

export interface TransactionFilter {
  readonly states?: readonly TransactionState[] | undefined;
  readonly producerIds?: readonly number[] | undefined;
  /** Only those that have been open for longer, in ms. */
  readonly openLongerThanMs?: number | undefined;
  /** A regular expression (of the broker's, RE2) that the whole transactional id must match. */
  readonly transactionalIdPattern?: string | undefined;
}

export interface TransactionListing extends TransactionalIdName {
  readonly producerId: number;
  readonly state: TransactionState;
  /** Node id. */
  readonly coordinator: number;
}

export interface TransactionDescription {
  readonly state: TransactionState;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly timeoutMs: number;
  /** Milliseconds since 1970; undefined when none is open. */
  readonly startedAtMs: number | undefined;
  readonly partitions: readonly TopicPartition[];
  readonly coordinator: number;
}

export interface ProducerState {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  /** Milliseconds since 1970. */
  readonly lastTimestamp: number;
  readonly coordinatorEpoch: number;
  /** Where its open transaction begins here; undefined when it has none. */
  readonly transactionStartOffset: number | undefined;
}

/** A transaction that hangs on a partition, as `describeProducers` shows it. */
export interface HangingTransaction extends TopicPartition {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
}

export interface TransactionAdmin {
  /** Transactional ids of all coordinators, ascending. */
  listTransactions(options?: AdminCallOptions & TransactionFilter): Promise<TransactionListing[]>;
  describeTransactions(
    transactionalIds: readonly string[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<TransactionalIdName, TransactionDescription>[]>;
  /** Who writes to partitions, as their leaders know it. */
  describeProducers(
    partitions: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<TopicPartition, { readonly producers: readonly ProducerState[] }>[]>;
  /** Aborts a transaction on one partition that its coordinator has forgotten. Rejects with `KafkaError`. */
  abortTransaction(transaction: HangingTransaction, options?: AdminCallOptions): Promise<void>;
  /** Aborts what producers with these transactional ids have open, and makes their next request fail. */
  fenceProducers(
    transactionalIds: readonly string[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<TransactionalIdName, { readonly producerId: number; readonly producerEpoch: number }>[]>;
}
