/**
 * A segment's sparse index: for about every `index.interval.bytes` of the file one entry with the offset and position
 * of a batch, and the largest timestamp of all batches before it. It serves as offset index and as time index, because
 * offsets, positions and those running maxima all ascend.
 */

/** Bytes of an entry in a file: offset relative to the segment (uint32), position (uint32), timestamp (float64). */
export const indexEntryBytes = 16;

export class SegmentIndex {
  readonly #baseOffset: number;
  #relativeOffsets: number[] = [];
  #positions: number[] = [];
  #timestampsBefore: number[] = [];

  constructor(baseOffset: number) {
    this.#baseOffset = baseOffset;
  }

  get length(): number {
    return this.#positions.length;
  }

  /** Position of the last entry, or -1. */
  get lastPosition(): number {
    return this.#positions.at(-1) ?? -1;
  }

  /**
   * Adds an entry for a batch behind all others. `timestampBefore` is the largest timestamp of the batches before it.
   */
  add(offset: number, position: number, timestampBefore: number): void {
    this.#relativeOffsets.push(offset - this.#baseOffset);
    this.#positions.push(position);
    this.#timestampsBefore.push(timestampBefore);
  }

  /** Where to start looking for an offset: the last entry at or before it; the segment's start when there is none. */
  floor(offset: number): number {
    const found = lastAtMost(this.#relativeOffsets, offset - this.#baseOffset);
    return found < 0 ? 0 : (this.#positions[found] as number);
  }

  /** The offset of the last entry at or before a position; the segment's own when there is none. */
  offsetOf(position: number): number {
    const found = lastAtMost(this.#positions, position);
    return found < 0 ? this.#baseOffset : this.#baseOffset + (this.#relativeOffsets[found] as number);
  }

  /** The positions of entries behind a position, ascending. */
  positionsAfter(position: number): readonly number[] {
    return this.#positions.slice(lastAtMost(this.#positions, position) + 1);
  }

  /**
   * The offset to start looking from for the first batch with a timestamp of at least `timestamp`: every batch before
   * has smaller ones.
   */
  offsetBefore(timestamp: number): number {
    // The last entry before which all timestamps are smaller.
    const found = lastAtMost(this.#timestampsBefore, timestamp - 1);
    return found < 0 ? this.#baseOffset : this.#baseOffset + (this.#relativeOffsets[found] as number);
  }

  /** Drops the entries of positions from `position` on. */
  truncate(position: number): void {
    const kept = lastAtMost(this.#positions, position - 1) + 1;
    this.#relativeOffsets.length = kept;
    this.#positions.length = kept;
    this.#timestampsBefore.length = kept;
  }

  /** Whether its entries ascend as they should, and lie within so many bytes. */
  isWithin(sizeBytes: number): boolean {
    const columns = [this.#relativeOffsets, this.#positions, this.#timestampsBefore];
    const ascend = columns.every((column) =>
      column.every((value, at) => at === 0 || value >= (column[at - 1] as number)),
    );
    return ascend && this.lastPosition < sizeBytes;
  }

  encode(): Uint8Array {
    const bytes = Buffer.alloc(this.length * indexEntryBytes);
    for (let index = 0; index < this.length; index++) {
      const at = index * indexEntryBytes;
      bytes.writeUInt32BE(this.#relativeOffsets[index] as number, at);
      bytes.writeUInt32BE(this.#positions[index] as number, at + 4);
      bytes.writeDoubleBE(this.#timestampsBefore[index] as number, at + 8);
    }
    return bytes;
  }

  static decode(baseOffset: number, bytes: Buffer): SegmentIndex {
    const index = new SegmentIndex(baseOffset);
    for (let at = 0; at + indexEntryBytes <= bytes.length; at += indexEntryBytes) {
      index.add(baseOffset + bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4), bytes.readDoubleBE(at + 8));
    }
    return index;
  }
}

/** The index of the last element that is at most `bound` in an ascending array, or -1. */
function lastAtMost(ascending: readonly number[], bound: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= bound) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
