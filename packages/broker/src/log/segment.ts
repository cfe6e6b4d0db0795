/**
 * One file of a log: record batches one behind the other, from `baseOffset` on. The file's bytes up to `sizeBytes` are
 * whole batches; what may lie behind is an unfinished write and is never read.
 */
import type { HeldMemory } from '@millrace/base';
import { batchHeader } from '@millrace/wire';
import type { AbortedTransaction } from './aborted-transaction.ts';
import { type Extent, skipBefore, takeSound, wholeSize } from './batch-walk.ts';
import { DamagedRecordsError, DamageFound, type Hole } from './damage.ts';
import type { FileCache, FileLease } from './file-cache.ts';
import { addEpoch, type EpochStart } from './leader-epochs.ts';
import type { ProducerSnapshot } from './producer-states.ts';
import { SegmentIndex } from './segment-index.ts';
import type { SegmentSummary } from './segment-summary.ts';

const noTimestamp = -1;

/** Offsets of a segment span less than this, so that its index holds them. */
export const segmentOffsetsMax = 2 ** 31;

export class Segment {
  readonly baseOffset: number;
  readonly path: string;
  readonly index: SegmentIndex;
  sizeBytes = 0;
  /** Offset after the last record. */
  nextOffset: number;
  firstTimestamp = noTimestamp;
  maxTimestamp = noTimestamp;
  /** Base offset of the batch that holds `maxTimestamp`. */
  maxTimestampBatch: number;
  /** Transactions whose abort marker lies in the segment, ascending by that. */
  readonly aborted: AbortedTransaction[] = [];
  /** The leader epochs of its batches, ascending. */
  readonly epochs: EpochStart[] = [];
  /** Damaged parts, ascending. */
  readonly holes: Hole[] = [];
  /** Bytes that the summary file describes; those need no check at the next start. */
  summarizedBytes = 0;
  /** Set once another segment takes its place in the log, of which it resolves when that is done. */
  replaced: Promise<void> | undefined;

  constructor(directory: string, baseOffset: number, index = new SegmentIndex(baseOffset)) {
    this.baseOffset = baseOffset;
    this.path = `${directory}/${segmentName(baseOffset)}.log`;
    this.index = index;
    this.nextOffset = baseOffset;
    this.maxTimestampBatch = baseOffset;
  }

  get summaryPath(): string {
    return this.path.replace(/\.log$/, '.index');
  }

  /** Counts a batch that was written at the end of the file. */
  extend(bytes: Uint8Array, position: number, indexIntervalBytes: number): void {
    const baseOffset = batchHeader.baseOffset(bytes, position);
    // A batch that compaction emptied has no times to be found.
    const isEmpty = batchHeader.recordCount(bytes, position) === 0;
    const timestamp = isEmpty ? noTimestamp : batchHeader.maxTimestamp(bytes, position);
    if (this.sizeBytes - this.index.lastPosition > indexIntervalBytes || this.index.length === 0) {
      this.index.add(baseOffset, this.sizeBytes, this.maxTimestamp);
    }
    if (this.firstTimestamp === noTimestamp) this.firstTimestamp = timestamp;
    if (timestamp > this.maxTimestamp) {
      this.maxTimestamp = timestamp;
      this.maxTimestampBatch = baseOffset;
    }
    addEpoch(this.epochs, bytes, position);
    this.nextOffset = batchHeader.lastOffset(bytes, position) + 1;
    this.sizeBytes += batchHeader.batchSize(bytes, position);
  }

  /** Notes the transaction that a batch aborted, if it did. */
  addAborted(transaction: AbortedTransaction | undefined): void {
    if (transaction !== undefined) this.aborted.push(transaction);
  }

  summary(producers: readonly ProducerSnapshot[]): SegmentSummary {
    const { sizeBytes, nextOffset, firstTimestamp, maxTimestamp, maxTimestampBatch, aborted, epochs, holes } = this;
    return {
      sizeBytes,
      nextOffset,
      firstTimestamp,
      maxTimestamp,
      maxTimestampBatch,
      producers,
      aborted,
      epochs,
      holes,
    };
  }

  /** Takes over what a summary says of the file's first bytes. */
  restore(summary: SegmentSummary): void {
    this.sizeBytes = summary.sizeBytes;
    this.summarizedBytes = summary.sizeBytes;
    this.nextOffset = summary.nextOffset;
    this.firstTimestamp = summary.firstTimestamp;
    this.maxTimestamp = summary.maxTimestamp;
    this.maxTimestampBatch = summary.maxTimestampBatch;
    for (const transaction of summary.aborted ?? []) this.aborted.push(transaction);
    for (const epoch of summary.epochs ?? []) this.epochs.push(epoch);
    for (const hole of summary.holes ?? []) this.holes.push(hole);
  }

