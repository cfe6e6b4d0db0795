/**
 * What one fetch response brought for one partition: whole record batches, one after the other, as a view over the
 * response. It counts against the consumer's memory, together with the other chunks of its response, until all of them
 * are done with.
 */
import { assert, messageOf } from '@millrace/base';
import { batchHeader, CorruptRecordError, RecordBatch, type Records } from '@millrace/wire';
import { CorruptBatchError } from '../errors.ts';
import { AbortedRanges, type AbortedTransaction } from './aborted-ranges.ts';
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

/** What a fetch says of a partition besides its records. */
export interface ChunkFacts {
  /** The offset after the last record that is there for all; below 1 when the broker does not tell. */
  readonly highWatermark: number;
  /** The offset after the last record that readers could have. */
  readonly readableEnd: number;
  /** Transactions whose records are to be passed over; undefined where readers get all records. */
  readonly aborted: readonly AbortedTransaction[] | undefined;
}

/** Batches from an offset on, up to the first that is damaged. */
interface Sound {
  readonly batches: readonly RecordBatch[];
  /** Where the partition goes on after them. */
  readonly nextOffset: number;
  readonly damage: CorruptBatchError | undefined;
}

/** Decompressed bytes from which on a piece ends; a batch more may come on top. */
const pieceBytesMax = 4 * 1024 * 1024;

export class FetchedChunk {
  readonly state: PartitionState;
  readonly memory: FetchedMemory;
  readonly #bytes: Uint8Array;
  /** The partition's seek count when it was fetched: a chunk from before a seek is of no use. */
  readonly epoch: number;
  readonly readableEnd: number;
  readonly #aborted: readonly AbortedTransaction[] | undefined;
  /** The bytes behind the whole batches are none. */
  readonly damage: CorruptBatchError | undefined;
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

  constructor(state: PartitionState, memory: FetchedMemory, bytes: Uint8Array, facts: ChunkFacts) {
    this.state = state;
    this.memory = memory;
    this.#bytes = bytes;
    this.epoch = state.seekCount;
    this.readableEnd = facts.readableEnd;
    this.#aborted = facts.aborted;
    const { last, end, error } = wholeBatches(bytes, state.fetchPosition, facts.highWatermark);
    this.sizeInBytes = end;
    this.nextOffset = last < 0 ? state.fetchPosition : batchHeader.lastOffset(bytes, last) + 1;
    if (error !== undefined) {
      const { topic, partition } = state;
      const place = { topic, partition, offset: this.nextOffset };
      this.damage = new CorruptBatchError(place, behind(bytes, end, this.nextOffset), messageOf(error), error);
    }
    this.leaderEpoch = last < 0 ? -1 : batchHeader.partitionLeaderEpoch(bytes, last);
  }

  /** Whether it has nothing for a partition at this position, neither records nor the news of its damage. */
  isPassed(position: number): boolean {
    return this.damage === undefined ? this.nextOffset <= position : this.nextOffset < position;
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
   * decompressed, or those before a damaged one. Answers undefined when that is done already. Throws or rejects with
   * `CorruptBatchError` when the first is damaged.
   */
  prepare(checkCrc: boolean): Promise<void> | undefined {
    if (this.#preparing !== undefined) return this.#preparing;
    const from = this.state.position;
    if (this.#piece !== undefined && this.#piece.from === from) return undefined;
    const sound = this.#soundFrom(from, checkCrc);
    if (sound.batches.every(({ attributes }) => (attributes & batchHeader.batchAttributeBits.compression) === 0)) {
      const readable = sound.batches.map((batch) => ({ batch, records: batch.records() }));
      this.#piece = pieceOf(from, readable, sound);
      return undefined;
    }
    this.#preparing = this.#decompress(from, sound).finally(() => {
      this.#preparing = undefined;
    });
    // Whoever needs the chunk hears of a failure; that it failed before anyone does is no reason to end the process.
    this.#preparing.catch(() => undefined);
    return this.#preparing;
  }

  /** Batches that hold something for readers, from the one with `offset` on. */
  #soundFrom(offset: number, checkCrc: boolean): Sound {
    const ranges = this.#aborted === undefined ? undefined : new AbortedRanges(this.#aborted);
    const batches: RecordBatch[] = [];
    let nextOffset = offset;
    for (let position = 0; position < this.sizeInBytes; ) {
      const batch = new RecordBatch(this.#bytes, position);
      position += batch.sizeInBytes;
      const isBehind = batch.lastOffset < offset;
      try {
        if (checkCrc && !isBehind) batch.verifyCrc();
        // Markers before the position count too: they end what was aborted.
        const isHidden = ranges === undefined ? batch.isControl : ranges.hides(batch);
        if (isBehind) continue;
        // Throws for an unknown codec.
        void batch.compression;
        if (!isHidden) batches.push(batch);
      } catch (error) {
        const damage = this.#damageOf(batch, error, position);
        if (nextOffset === offset) throw damage;
        return { batches, nextOffset, damage };
      }
      nextOffset = batch.lastOffset + 1;
    }
    if (this.damage !== undefined && offset >= this.nextOffset) throw this.damage;
    return { batches, nextOffset: this.nextOffset, damage: this.damage };
  }

  async #decompress(from: number, sound: Sound): Promise<void> {
    const readable: ReadableBatch[] = [];
    let bytes = 0;
    let nextOffset = from;
    for (const batch of sound.batches) {
      try {
        const records = await batch.recordsAsync();
        readable.push({ batch, records });
        bytes += records.sizeInBytes;
      } catch (error) {
        const damage = this.#damageOf(batch, error);
        if (readable.length === 0) throw damage;
        this.#piece = pieceOf(from, readable, { batches: [], nextOffset, damage });
        return;
      }
      nextOffset = batch.lastOffset + 1;
      if (bytes < pieceBytesMax || batch === sound.batches.at(-1)) continue;
      this.#piece = { from, readable: withRecords(readable), nextOffset, isLast: false };
      return;
    }
    this.#piece = pieceOf(from, readable, sound);
  }

