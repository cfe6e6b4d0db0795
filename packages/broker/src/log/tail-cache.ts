/**
 * The newest batches of all logs of a cluster, kept in memory so that consumers that keep up are served without
 * touching the disk. Bounded in bytes over the whole cluster; what was appended first goes first, whichever log it is
 * of.
 */
import type { BufferPool } from '@millrace/base';
import type { Tail, TailBatch } from './tail.ts';
import { type StoredBatch, TailMemory } from './tail-memory.ts';

/** What a batch takes besides its buffer, about. */
const overheadBytes = 256;

export class TailCache {
  readonly #bytesMax: number;
  readonly #memory: TailMemory;
  /** The log of every batch held, in order of appending. */
  #order: Tail[] = [];
  #first = 0;
  /** How many batches are held. */
  #count = 0;

  constructor(bytesMax: number, pool: BufferPool) {
    this.#bytesMax = bytesMax;
    this.#memory = new TailMemory(pool, bytesMax);
  }

  /** Adds a copy of a batch, and answers that: the caller is a user of its buffer, however long the cache keeps it. */
  push(tail: Tail, baseOffset: number, nextOffset: number, batch: Uint8Array): StoredBatch {
    const stored = this.#memory.store(batch);
    this.#memory.keep(stored.buffer);
    tail.push({ ...stored, baseOffset, nextOffset });
    this.#order.push(tail);
    this.#count += 1;
    if (this.#order.length - this.#first > 2 * this.#count + 1024) this.#dropStale();
    while (this.#isOver() && this.#first < this.#order.length) this.#evictOldest();
    return stored;
  }

  /** Forgets a log's batches from `offset` on, after their write failed. */
  truncate(tail: Tail, offset: number): void {
    // Its places in the order stay behind: evicting one then takes an older batch of the same log, or none.
    while (this.#forget(tail.popFrom(offset)));
  }

  /** Forgets a log's batches that end before `offset`. Its places in the order stay behind likewise. */
  dropBefore(tail: Tail, offset: number): void {
    while (this.#forget(tail.shiftBefore(offset)));
  }

  #isOver(): boolean {
    return this.#memory.keptBytes + this.#count * overheadBytes > this.#bytesMax;
  }

  /** Answers false when there is nothing to forget. */
  #forget(batch: TailBatch | undefined): boolean {
    if (batch === undefined) return false;
    this.#memory.drop(batch.buffer);
    this.#count -= 1;
    return true;
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
    this.#forget((this.#order[this.#first] as Tail).shift());
    this.#first += 1;
    if (this.#first > 1024 && this.#first * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#first);
      this.#first = 0;
    }
  }
}
