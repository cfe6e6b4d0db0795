/** A batch as consumers see it: the records of a chunk from the position on, to be iterated synchronously. */
import { messageOf } from '@millrace/base';
import type { Record as WireRecord } from '@millrace/wire';
import type { BatchView } from '../consumer.ts';
import { CorruptBatchError } from '../errors.ts';
import { ConsumedRecord } from './consumed-record.ts';
import type { ChunkPiece, FetchedChunk, ReadableBatch } from './fetched-chunk.ts';
import type { TopicReader } from './topic-reader.ts';

export class ConsumedBatch implements BatchView<string, ConsumedRecord> {
  readonly #reader: TopicReader;
  readonly #batches: readonly ReadableBatch[];
  readonly #endOffset: number;
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly recordCount: number;
  readonly sizeInBytes: number;
  readonly highWatermark: number;

  /** Of a piece of a chunk, the records from the partition's position on, up to `endOffset` (exclusive). */
  constructor(chunk: FetchedChunk, piece: ChunkPiece, reader: TopicReader, endOffset: number) {
    const { state } = chunk;
    this.#reader = reader;
    this.#batches = piece.readable;
    this.#endOffset = endOffset;
    this.topic = state.topic;
    this.partition = state.partition;
    this.nextOffset = Math.min(piece.nextOffset, endOffset);
    this.highWatermark = chunk.readableEnd;
    let count = 0;
    let bytes = 0;
    let first = Number.POSITIVE_INFINITY;
    for (const { batch } of this.#batches) {
      if (first === Number.POSITIVE_INFINITY) first = batch.baseOffset;
      count += batch.recordCount;
      bytes += batch.sizeInBytes;
    }
    this.sizeInBytes = bytes;
    this.firstOffset = Math.max(state.position, first);
    // Exact but for gaps, and for the batch in whose middle the position or the end lies.
    this.recordCount = Math.min(count, this.nextOffset - this.firstOffset);
  }

  [Symbol.iterator](): Iterator<ConsumedRecord, undefined> {
    return new BatchIterator(this.#reader, this.partition, this.#batches, this.firstOffset, this.#endOffset);
  }
}

/** Hands out the same result object again and again, as `for..of` allows. */
class BatchIterator implements Iterator<ConsumedRecord, undefined> {
  readonly #reader: TopicReader;
  readonly #partition: number;
  readonly #batches: readonly ReadableBatch[];
  readonly #firstOffset: number;
  readonly #endOffset: number;
  readonly #result: { done: boolean; value: ConsumedRecord | undefined } = { done: false, value: undefined };
  #next = 0;
  /** Of the next record, as far as is known before it is read. */
  #nextOffset = 0;
  #records: Iterator<WireRecord, undefined> | undefined;

  constructor(
    reader: TopicReader,
    partition: number,
    batches: readonly ReadableBatch[],
    firstOffset: number,
    endOffset: number,
  ) {
    this.#reader = reader;
    this.#partition = partition;
    this.#batches = batches;
    this.#firstOffset = firstOffset;
    this.#endOffset = endOffset;
  }

  next(): IteratorResult<ConsumedRecord, undefined> {
    const result = this.#result;
    for (;;) {
      const step = this.#step();
      if (step === undefined || step.done) {
        if (this.#advance()) continue;
        result.done = true;
        result.value = undefined;
        return result as IteratorResult<ConsumedRecord, undefined>;
      }
      const { offset } = step.value;
      this.#nextOffset = offset + 1;
      if (offset < this.#firstOffset || offset >= this.#endOffset) continue;
      result.value = new ConsumedRecord(this.#reader, this.#partition, step.value);
      return result as IteratorResult<ConsumedRecord, undefined>;
    }
  }

  /** Records whose checksum is right, or not looked at, may be malformed all the same. */
  #step(): IteratorResult<WireRecord, undefined> | undefined {
    try {
      return this.#records?.next();
    } catch (error) {
      const { batch } = this.#batches[this.#next - 1] as ReadableBatch;
      const { topic } = this.#reader;
      const place = { topic, partition: this.#partition, offset: this.#nextOffset };
      throw new CorruptBatchError(place, batch.lastOffset + 1, messageOf(error), error);
    }
  }

  #advance(): boolean {
    const batch = this.#batches[this.#next++];
    this.#records = batch?.records[Symbol.iterator]();
    if (batch !== undefined) this.#nextOffset = batch.batch.baseOffset;
    return batch !== undefined;
  }
}
