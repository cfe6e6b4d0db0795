/** What a consumer is, apart from how it is done. `@millrace/client` and the clients built on it implement it. */
import type { RecordHeader } from '@millrace/wire';
import type { Assignor } from './consumer/assignors/assignor.ts';
import type { KeyOf, NameOf, TopicLike, TopicPartition, TopicPartitionOffset, ValueOf } from './topic.ts';

/**
 * A point in a partition by its meaning: its start, its end, or the first record at or after a time (ms since 1970).
 */
export type OffsetQuery = 'earliest' | 'latest' | { readonly timestamp: number };

/**
 * How partitions are spread over the members of a group. `cooperative-sticky` moves as few as possible and stops nobody
 * else.
 */
export type AssignorName = 'cooperative-sticky' | 'range' | 'roundrobin';

/** How far a group is in its partitions, and who says so: what a producer makes part of a transaction. */
export interface GroupOffsets {
  readonly group: string;
  /** Each that of the next record to read; `metadata` is stored with it, and read again by `fetchOffsets`. */
  readonly offsets: readonly (TopicPartitionOffset & { readonly metadata?: string | undefined })[];
  /** The group's generation, or the member's epoch (KIP-848); -1 (default) outside any. */
  readonly generationId?: number | undefined;
  readonly memberId?: string | undefined;
  readonly instanceId?: string | null | undefined;
}

/** A consumer as a transaction sees it. */
export interface OffsetsInTransaction {
  /**
   * The offsets after everything handed out so far (the batch in hand included) that are not stored yet, and as which
   * member. Throws `InvalidOptionError` without a group.
   */
  groupOffsets(): GroupOffsets;
  /**
   * Told what became of offsets that a transaction took over. Committed: they are stored. Aborted: the partitions that
   * are still owned go back to where they were stored, so that their records come again. Unknown: they go to where the
   * group is once the transaction has ended, which the producer could not wait for.
   */
  offsetsSettled(offsets: readonly TopicPartitionOffset[], outcome: TransactionOutcome): void;
}

/** What became of a transaction, as far as its producer was told. */
export type TransactionOutcome = 'committed' | 'aborted' | 'unknown';

/** A record as a view over its batch: keys, values and headers are decoded when they are read, at each read. */
export interface RecordView<Name extends string, Key, Value> {
  readonly topic: Name;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970; -1 when unknown. */
  readonly timestamp: number;
  /** Throws `SerdeError` for bytes that the topic's serde refuses. */
  readonly key: Key;
  /** Throws `SerdeError` for bytes that the topic's serde refuses. */
  readonly value: Value;
  /** The key as it was stored: a view. */
  readonly keyBytes: Uint8Array | null;
  /** The value as it was stored: a view. */
  readonly valueBytes: Uint8Array | null;
  /** In their order; keys may repeat. Values are views. */
  readonly headers: readonly RecordHeader[];
  /** The value of the last header of that name; undefined when there is none. */
  header(key: string): Uint8Array | null | undefined;
  /** The same record over its own memory, to be kept for longer than its batch. */
  copy(): this;
}

/** A record of one of the topics; a union told apart by `topic` when there are several. Valid until the next batch. */
export type ConsumerRecord<T extends TopicLike = TopicLike> = T extends TopicLike
  ? RecordView<NameOf<T>, KeyOf<T>, ValueOf<T>>
  : never;

/** Consecutive records of one partition, to be iterated synchronously, as often as wanted, until the next batch. */
export interface BatchView<Name extends string, Item> extends Iterable<Item> {
  readonly topic: Name;
  readonly partition: number;
  /** Offset of the first record. */
  readonly firstOffset: number;
  /** Where the partition goes on after this batch: what to commit when it is handled. */
  readonly nextOffset: number;
  /** Records in the batch, or more where compaction or `seek` left a gap. */
  readonly recordCount: number;
  /** Bytes as fetched, compressed records compressed. */
  readonly sizeInBytes: number;
  /**
   * The offset after the last record that this consumer could read when this was fetched (with `read_committed` the
   * last stable offset): the lag is this less `nextOffset`.
   */
  readonly highWatermark: number;
}

