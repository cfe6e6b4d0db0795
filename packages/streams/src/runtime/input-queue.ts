/**
 * What was read of one partition and not worked on yet, and how far the partition is: `next` is the offset of the next
 * record to be worked on, `base` that from which the open transaction began.
 */
import type { InputRecord } from '../task/cursor.ts';

/** As the client's consumer hands it out. */
export interface InputBatch extends Iterable<InputRecord> {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly sizeInBytes: number;
}

export class InputQueue {
  readonly topic: string;
  readonly partition: number;
  /** Whether others wait while it has nothing. */
  readonly isAwaited: boolean;
  /** Undefined before the first batch. */
  next: number | undefined;
  base: number | undefined;
  /** The record at the head and its event time; undefined when there is none, or it was not looked at. */
  head: InputRecord | undefined;
  headTime = 0;
  isPaused = false;
  /** Monotonic time since which it is empty while others of its task are not, in ms; undefined when that is not so. */
  idleSince: number | undefined;
  #batches: InputBatch[] = [];
  #iterator: Iterator<InputRecord> | undefined;
  #bytes = 0;

  constructor(topic: string, partition: number, isAwaited: boolean) {
    this.isAwaited = isAwaited;
    this.topic = topic;
    this.partition = partition;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.head === undefined && this.#batches.length === 0;
  }

  add(batch: InputBatch): void {
    this.#batches.push(batch);
    this.#bytes += batch.sizeInBytes;
    this.next ??= batch.firstOffset;
    this.base ??= batch.firstOffset;
  }

  /** Has the next record at the head; answers undefined when there is none. Throws when its batch can't be read. */
  advance(): InputRecord | undefined {
    this.head = undefined;
    for (;;) {
      const batch = this.#batches[0];
      if (batch === undefined) return undefined;
      this.#iterator ??= batch[Symbol.iterator]();
      const step = this.#iterator.next();
      if (!step.done) {
        this.head = step.value;
        return step.value;
      }
      // Behind the last record may lie what is none for applications.
      this.next = batch.nextOffset;
      this.#bytes -= batch.sizeInBytes;
      this.#batches.shift();
      this.#iterator = undefined;
    }
  }

  /** Forgets what was read; it is read again from `base` on. */
  clear(): void {
    this.#batches = [];
    this.#iterator = undefined;
    this.#bytes = 0;
    this.head = undefined;
    this.next = this.base;
    this.idleSince = undefined;
  }
}
