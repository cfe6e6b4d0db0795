/** What a producer is, apart from how it is done. `@millrace/client` and the clients built on it implement it. */
import type { Compression, Record as WireRecord } from '@millrace/wire';
import type { GroupOffsets, OffsetsInTransaction } from './consumer.ts';
import type { KeyInputOf, TopicLike, ValueInputOf } from './topic.ts';

/** Headers to write: an object, or pairs where keys repeat or their order matters. A string is sent as UTF-8. */
export type HeadersInput =
  | { readonly [key: string]: Uint8Array | string | null }
  | readonly (readonly [key: string, value: Uint8Array | string | null])[];

type KeyField<Input> = null extends Input ? { readonly key?: Input | undefined } : { readonly key: Input };

/**
 * A record to write. Its key may be left out only where the topic's serde takes null. Objects and bytes may be reused
 * once `write` has returned: everything is copied.
 */
export type ProducerRecord<T extends TopicLike = TopicLike> = {
  readonly topic: T;
  readonly value: ValueInputOf<T>;
  readonly headers?: HeadersInput | undefined;
  /** Chosen by the partitioner when absent. */
  readonly partition?: number | undefined;
  /** Milliseconds since 1970; now when absent. */
  readonly timestamp?: number | undefined;
} & KeyField<KeyInputOf<T>>;

/** Where a record is. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  /** -1 when the producer asked for no acknowledgement (`acks: 0`). */
  readonly offset: number;
  /** Milliseconds since 1970: the record's own, or the broker's when the topic stamps records on arrival. */
  readonly timestamp: number;
}

/** What became of one batch. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the first record; the others follow without gaps. -1 with `acks: 0`, or when the batch failed. */
  readonly baseOffset: number;
  readonly recordCount: number;
  /** Bytes of the batch as it was sent. */
  readonly sizeInBytes: number;
  /** Why no record of the batch is known to be stored; absent when all are. */
  readonly error: Error | undefined;
  /** When its first record was written: monotonic time of the client's clock, in ms. */
  readonly begunAtMs: number;
  /**
   * The records of the batch, in order, read back from its buffer: to retry or to set aside. Only during the callback.
   */
  records(): Iterable<WireRecord>;
}

/** Chooses the partition of records that name none. Called once a record: it should be quick. */
export interface Partitioner {
  /**
   * A partition from 0 to `partitionCount - 1`, or -1 to let the producer choose: one partition for a batch's worth of
   * bytes, then another (KIP-794). `key` is the serialized key, valid only during the call.
   */
  partition(topic: string, key: Uint8Array | string | null, partitionCount: number): number;
}

export interface ProducerOptions {
  /**
   * Who must have a record before it counts as stored: all in-sync replicas (-1, default), the leader (1), nobody (0).
   */
  readonly acks?: -1 | 0 | 1 | undefined;
  /** Each record is stored once even when requests are repeated (KIP-98). Default true, false when `acks` is not -1. */
  readonly idempotent?: boolean | undefined;
  /** Default `none`. */
  readonly compression?: Compression | undefined;
  /** The codec's own scale; its default when absent. */
  readonly compressionLevel?: number | undefined;
  /**
   * How long a record waits for company before its batch is sent, in ms, 0 to 60,000. Default 0: a batch is sent when
   * the turn of the event loop ends, or sooner when it is full; while the broker is busy, batches grow by themselves.
   */
  readonly lingerMs?: number | undefined;
  /** Largest batch before compression, in bytes; a larger single record is refused. Default 512 KiB, up to 1 GiB. */
  readonly batchBytesMax?: number | undefined;
  /** Largest produce request, in bytes, unless one batch alone is larger. Default 1 MiB. */
  readonly requestBytesMax?: number | undefined;
  /**
   * Memory for records that are not acknowledged yet, in bytes. `write` answers false from there on, and throws at
   * twice as much. Default 32 MiB.
   */
  readonly bufferBytesMax?: number | undefined;
  /**
   * From `write` to an answer at the latest, retries included, in ms. Default 120,000. A batch with less than a tenth
   * of it left (at most 100 ms) is given up instead of sent, since nobody could tell whether it was stored.
   */
  readonly deliveryTimeoutMs?: number | undefined;
  /** Requests under way to one broker at a time. Default 5, which is also the most that idempotence allows. */
  readonly maxInFlight?: number | undefined;
  /** Default: murmur2 of the key as Kafka's Java client, sticky without a key. */
  readonly partitioner?: Partitioner | undefined;
  /**
   * Makes the producer transactional: what it writes belongs to transactions, each wholly visible to `read_committed`
   * consumers or not at all (KIP-98). The name stands for one writer across restarts: whoever begins under it later
   * fences those before.
   */
  readonly transactionalId?: string | undefined;
  /** A transaction that is open for longer is aborted by the cluster, and its producer fenced. Default 60,000. */
  readonly transactionTimeoutMs?: number | undefined;
  /**
   * Called once a batch, in order within a partition. Must not throw. With it, `flush` and `close` no longer reject for
   * records that failed: reporting them is then its own affair.
   */
  readonly onDelivery?: ((delivery: Delivery) => void) | undefined;
  /** Called as `onDelivery` is, before it, and changes nothing: for who measures. Must not throw. */
  readonly observe?: ((delivery: Delivery) => void) | undefined;
}