/** A batch of one of the topics; a union told apart by `topic` when there are several. */
export type ConsumerBatch<T extends TopicLike = TopicLike> = T extends TopicLike
  ? BatchView<NameOf<T>, ConsumerRecord<T>>
  : never;

interface CommonConsumerOptions {
  /**
   * Where to begin in a partition without a committed offset, or whose offset is gone. Default `latest`; `none` is an
   * error.
   */
  readonly from?: OffsetQuery | 'none' | undefined;
  /** Largest fetch response in bytes, unless a single batch is larger. Default 8 MiB. */
  readonly fetchBytesMax?: number | undefined;
  /** Likewise for each partition in it. Default 1 MiB. */
  readonly partitionBytesMax?: number | undefined;
  /** The broker waits for so many bytes, or until `fetchWaitMs` has passed. Default 1. */
  readonly fetchBytesMin?: number | undefined;
  /** Default 500. */
  readonly fetchWaitMs?: number | undefined;
  /** Memory for records fetched ahead, in bytes. Default 32 MiB. */
  readonly bufferBytesMax?: number | undefined;
  /** Whether batches are checked against their checksums. Default true. */
  readonly checkCrc?: boolean | undefined;
  /**
   * `read_committed`: records of transactions come once these are committed, and those of aborted ones never; `latest`
   * and the end of a partition then lie before the first transaction that is open. Default `read_uncommitted`, as
   * Kafka's: all records come as soon as they are stored.
   */
  readonly isolation?: 'read_uncommitted' | 'read_committed' | undefined;
  /** The rack of this consumer, for reading from a follower there (KIP-392). Default: the client's. */
  readonly rack?: string | undefined;
}

interface CommitOptions {
  /**
   * `auto` (default) commits what the loop has handled: a batch counts as handled when the loop asks for the next one.
   * Every `commitIntervalMs`, before partitions are given up, and on `close`. `manual` commits only by `commit()`.
   */
  readonly commit?: 'auto' | 'manual' | undefined;
  /** Default 5,000. */
  readonly commitIntervalMs?: number | undefined;
}

interface MemberOptions extends CommonConsumerOptions, CommitOptions {
  readonly group: string;
  readonly assign?: undefined;
  readonly until?: undefined;
  /**
   * Who spreads the partitions: the members themselves, by `assignor` (`classic`, default), or the coordinator
   * (`consumer`: KIP-848, Kafka 4.0 and later), where a rebalance stops only what moves and session and heartbeats are
   * the cluster's settings. A group of one kind may go over to the other while it runs.
   */
  readonly protocol?: 'classic' | 'consumer' | undefined;
  /** With protocol `consumer`: the coordinator's assignor, `uniform` or `range`. Default: the coordinator's choice. */
  readonly serverAssignor?: string | undefined;
  /**
   * Default `cooperative-sticky`. Several, by preference, while a group moves from one to another. One of your own is
   * an object that all members must have.
   */
  readonly assignor?: AssignorName | Assignor | readonly (AssignorName | Assignor)[] | undefined;
  /**
   * A name that survives restarts: within the session timeout a restarted member gets its partitions back without a
   * rebalance.
   */
  readonly instanceId?: string | undefined;
  /** Without a heartbeat for so long the group goes on without this member. Default 45,000. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Default 3,000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long the loop may take for a batch before this member leaves the group. Default 300,000. */
  readonly batchTimeoutMs?: number | undefined;
  /** Called with partitions that this member got, before their first batch; it may `seek`. The loop waits for it. */
  readonly onAssigned?: ((partitions: readonly TopicPartition[]) => void | Promise<void>) | undefined;
  /**
   * Called with partitions that go to others, while they are still owned: the moment to commit. The loop waits for it.
   */
  readonly onRevoked?: ((partitions: readonly TopicPartition[]) => void | Promise<void>) | undefined;
  /** Called with partitions that others may own already: too late to commit. */
  readonly onLost?: ((partitions: readonly TopicPartition[]) => void | Promise<void>) | undefined;
}

