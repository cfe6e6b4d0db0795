/** The newest batches of one log, in memory. What may be kept there is its cache's to say. */
import type { HeldMemory } from '@millrace/base';
import type { StoredBatch, TailBuffer } from './tail-memory.ts';

export interface TailBatch extends StoredBatch {
  readonly baseOffset: number;
  /** Offset after the last record. */
  readonly nextOffset: number;
}

/** Batches without a gap, offsets ascending. */
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

  /** Removes the oldest batch, if there is one. */
  shift(): TailBatch | undefined {
    const batch = this.#batches[this.#evicted];
    if (batch === undefined) return undefined;
    this.#batches[this.#evicted] = undefined;
    this.#evicted += 1;
    if (this.#evicted > 64 && this.#evicted * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#evicted);
      this.#evicted = 0;
    }
    return batch;
  }

  /** Removes the newest batch, if it begins at `offset` or later. */
  popFrom(offset: number): TailBatch | undefined {
    const last = this.length === 0 ? undefined : this.#batches.at(-1);
    if (last === undefined || last.baseOffset < offset) return undefined;
    this.#batches.pop();
    return last;
  }

  /** Removes the oldest batch, if it ends before `offset`. */
  shiftBefore(offset: number): TailBatch | undefined {
    const nextOffset = this.#batches[this.#evicted]?.nextOffset ?? Number.POSITIVE_INFINITY;
    return nextOffset <= offset ? this.shift() : undefined;
  }

  /**
   * Whole batches from the one with `offset` on, below `endOffset`, up to `bytesMax` in all but at least one if
   * `atLeastOne`. They stay as they are until `held` is released; without it they are copies.
   */
  read(offset: number, endOffset: number, bytesMax: number, atLeastOne: boolean, held?: HeldMemory): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let total = 0;
    let last: TailBuffer | undefined;
    for (let index = this.#indexOf(offset); index < this.#batches.length; index++) {
      const { bytes, buffer, nextOffset } = this.#batches[index] as TailBatch;
      if (nextOffset > endOffset) break;
      if (total + bytes.length > bytesMax && !(atLeastOne && total === 0)) break;
      chunks.push(held === undefined ? Uint8Array.prototype.slice.call(bytes) : bytes);
      if (buffer !== last) held?.share(buffer);
      last = buffer;
      total += bytes.length;
    }
    return chunks;
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
