/**
 * Records of one partition that travel together, from the first `write` to the broker's answer. Uncompressed, the bytes
 * sent are the builder's own memory, so the builder stays with the batch to the end; compressed, it goes back as soon
 * as that is done.
 */
import {
  batchHeader,
  type KafkaError,
  RecordBatch,
  type RecordBatchBuilder,
  type Record as WireRecord,
} from '@millrace/wire';
import type { RecordPosition } from '../producer.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** A `send` that waits for its record. */
export interface SendWaiter {
  /** Which record of the batch. */
  index: number;
  timestamp: number;
  readonly resolve: (position: RecordPosition) => void;
  readonly reject: (error: unknown) => void;
}

/** Whose records these are, for the broker to tell a repetition from a new batch. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly epoch: number;
  readonly isTransactional: boolean;
}

export const noIdentity: ProducerIdentity = { producerId: -1, epoch: -1, isTransactional: false };

export class PartitionBatch {
  readonly queue: PartitionQueue;
  /** For flushes: ascending by creation. */
  readonly serial: number;
  /** Place among the partition's batches: the serial, and for halves of a split batch a fraction on top. */
  readonly order: number;
  /** How often it was halved. */
  readonly splitDepth: number;
  /** Monotonic time of the first record, in ms. */
  readonly createdAt: number;
  builder: RecordBatchBuilder | undefined;
  /** The compressed batch, once there is one. */
  encoded: Uint8Array | undefined;
  compressing = false;
  waiters: SendWaiter[] | undefined;
  /** Bytes of memory counted for this batch. */
  countedBytes = 0;
  attempts = 0;
  identity: ProducerIdentity = noIdentity;
  /** -1 until it was first sent. */
  sequence = -1;
  /** Counts the partition's batches in the order of their sequences. */
  ordinal = -1;
  /** What its last attempt ran into. */
  lastError: Error | undefined;
  /** What a broker last answered to it, whatever attempts after that ran into. */
  lastRefusal: KafkaError | undefined;
  /** A broker may have it: an attempt was lost, or refused in a way that does not rule it out. */
  maybeStored = false;
  #count = 0;

  constructor(
    queue: PartitionQueue,
    place: Pick<PartitionBatch, 'serial' | 'order' | 'splitDepth' | 'createdAt'>,
    builder: RecordBatchBuilder,
  ) {
    this.queue = queue;
    this.serial = place.serial;
    this.order = place.order;
    this.splitDepth = place.splitDepth;
    this.createdAt = place.createdAt;
    this.builder = builder;
  }

  get recordCount(): number {
    return this.builder?.recordCount ?? this.#count;
  }

  get isReady(): boolean {
    return !this.compressing && (this.encoded !== undefined || this.builder !== undefined);
  }

  /** Bytes as sent, or that would be sent uncompressed. */
  get sizeInBytes(): number {
    return this.encoded?.length ?? this.builder?.sizeInBytes ?? 0;
  }

  /** Takes the compressed form, and gives up the builder. */
  setEncoded(encoded: Uint8Array): RecordBatchBuilder {
    const builder = this.builder as RecordBatchBuilder;
    this.#count = builder.recordCount;
    this.encoded = encoded;
    this.builder = undefined;
    this.compressing = false;
    return builder;
  }

  /** The batch's bytes with its producer's identity in them; valid until the batch is finished. */
  bytes(): Uint8Array {
    const { producerId, epoch, isTransactional } = this.identity;
    if (this.encoded === undefined) {
      const builder = this.builder as RecordBatchBuilder;
      return builder.build({
        producerId,
        producerEpoch: epoch,
        baseSequence: this.sequence,
        transactional: isTransactional,
      });
    }
    if (producerId >= 0) {
      batchHeader.setProducer(this.encoded, 0, producerId, epoch, this.sequence);
      batchHeader.updateCrc(this.encoded, 0);
    }
    return this.encoded;
  }

  /** The records, read back. */
  records(): Iterable<WireRecord> {
    return new RecordBatch(this.encoded ?? (this.builder as RecordBatchBuilder).build()).records();
  }
}
