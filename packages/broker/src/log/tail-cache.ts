/**
 * The newest batches of all logs of a cluster, kept in memory so that consumers that keep up are served without touching the
 * disk. Bounded in bytes over the whole cluster; what was appended first goes first, whichever log it is of.
 *
 * A batch that is a small view of a large buffer (a socket chunk with other requests in it) is copied, because the view would
 * keep the whole buffer alive.
 */
export interface TailBatch {
  readonly baseOffset: number;
  /** Offset after the last record. */
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
}

/** A log's part of the cache: batches without a gap, offsets ascending. */
export class Tail {
  #batches: TailBatch[] = [];
  /** How many at the front were evicted and not yet removed from the array. */
  #evicted = 0;

  /** Offset of the oldest record held, or Infinity when it holds none. */
  get firstOffset(): number {
    return this.#batches[this.#evicted]?.baseOffset ?? Number.POSITIVE_INFINITY;
  }

  push(batch: TailBatch): void {
    this.#batches.push(batch);
  }

  /** Removes the oldest batch and answers its length. */
  evictOldest(): number {
    const batch = this.#batches[this.#evicted];
    if (batch === undefined) return 0;
    this.#evicted += 1;
    if (this.#evicted > 64 && this.#evicted * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#evicted);
      this.#evicted = 0;
    }
    return batch.bytes.length;
  }

  /** Whole batches from the one with `offset` on, below `endOffset`, up to `bytesMax` in all but at least one if `atLeastOne`. */
  read(offset: number, endOffset: number, bytesMax: number, atLeastOne: boolean): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (let index = this.#indexOf(offset); index < this.#batches.length; index++) {
      const { bytes, nextOffset } = this.#batches[index] as TailBatch;
      if (nextOffset > endOffset) break;
      if (total + bytes.length > bytesMax && !(atLeastOne && total === 0)) break;
      chunks.push(bytes);
      total += bytes.length;
    }
    return chunks;
  }

  /** Forgets batches from `offset` on, after their write failed; answers how many bytes that was. */
  truncate(offset: number): number {
    let bytes = 0;
    while (this.#batches.length > this.#evicted) {
      const last = this.#batches.at(-1) as TailBatch;
      if (last.baseOffset < offset) break;
      bytes += last.bytes.length;
      this.#batches.pop();
    }
    return bytes;
  }

  clear(): number {
    return this.truncate(0);
  }

  /** The index of the batch that holds `offset`. */
  #indexOf(offset: number): number {
    let low = this.#evicted;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#batches[middle] as TailBatch).nextOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class TailCache {
  readonly #bytesMax: number;
  #bytes = 0;
  /** The log of every batch held, in order of appending. */
  #order: Tail[] = [];
  #first = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(tail: Tail, baseOffset: number, nextOffset: number, bytes: Uint8Array): void {
    const owned = bytes.length * 2 < bytes.buffer.byteLength ? Uint8Array.prototype.slice.call(bytes) : bytes;
    tail.push({ baseOffset, nextOffset, bytes: owned });
    this.#order.push(tail);
    this.#bytes += owned.length;
    while (this.#bytes > this.#bytesMax && this.#first < this.#order.length) this.#evictOldest();
  }

  /** Forgets a log's batches from `offset` on. */
  truncate(tail: Tail, offset: number): void {
    // Its places in the order stay behind: evicting one then takes an older batch of the same log, or none.
    this.#bytes -= tail.truncate(offset);
  }

  #evictOldest(): void {
    this.#bytes -= (this.#order[this.#first] as Tail).evictOldest();
    this.#first += 1;
    if (this.#first > 1024 && this.#first * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#first);
      this.#first = 0;
    }
  }
}