/** Bounds of a call that concerns a transaction; `timeoutMs` is the producer's `deliveryTimeoutMs` when absent. */
export interface TransactionCallOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TransactionOptions extends TransactionCallOptions {
  /** How often the work is done at most. Default 5. */
  readonly attemptsMax?: number | undefined;
}

/**
 * An open transaction. Left without a commit it is aborted (`await using`). Its methods throw or reject with
 * `TransactionAbortableError` once something of it failed, with `TransactionStateError` when it is over, and with
 * `ProducerFencedError`, after which the producer is of no use.
 */
export interface Transaction extends AsyncDisposable {
  /** As the producer's. */
  write<const T extends TopicLike>(record: ProducerRecord<T>): boolean;
  /** As the producer's. */
  ready(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** As the producer's: resolves when the record is stored, which is before the transaction is committed. */
  send<const T extends TopicLike>(
    record: ProducerRecord<T>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<RecordPosition>;
  /**
   * Makes offsets of a group part of the transaction: of a consumer, those after everything it has handed out so far,
   * the batch in hand included; make it with `commit: 'manual'`. The group's generation goes with them, so that a
   * member that was expelled commits nothing. If the transaction is aborted for good, the consumer goes back to where
   * it was.
   */
  sendOffsets(from: OffsetsInTransaction | GroupOffsets, options?: TransactionCallOptions): Promise<void>;
  /**
   * Stores all that was written, and makes it visible. When something failed, the transaction is aborted instead and
   * this rejects with `TransactionAbortableError`. Rejects with `RequestTimeoutError` when the coordinator did not say
   * in time what became of it; it is asked on, and calling `commit` again waits for its answer.
   */
  commit(options?: TransactionCallOptions): Promise<void>;
  /** Drops all that was written. */
  abort(options?: TransactionCallOptions): Promise<void>;
}

/** Writes records to any number of topics. */
export interface Producer extends AsyncDisposable {
  /**
   * Accepts a record and answers whether there is room for more: on false, wait for `ready()` before the next. Never
   * waits. Throws `InvalidOptionError`, `SerdeError`, `RecordTooLargeError`, `BufferFullError` (false was ignored for
   * too long), or `ClosedError`; the record is then not accepted.
   */
  write<const T extends TopicLike>(record: ProducerRecord<T>): boolean;
  /** Resolves when there is room. Rejects with the signal's reason, or `ClosedError`. */
  ready(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * Writes a record and resolves when it is stored; waits for room first, and then its order with other records is that
   * of the calls. Rejects with `DeliveryError` or with what `write` throws. Aborting gives up waiting for room, not an
   * accepted record.
   */
  send<const T extends TopicLike>(
    record: ProducerRecord<T>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<RecordPosition>;
  /**
   * Sends everything without lingering, and resolves when all records accepted before are stored. Rejects with
   * `DeliveryError` when records failed that neither a `send` promise nor `onDelivery` told of, once for each; with the
   * signal's reason when aborted.
   */
  flush(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * Does `work` in a transaction and commits it; when `work` rejects, aborts it and rejects likewise. Where the
   * transaction broke by itself (a leader or a group's generation moved on, ...) `work` is done again in a new one, so
   * it must bear that. One transaction at a time. Rejects with `TransactionAbortableError`, `ProducerFencedError`,
   * `InvalidOptionError` without `transactionalId`.
   */
  transaction<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /**
   * Begins a transaction, when the one before has ended; the first one also ends what an earlier producer of this
   * transactional id left open, and fences it. While it is open the producer's own `write` and `send` belong to it.
   */
  begin(options?: TransactionCallOptions): Promise<Transaction>;
  /**
   * Aborts an open transaction. Refuses new records, flushes (bounded by `deliveryTimeoutMs`), lets go of everything.
   * Rejects as `flush` does. When the signal aborts, what is not acknowledged is given up at once: it fails with
   * `DeliveryError`, and `maybeStored` where it was sent. Of several calls the first one's signal counts.
   */
  close(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Bytes of memory that unacknowledged records take now. */
  readonly bufferedBytes: number;
}
