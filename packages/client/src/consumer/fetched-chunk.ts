/**
 * What one fetch response brought for one partition: whole record batches, one after the other, as a view over the
 * response. It counts against the consumer's memory, together with the other chunks of its response, until all of them
 * are done with.
 */
import { assert, messageOf } from '@millrace/base';
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

/** Batches to be handed out together. */
export interface ChunkPiece {
  /** The partition's position from which on it was made. */
  readonly from: number;
  readonly readable: readonly ReadableBatch[];
  /** Where the partition goes on after it. */
  readonly nextOffset: number;
  /** Nothing of the chunk comes after it. */
  readonly isLast: boolean;
}

/** Decompressed bytes from which on a piece ends; a batch more may come on top. */
const pieceBytesMax = 4 * 1024 * 1024;

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
  #piece: ChunkPiece | undefined;
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
  }

  /** Takes what `prepare` made ready; the next `prepare` goes on behind it. */
  takePiece(): ChunkPiece {
    const piece = this.#piece;
    assert(piece !== undefined, 'a chunk was taken before it was prepared');
    this.#piece = undefined;
    return piece;
  }

  /**
   * Checks and decompresses batches from the partition's position on: all of them, or as many as give a few MiB
   * decompressed. Answers undefined when that is done already. Throws or rejects with `CorruptBatchError`.
   */
  prepare(checkCrc: boolean): Promise<void> | undefined {
    if (this.#preparing !== undefined) return this.#preparing;
    const from = this.state.position;
    if (this.#piece !== undefined && this.#piece.from === from) return undefined;
    const batches = this.#batchesFrom(from, checkCrc);
    if (batches.every((batch) => this.#attempt(batch, () => batch.compression) === 'none')) {
      const readable = batches.map((batch) => ({ batch, records: this.#attempt(batch, () => batch.records()) }));
      this.#piece = { from, readable: withRecords(readable), nextOffset: this.nextOffset, isLast: true };
      return undefined;
    }
    this.#preparing = this.#decompress(from, batches).finally(() => {
      this.#preparing = undefined;
    });
    // Whoever needs the chunk hears of a failure; that it failed before anyone does is no reason to end the process.
    this.#preparing.catch(() => undefined);
    return this.#preparing;
  }

  #batchesFrom(offset: number, checkCrc: boolean): RecordBatch[] {
    const batches: RecordBatch[] = [];
    for (let position = 0; position < this.sizeInBytes; ) {
      const batch = new RecordBatch(this.#bytes, position);
      position += batch.sizeInBytes;
      if (batch.lastOffset < offset) continue;
      if (checkCrc) this.#attempt(batch, () => batch.verifyCrc());
      batches.push(batch);
    }
    return batches;
  }

  async #decompress(from: number, batches: readonly RecordBatch[]): Promise<void> {
    const readable: ReadableBatch[] = [];
    let bytes = 0;
    for (const batch of batches) {
      if (batch.isControl) continue;
      const records = await batch.recordsAsync().catch((error: unknown) => this.#fail(batch, error));
      readable.push({ batch, records });
      bytes += records.sizeInBytes;
      if (bytes < pieceBytesMax || batch === batches.at(-1)) continue;
      this.#piece = { from, readable: withRecords(readable), nextOffset: batch.lastOffset + 1, isLast: false };
      return;
    }
    this.#piece = { from, readable: withRecords(readable), nextOffset: this.nextOffset, isLast: true };
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
    const place = { topic, partition, offset: batch.baseOffset };
    throw new CorruptBatchError(place, batch.lastOffset + 1, messageOf(error), error);
  }
}

/** Those that hold records for applications. */
function withRecords(batches: readonly ReadableBatch[]): ReadableBatch[] {
  return batches.filter(({ batch, records }) => !batch.isControl && records.count > 0);
}
