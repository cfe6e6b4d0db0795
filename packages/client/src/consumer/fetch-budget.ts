/** How much memory fetched records take: responses held, and room reserved for those that are asked for. */
import type { FetchedMemory } from './fetched-chunk.ts';

export class FetchBudget {
  readonly #limitBytes: number;
  #heldBytes = 0;
  #reservedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.#limitBytes - this.#heldBytes - this.#reservedBytes);
  }

  /** Nothing is held or reserved, so that even what is larger than the limit may come. */
  get isEmpty(): boolean {
    return this.#heldBytes + this.#reservedBytes === 0;
  }

  reserve(bytes: number): void {
    this.#reservedBytes += bytes;
  }

  unreserve(bytes: number): void {
    this.#reservedBytes -= bytes;
  }

  hold(memory: FetchedMemory): void {
    this.#heldBytes += memory.bytes;
  }

  /** One of the chunks of a response is done with; with the last one its memory is free. */
  release(memory: FetchedMemory): void {
    memory.chunks--;
    if (memory.chunks === 0) this.#heldBytes -= memory.bytes;
  }
}
