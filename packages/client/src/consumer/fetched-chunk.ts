/**
 * What one fetch response brought for one partition: whole record batches, one after the other, as a view over the response. It counts
 * against the consumer's memory, together with the other chunks of its response, until all of them are done with.
 */
import { messageOf } from '@millrace/base';
import { batchHeader, RecordBatch, type Records } from '@millrace/wire';
import { CorruptBatchError } from '../errors.ts';
import type { PartitionState } from './partition-state.ts';

/** Memory of a response that its chunks share. */
export interface FetchedMemory {
  bytes: number;
  chunks: number;
}

/** Records of one batch, ready to be iterated. */
export interface ReadableBatch {
  readonly batch: RecordBatch;
  readonly records: Records;
}

export class FetchedChunk {
  readonly state: PartitionState;
  readonly memory: FetchedMemory;
  readonly #bytes: Uint8Array;
  /** The partition's seek count when it was fetched: a chunk from before a seek is of no use. */
  readonly epoch: number;
  readonly highWatermark: number;
  /** Where the partition goes on after it. */
  readonly nextOffset: number;
  /** Leader epoch of the last batch. */
  readonly leaderEpoch: number;
  /** Bytes of whole batches. */
  readonly sizeInBytes: number;
  /** Its memory counts no more. */
  isReleased = false;
  #readable: readonly ReadableBatch[] | undefined;
  #preparing: Promise<void> | undefined;

  /** Throws `CorruptRecordError` when the bytes are no batches. */
  constructor(state: PartitionState, memory: FetchedMemory, bytes: Uint8Array, highWatermark: number) {
    this.state = state;
    this.memory = memory;
    this.#bytes = bytes;
    this.epoch = state.seekCount;
    this.highWatermark = highWatermark;
    let position = 0;
    let last = -1;
    for (;;) {
      const size = batchHeader.wholeBatchSize(bytes, position);
      if (size === 0) break;
      last = position;
      position += size;
    }
    this.sizeInBytes = position;
    this.nextOffset = last < 0 ? state.fetchPosition : batchHeader.lastOffset(bytes, last) + 1;
    this.leaderEpoch = last < 0 ? -1 : batchHeader.partitionLeaderEpoch(bytes, last);
    memory.chunks++;
  }

  /** The batches that hold records for applications; only after `prepare`. */
  get readable(): readonly ReadableBatch[] | undefined {
    return this.#readable;
  }

  /** Checks and decompresses the batches; undefined when that is done already. Rejects with `CorruptBatchError`. */
  prepare(checkCrc: boolean): Promise<void> | undefined {
    if (this.#readable !== undefined) return undefined;
    if (this.#preparing !== undefined) return this.#preparing;
    const batches: RecordBatch[] = [];
    let isCompressed = false;
    for (let position = 0; position < this.sizeInBytes; ) {
      const batch = new RecordBatch(this.#bytes, position);
      position += batch.sizeInBytes;
      if (batch.lastOffset < this.state.position) continue;
      this.#attempt(batch, () => {
        if (checkCrc) batch.verifyCrc();
        isCompressed ||= batch.compression !== 'none';
      });
      if (!batch.isControl && batch.recordCount > 0) batches.push(batch);
    }
    if (!isCompressed) {
      this.#readable = batches.map((batch) => ({ batch, records: this.#attempt(batch, () => batch.records()) }));
      return undefined;
    }
    this.#preparing = this.#decompress(batches);
    // Whoever needs the chunk hears of a failure; that it failed before anyone does is no reason to end the process.
    this.#preparing.catch(() => undefined);
    return this.#preparing;
  }

  async #decompress(batches: readonly RecordBatch[]): Promise<void> {
    const readable: ReadableBatch[] = [];
    const records = await Promise.all(
      batches.map((batch) => batch.recordsAsync().catch((error: unknown) => this.#fail(batch, error))),
    );
    for (const [index, batch] of batches.entries()) readable.push({ batch, records: records[index] as Records });
    this.#readable = readable;
  }

  #attempt<T>(batch: RecordBatch, work: () => T): T {
    try {
      return work();
    } catch (error) {
      return this.#fail(batch, error);
    }
  }

  #fail(batch: RecordBatch, error: unknown): never {
    const { topic, partition } = this.state;
    throw new CorruptBatchError(
      { topic, partition, offset: batch.baseOffset },
      batch.lastOffset + 1,
      messageOf(error),
      error,
    );
  }
}