  /**
   * Whole batches from the one that holds `offset` on and before `endOffset`, up to `bytesMax` in all, but the first
   * whatever its size if `atLeastOne`; empty when the segment ends before `offset`. The bytes are the caller's own, or
   * lie in `held`. Undefined when another segment takes its place, which `replaced` waits for. Rejects with
   * `DamageFound` at damage that was not known, `DamagedRecordsError` at damage that was, or `DiskError`.
   */
  async read(
    files: FileCache,
    offset: number,
    bytesMax: number,
    atLeastOne: boolean,
    endOffset = Number.POSITIVE_INFINITY,
    held?: HeldMemory,
  ): Promise<Uint8Array | undefined> {
    const lease = await this.#open(files);
    if (lease === undefined) return undefined;
    try {
      let extent = this.#extentAt(offset);
      let length = bytesMax + (this.index.length === 0 ? 0 : 2 * gapBytes);
      while (extent.position < extent.end) {
        // A client may ask for less than nothing.
        const wanted = Math.max(0, Math.min(extent.end - extent.position, length));
        // An earlier read of the loop is of no use any more.
        held?.release();
        const target = held?.take(wanted).subarray(0, wanted) ?? Buffer.allocUnsafeSlow(wanted);
        const bytes = target.subarray(0, await lease.file.read(target, extent.position));
        // The file is shorter than it was.
        if (bytes.length < Math.min(wanted, batchHeader.batchHeaderBytes)) throw damageAt(extent);
        const { start, offset: at } = skipBefore(bytes, extent, offset);
        if (wholeSize(bytes, start, extent, at) > 0) {
          return takeSound(bytes, start, { ...extent, offset: at }, { bytesMax, atLeastOne, endOffset });
        }
        // What comes next begins beyond what was read, or is longer than that.
        extent = { ...extent, offset: at, position: extent.position + start };
        const size = bytes.length - start < sizeHeadBytes ? 0 : batchHeader.batchSize(bytes, start);
        if (start === 0 && bytes.length < wanted) throw damageAt(extent);
        length = Math.max(bytesMax, size) + gapBytes;
      }
      return new Uint8Array(0);
    } finally {
      await lease.release();
    }
  }

  /** The bytes to look for an offset in. Throws `DamagedRecordsError` when it lies in a hole. */
  #extentAt(offset: number): Extent {
    let position = this.index.floor(offset);
    let end = this.sizeBytes;
    let endOffset = this.nextOffset;
    let least = this.index.offsetOf(position);
    for (const hole of this.holes) {
      if (hole.offset <= offset && offset < hole.nextOffset) throw new DamagedRecordsError(this.path, hole);
      if (hole.nextOffset <= offset) {
        if (hole.end <= position) continue;
        position = hole.end;
        least = hole.nextOffset;
      } else {
        end = hole.position;
        endOffset = hole.offset;
        break;
      }
    }
    return { position, end, offset: least, endOffset };
  }

  /** Notes damage: readers are told from now on. */
  addHole(hole: Hole): void {
    this.holes.push(hole);
    this.holes.sort((left, right) => left.position - right.position);
  }

  /** Goes on behind damage at the end of what is known. */
  skip(hole: Hole): void {
    this.addHole(hole);
    this.sizeBytes = hole.end;
    this.nextOffset = hole.nextOffset;
  }

  /** Its file; undefined when that may be another segment's by now. */
  async #open(files: FileCache): Promise<FileLease | undefined> {
    try {
      const lease = await files.acquire(this.path, { create: false });
      if (this.replaced === undefined) return lease;
      await lease.release();
      return undefined;
    } catch (error) {
      if (this.replaced === undefined) throw error;
      return undefined;
    }
  }
}

/** Bytes that say how long a batch is. */
const sizeHeadBytes = 12;
/** How far behind an index entry a wanted batch may begin, as a guess that saves a second read. */
const gapBytes = 4096;

/** A segment's file name without its ending: its base offset in 20 digits, as Kafka names them. */
export function segmentName(baseOffset: number): string {
  return baseOffset.toString().padStart(20, '0');
}

function damageAt({ position, offset }: Extent): DamageFound {
  return new DamageFound(position, offset);
}