  /** `end`: where the next batch begins, whose offset is to be believed rather than the length of a damaged one. */
  #damageOf(batch: RecordBatch, error: unknown, end = this.sizeInBytes): CorruptBatchError {
    const { topic, partition } = this.state;
    const next = end < this.sizeInBytes ? batchHeader.baseOffset(this.#bytes, end) : batch.lastOffset + 1;
    const nextOffset = next > batch.baseOffset ? next : batch.baseOffset + 1;
    const place = { topic, partition, offset: batch.baseOffset };
    return new CorruptBatchError(place, nextOffset, messageOf(error), error);
  }
}

/** The error of a batch that never comes whole: its first bytes are all that there are. */
export function neverWhole(state: PartitionState, bytes: Uint8Array): CorruptBatchError {
  const { topic, partition, fetchPosition: offset } = state;
  const detail =
    `its batch claims more than the ${bytes.length} bytes that the broker sends of it each time, so its length is ` +
    'damaged, or the broker holds batches larger than partitionBytesMax back';
  return new CorruptBatchError({ topic, partition, offset }, behind(bytes, 0, offset), detail, undefined);
}

/** Where the last whole batch begins (-1 for none), where it ends, and what is wrong with the bytes behind it. */
function wholeBatches(
  bytes: Uint8Array,
  offset: number,
  highWatermark: number,
): { last: number; end: number; error: CorruptRecordError | undefined } {
  let end = 0;
  let last = -1;
  try {
    for (let expected = offset; ; expected = batchHeader.lastOffset(bytes, last) + 1) {
      const size = batchHeader.wholeBatchSize(bytes, end);
      if (size === 0) return { last, end, error: undefined };
      // Offsets are outside the checksum: after a wrong one reading would go on elsewhere. Gaps are rare, but allowed.
      const base = batchHeader.baseOffset(bytes, end);
      const isEarly = (last >= 0 && base < expected) || batchHeader.lastOffsetDelta(bytes, end) < 0;
      if (isEarly || (base > expected && !leavesRoom(bytes, end, size, highWatermark))) {
        throw new CorruptRecordError(`a record batch claims the offsets from ${base} on, which can't be`, end);
      }
      last = end;
      end += size;
    }
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error;
    return { last, end, error };
  }
}

/** Whether the offsets of a batch behind a gap leave room for those of the next one, or the high watermark. */
function leavesRoom(bytes: Uint8Array, position: number, size: number, highWatermark: number): boolean {
  const last = batchHeader.lastOffset(bytes, position);
  const next = position + size;
  if (next + batchHeader.batchHeaderBytes <= bytes.length && batchHeader.baseOffset(bytes, next) <= last) return false;
  return highWatermark < 1 || last < highWatermark;
}

/** The offset behind a batch that begins at `position` and can't be read, as far as its header can be believed. */
function behind(bytes: Uint8Array, position: number, offset: number): number {
  if (bytes.length - position < batchHeader.batchHeaderBytes) return offset + 1;
  const count = batchHeader.recordCount(bytes, position);
  const isLikely = count > 0 && count === batchHeader.lastOffsetDelta(bytes, position) + 1;
  return offset + (isLikely ? count : 1);
}

function pieceOf(from: number, readable: readonly ReadableBatch[], { nextOffset, damage }: Sound): ChunkPiece {
  return { from, readable: withRecords(readable), nextOffset, isLast: damage === undefined };
}

/** Those that hold records. */
function withRecords(batches: readonly ReadableBatch[]): ReadableBatch[] {
  return batches.filter(({ records }) => records.count > 0);
}
