/**
 * What is to be done with each batch of a fetched chunk, decided by the 61 bytes of their headers: passed as it is,
 * rebuilt alone or together with its neighbours, or left out. Nothing is changed, and no record is read but those of
 * control batches.
 */
import { AbortedRanges, type AbortedTransaction } from '@millrace/client/protocol';
import { batchHeader, CorruptRecordError, type FrameMemory, RecordBatch } from '@millrace/wire';
import { type ConversionLimits, rebuiltBytesMaxOf } from './conversion-limits.ts';

/** Bytes fetched from one partition, batch after batch; the last one may be cut off. */
export interface SourceChunk {
  readonly bytes: Uint8Array;
  /** Records at source offsets below are left out: a fetch begins with the whole batch that holds its offset. */
  readonly from: number;
  /** Records at source offsets from here on are left out. Default: none are. */
  readonly until?: number | undefined;
  /** The aborted transactions of the fetch's answer. */
  readonly aborted: readonly AbortedTransaction[];
  /** Which records came to the source by mirrors. Default: none did. */
  readonly routes?: ChunkRoutes | undefined;
  /** What batches that are put together are written into, one a buffer. Default: memory of their own. */
  readonly memory?: FrameMemory | undefined;
}

/** Where the records of a chunk came from. */
export interface ChunkRoutes {
  /** The route of the batch at a position; undefined for one that was written on the source. */
  routeOf(bytes: Uint8Array, position: number): string | undefined;
  /** Whether what came by a route is left out. */
  isLeftOut(route: string): boolean;
}

/** Batches that become one outgoing batch, or more where one has no room for them. */
export interface BatchGroup {
  /** Whether it is a single batch that goes out as it is. */
  passes: boolean;
  /** The id of the compression that they all have. */
  readonly compressionId: number;
  /** The route by which they all came to the source; undefined where they were written there. */
  readonly via: string | undefined;
  /** Where in the chunk they begin, ascending. */
  readonly positions: number[];
  /** Bytes of their records, compressed if they are. */
  payloadBytes: number;
  recordCount: number;
}

export interface ChunkPlan {
  readonly groups: readonly BatchGroup[];
  readonly nextOffset: number;
  readonly skippedRecords: number;
  readonly returningRecords: number;
}

/** Bytes by which a record may grow when its deltas do, mostly. Only decides how many batches are put together. */
const growthPerRecord = 4;

const bits = batchHeader.batchAttributeBits;

/**
 * Plans a chunk up to its cut-off part, or up to the first batch whose header can't be (the next chunk then begins
 * with it). Throws `CorruptRecordError` and `CompressionError` when that is the first one that matters.
 */
export function planChunk(chunk: SourceChunk, limits: ConversionLimits): ChunkPlan {
  const planner = new ChunkPlanner(chunk, limits);
  try {
    planner.run();
  } catch (error) {
    if (planner.nextOffset === chunk.from) throw error;
  }
  return planner;
}

class ChunkPlanner implements ChunkPlan {
  readonly groups: BatchGroup[] = [];
  nextOffset: number;
  skippedRecords = 0;
  returningRecords = 0;
  readonly #chunk: SourceChunk;
  readonly #until: number;
  readonly #limits: ConversionLimits;
  readonly #aborted: AbortedRanges;
  /** The group that may still take batches. */
  #open: BatchGroup | undefined;

  constructor(chunk: SourceChunk, limits: ConversionLimits) {
    this.#chunk = chunk;
    this.#until = chunk.until ?? Number.MAX_SAFE_INTEGER;
    this.#limits = limits;
    this.#aborted = new AbortedRanges(chunk.aborted);
    this.nextOffset = chunk.from;
  }

  run(): void {
    const { bytes } = this.#chunk;
    let end = -1;
    for (let position = 0; ; ) {
      const size = batchHeader.wholeBatchSize(bytes, position);
      if (size === 0) return;
      const base = batchHeader.baseOffset(bytes, position);
      if (base >= this.#until) {
        this.nextOffset = this.#until;
        return;
      }
      const behind = base + batchHeader.lastOffsetDelta(bytes, position) + 1;
      if (base < end || behind <= base || !Number.isSafeInteger(behind)) {
        throw new CorruptRecordError(`a batch at offsets ${base} to ${behind - 1} follows offset ${end - 1}`, position);
      }
      this.#take(position, size, base, behind);
      if (behind > this.nextOffset) this.nextOffset = Math.min(behind, this.#until);
      end = behind;
      position += size;
    }
  }

  #take(position: number, size: number, base: number, behind: number): void {
    const { bytes, from } = this.#chunk;
    const attributes = batchHeader.attributes(bytes, position);
    const count = batchHeader.recordCount(bytes, position);
    const span = behind - base;
    if (count < 0 || count > span) {
      throw new CorruptRecordError(`the batch at offset ${base} claims ${count} records at ${span} offsets`, position);
    }
    if ((attributes & (bits.control | bits.transactional)) !== 0) {
      // Also before `from`, since it may be where an aborted transaction ends.
      if (this.#aborted.hides(new RecordBatch(bytes, position))) {
        this.skippedRecords += this.#countIn(count, base, behind);
        return;
      }
    }
    if (count === 0 || behind <= from) return;
    const { routes } = this.#chunk;
    const via = routes?.routeOf(bytes, position);
    if (via !== undefined && routes?.isLeftOut(via) === true) {
      this.returningRecords += this.#countIn(count, base, behind);
      return;
    }
    const isWhole = base >= from && behind <= this.#until;
    const isDense = count === span;
    const passes = isWhole && isDense && (attributes & bits.logAppendTime) === 0 && size <= this.#limits.batchBytesMax;
    const compressionId = attributes & bits.compression;
    this.#add(size, { passes, compressionId, via, positions: [position], payloadBytes: 0, recordCount: count });
  }

  /** How many records of a batch lie in the chunk's range, at most. */
  #countIn(count: number, base: number, behind: number): number {
    const offsets = Math.min(behind, this.#until) - Math.max(base, this.#chunk.from);
    return Math.max(Math.min(count, offsets), 0);
  }

  #add(size: number, group: BatchGroup): void {
    const { passes, compressionId, recordCount, positions, via } = group;
    const { coalesceBelow, coalesceCompressedBelow } = this.#limits;
    const payloadBytes = size - batchHeader.batchHeaderBytes;
    // What is uncompressed and has to be copied anyway may as well be copied to its neighbours.
    const joins = compressionId === 0 ? size < coalesceBelow || !passes : size < coalesceCompressedBelow;
    const open = this.#open;
    if (joins && open !== undefined && open.compressionId === compressionId && open.via === via) {
      const grown = size + open.payloadBytes + (open.recordCount + recordCount) * growthPerRecord;
      if (grown <= rebuiltBytesMaxOf(this.#limits)) {
        open.passes = false;
        open.positions.push(...positions);
        open.payloadBytes += payloadBytes;
        open.recordCount += recordCount;
        return;
      }
    }
    group.payloadBytes = payloadBytes;
    this.groups.push(group);
    this.#open = joins ? group : undefined;
  }
}
