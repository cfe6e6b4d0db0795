/**
 * The newest batches of all logs of a cluster, kept in memory so that consumers that keep up are served without
 * touching the disk. Bounded in bytes over the whole cluster; what was appended first goes first, whichever log it is
 * of.
 */
import type { BufferPool, HeldMemory } from '@millrace/base';
import { type StoredBatch, TailMemory } from './tail-memory.ts';

/** A batch, of whose memory its tail is a user. */
export interface TailBatch extends StoredBatch {
  readonly baseOffset: number;
  /** Offset after the last record. */
  readonly nextOffset: number;
}

/** What a batch takes besides its bytes, about. */
const overheadBytes = 256;

/** A log's part of the cache: batches without a gap, offsets ascending. */
export class Tail {
  #batches: (TailBatch | undefined)[] = [];
  /** How many at the front were evicted and not yet removed from the array. */
  #evicted = 0;

  /** Offset of the oldest record held, or Infinity when it holds none. */
  get firstOffset(): number {
    return this.#batches[this.#evicted]?.baseOffset ?? Number.POSITIVE_INFINITY;
  }

  /** How many batches it holds. */
  get length(): number {
    return this.#batches.length - this.#evicted;
  }

  push(batch: TailBatch): void {
    this.#batches.push(batch);
  }

  /** Removes the oldest batch and answers what it took, in bytes. */
  evictOldest(): number {
    const batch = this.#batches[this.#evicted];
    if (batch === undefined) return 0;
    this.#batches[this.#evicted] = undefined;
    this.#evicted += 1;
    if (this.#evicted > 64 && this.#evicted * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#evicted);
      this.#evicted = 0;
    }
    batch.memory.release();
    return batch.heldBytes + overheadBytes;
  }

  /**
   * Whole batches from the one with `offset` on, below `endOffset`, up to `bytesMax` in all but at least one if
   * `atLeastOne`. They stay as they are until `held` is released; without it they are copies.
   */
  read(offset: number, endOffset: number, bytesMax: number, atLeastOne: boolean, held?: HeldMemory): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let total = 0;
    let last: TailBatch['memory'] | undefined;
    for (let index = this.#indexOf(offset); index < this.#batches.length; index++) {
      const { bytes, memory, nextOffset } = this.#batches[index] as TailBatch;
      if (nextOffset > endOffset) break;
      if (total + bytes.length > bytesMax && !(atLeastOne && total === 0)) break;
      chunks.push(held === undefined ? Uint8Array.prototype.slice.call(bytes) : bytes);
      if (memory !== last) held?.add(memory.use());
      last = memory;
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
      bytes += last.heldBytes + overheadBytes;
      last.memory.release();
      this.#batches.pop();
    }
    return bytes;
  }

  /** Forgets the batches that end before `offset`; answers how many bytes that was. */
  dropBefore(offset: number): number {
    let bytes = 0;
    while ((this.#batches[this.#evicted]?.nextOffset ?? Number.POSITIVE_INFINITY) <= offset)
      bytes += this.evictOldest();
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
  readonly #memory: TailMemory;
  #bytes = 0;
  /** The log of every batch held, in order of appending. */
  #order: Tail[] = [];
  #first = 0;
  /** How many batches are held. */
  #count = 0;

  constructor(bytesMax: number, pool: BufferPool) {
    this.#bytesMax = bytesMax;
    this.#memory = new TailMemory(pool, bytesMax);
  }

  /** Adds a copy of a batch, and answers that: the caller is a user of its memory, however long the cache keeps it. */
  push(tail: Tail, baseOffset: number, nextOffset: number, batch: Uint8Array): StoredBatch {
    const stored = this.#memory.store(batch);
    tail.push({ ...stored, baseOffset, nextOffset, memory: stored.memory.use() });
    this.#order.push(tail);
    this.#count += 1;
    this.#bytes += stored.heldBytes + overheadBytes;
    if (this.#order.length - this.#first > 2 * this.#count + 1024) this.#dropStale();
    while (this.#bytes > this.#bytesMax && this.#first < this.#order.length) this.#evictOldest();
    return stored;
  }

  /** Forgets a log's batches from `offset` on. */
  truncate(tail: Tail, offset: number): void {
    // Its places in the order stay behind: evicting one then takes an older batch of the same log, or none.
    const before = tail.length;
    this.#bytes -= tail.truncate(offset);
    this.#count -= before - tail.length;
  }

  /** Forgets a log's batches that end before `offset`. Its places in the order stay behind likewise. */
  dropBefore(tail: Tail, offset: number): void {
    const before = tail.length;
    this.#bytes -= tail.dropBefore(offset);
    this.#count -= before - tail.length;
  }

  /**
   * Drops places in the order of batches that were forgotten: of each log the oldest, beyond as many as it has batches.
   */
  #dropStale(): void {
    const wanted = new Map<Tail, number>();
    const kept: Tail[] = [];
    for (let index = this.#order.length - 1; index >= this.#first; index--) {
      const tail = this.#order[index] as Tail;
      const left = wanted.get(tail) ?? tail.length;
      if (left > 0) kept.push(tail);
      wanted.set(tail, left - 1);
    }
    this.#order = kept.reverse();
    this.#first = 0;
  }

  #evictOldest(): void {
    const oldest = this.#order[this.#first] as Tail;
    const before = oldest.length;
    this.#bytes -= oldest.evictOldest();
    this.#count -= before - oldest.length;
    this.#first += 1;
    if (this.#first > 1024 && this.#first * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#first);
      this.#first = 0;
    }
  }
}