/** A member of a group: the topics' partitions are spread over all members. */
export interface GroupConsumerOptions<T extends readonly TopicLike[] = readonly TopicLike[]> extends MemberOptions {
  readonly topics: T;
  readonly topicPattern?: undefined;
}

/** A member of a group that wants all topics whose names match, those that come later too. */
export interface PatternConsumerOptions extends MemberOptions {
  readonly topics?: undefined;
  /**
   * What whole names must match; internal topics never do. With protocol `consumer` brokers do the matching, by RE2's
   * rules (no look-around); else clients do, every `metadataMaxAgeMs`.
   */
  readonly topicPattern: RegExp | string;
}

/** All partitions of the topics, read by this consumer alone; nothing is committed. */
export interface WholeTopicConsumerOptions<T extends readonly TopicLike[] = readonly TopicLike[]>
  extends CommonConsumerOptions {
  readonly group?: undefined;
  readonly topics: T;
  readonly assign?: undefined;
  /** `end`: the loop ends where the partitions ended when it began. */
  readonly until?: 'end' | undefined;
}

/** A partition and where to begin in it; `committed` is the group's offset there, else `from`. */
export interface Assignment<T extends TopicLike = TopicLike> {
  readonly topic: T;
  readonly partition: number;
  readonly offset: number | OffsetQuery | 'committed';
}

/** Chosen partitions, read by this consumer alone. With a group, offsets are kept under its name. */
export interface AssignedConsumerOptions<T extends readonly TopicLike[] = readonly TopicLike[]>
  extends CommonConsumerOptions,
    CommitOptions {
  readonly group?: string | undefined;
  readonly topics?: undefined;
  readonly assign: { readonly [I in keyof T]: Assignment<T[I]> };
  /** `end`: the loop ends where the partitions ended when it began. */
  readonly until?: 'end' | undefined;
}

/** `T` lists the topics, so that a consumer of several knows their types: `[typeof orders, typeof payments]`. */
export type ConsumerOptions<T extends readonly TopicLike[] = readonly TopicLike[]> =
  | GroupConsumerOptions<T>
  | PatternConsumerOptions
  | WholeTopicConsumerOptions<T>
  | AssignedConsumerOptions<T>;

/**
 * Reads records: `for await (const batch of consumer) for (const record of batch) ...`. It connects, joins its group
 * and fetches from the first time a batch is asked for. One loop at a time; leaving a loop keeps the consumer, and the
 * next loop goes on after the last batch. The batch in hand when a loop is left does not count as handled (it may have
 * failed): call `commit()` if it is.
 */
export interface Consumer<T extends TopicLike = TopicLike>
  extends AsyncDisposable,
    AsyncIterable<ConsumerBatch<T>>,
    OffsetsInTransaction {
  /** Likewise with a signal, whose abort ends the loop with its reason. `close()` ends the loop without an error. */
  batches(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterableIterator<ConsumerBatch<T>, undefined>;
  /** Record by record, at the cost of a promise each. A record counts as handled when the next is asked for. */
  records(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterableIterator<ConsumerRecord<T>, undefined>;
  /**
   * Commits the given offsets (each that of the next record to read), or everything handed out so far, the batch in
   * hand included. Rejects with `CommitError`.
   */
  commit(
    offsets?: readonly TopicPartitionOffset[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<void>;
  /** Offset of the next record to be handed out; undefined while it is being looked up. Throws `NotAssignedError`. */
  position(partition: TopicPartition): number | undefined;
  /** Goes on from another offset, from the next batch on. Throws `NotAssignedError`. */
  seek(partition: TopicPartition, offset: number | OffsetQuery): void;
  /** Hands out nothing of these partitions until `resume`. A rebalance forgets the pause of partitions that leave. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  paused(): TopicPartition[];
  /** Partitions owned now, by topic and partition ascending. */
  assignment(): TopicPartition[];
  /**
   * Has the group share its partitions anew: for assignors that go by more than who is there. Without effect outside of
   * a group of the protocol `classic`.
   */
  rebalance(reason: string): void;
  /**
   * Commits what is handled (when `commit` is `auto`), leaves the group, lets go of everything; a running loop ends.
   */
  close(): Promise<void>;
}
