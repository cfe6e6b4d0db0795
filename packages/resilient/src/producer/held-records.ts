/**
 * Records that were written while a producer goes from one side to the other: copies of their bytes, in their order
 * within a topic, until the new side takes them. They have been sent nowhere.
 */
import type { Platform } from '@millrace/base';
import { BufferFullError, type ProducerRecord, RecordTooLargeError, type TopicLike } from '@millrace/client';
import {
  anyPartition,
  type PendingRecord,
  PendingRecords,
  type RecordSink,
  type SendWaiter,
  TopicWriter,
  TurnClock,
} from '@millrace/client/protocol';

/** What a batch with one record takes besides its key and value, at least. */
const overheadBytesMin = 68;

export interface HeldRecord extends PendingRecord {
  readonly topic: string;
}

export class HeldRecords {
  readonly #clock: TurnClock;
  readonly #batchBytesMax: number;
  readonly #bufferBytesMax: number;
  readonly #topics = new Map<string, PendingRecords>();
  readonly #over = Promise.withResolvers<void>();
  #bytes = 0;

  constructor(platform: Platform, limits: { readonly batchBytesMax: number; readonly bufferBytesMax: number }) {
    this.#clock = new TurnClock(platform);
    this.#batchBytesMax = limits.batchBytesMax;
    this.#bufferBytesMax = limits.bufferBytesMax;
  }

  /** Bytes of memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    for (const { count } of this.#topics.values()) if (count > 0) return false;
    return true;
  }

  /** Resolves when nothing is held any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  end(): void {
    this.#over.resolve();
  }

  /**
   * Keeps a record. `elsewhereBytes`: what the producer holds besides. Throws what a producer's `write` throws; the
   * record is then not accepted.
   */
  add(topic: string, record: ProducerRecord, elsewhereBytes: number, waiter: SendWaiter | undefined): void {
    const used = this.#bytes + elsewhereBytes;
    if (used >= 2 * this.#bufferBytesMax) throw new BufferFullError(used, this.#bufferBytesMax);
    const like: TopicLike = record.topic;
    new TopicWriter(like, this.#sinkOf(topic), this.#clock).write(record, waiter);
  }

  /** Hands over what is held of each topic, in its order. More may be added while `take` waits, and is held on. */
  async drainTo(take: (record: HeldRecord) => Promise<void> | undefined): Promise<void> {
    for (const [topic, pending] of this.#topics) {
      const { bytes } = pending;
      for (const record of pending.take()) {
        const waiting = take({ topic, ...record });
        if (waiting !== undefined) await waiting;
      }
      this.#bytes -= bytes;
    }
  }

  #sinkOf(topic: string): RecordSink {
    let pending = this.#topics.get(topic);
    if (pending === undefined) {
      pending = new PendingRecords();
      this.#topics.set(topic, pending);
    }
    const records = pending;
    return {
      append: (timestamp, key, value, headers, partition, waiter) => {
        if (lengthOf(key) + lengthOf(value) + overheadBytesMin > this.#batchBytesMax) {
          throw new RecordTooLargeError(topic, this.#batchBytesMax);
        }
        this.#bytes += records.add({ timestamp, key, value, headers, partition, waiter });
        return false;
      },
    };
  }
}

/** A held record as it is written again. */
export function recordOf({ topic, key, value, headers, partition, timestamp }: HeldRecord): ProducerRecord<string> {
  const pairs = headers.map(({ key: name, value: content }) => [name, content] as const);
  return {
    topic,
    key,
    value,
    headers: pairs,
    partition: partition === anyPartition ? undefined : partition,
    timestamp,
  };
}

function lengthOf(field: Uint8Array | string | null): number {
  return field === null ? 0 : field.length;
}
