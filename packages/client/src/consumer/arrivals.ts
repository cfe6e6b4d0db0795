/**
 * Chunks in the order in which they arrived, and the memory they take. Chunks of paused partitions are passed over;
 * chunks from before a seek, or of partitions that are gone, are let go.
 */
import type { FetchBudget } from './fetch-budget.ts';
import type { FetchedChunk } from './fetched-chunk.ts';
import type { PartitionState } from './partition-state.ts';

export class Arrivals {
  readonly #budget: FetchBudget;
  #chunks: FetchedChunk[] = [];

  constructor(budget: FetchBudget) {
    this.#budget = budget;
  }

  add(chunks: readonly FetchedChunk[]): void {
    for (const chunk of chunks) this.#chunks.push(chunk);
  }

  /** The next chunk that can be handed out; it stays here until it is taken. */
  peek(): FetchedChunk | undefined {
    for (let index = 0; index < this.#chunks.length; ) {
      const chunk = this.#chunks[index] as FetchedChunk;
      const { state } = chunk;
      if (!state.isOwned || chunk.epoch !== state.seekCount || chunk.isPassed(state.position)) {
        this.#chunks.splice(index, 1);
        this.release(chunk);
      } else if (state.isPaused) index++;
      else return chunk;
    }
    return undefined;
  }

  /** Takes a chunk out, which still counts against the memory until it is released. */
  take(chunk: FetchedChunk): void {
    const index = this.#chunks.indexOf(chunk);
    if (index >= 0) this.#chunks.splice(index, 1);
  }

  /** Puts a chunk back that was taken and not used up. */
  putBack(chunk: FetchedChunk): void {
    this.#chunks.unshift(chunk);
  }

  /** Lets go of a chunk that was taken. */
  release(chunk: FetchedChunk): void {
    if (chunk.isReleased) return;
    chunk.isReleased = true;
    const { chunks } = chunk.state;
    const index = chunks.indexOf(chunk);
    if (index >= 0) chunks.splice(index, 1);
    this.#budget.release(chunk.memory);
  }

  /** Lets go of all that was fetched of a partition; fetching goes on at its position. */
  drop(state: PartitionState): void {
    const dropped = new Set(state.chunks);
    if (dropped.size === 0) return;
    this.#chunks = this.#chunks.filter((chunk) => !dropped.has(chunk));
    for (const chunk of dropped) this.release(chunk);
  }

  clear(): void {
    for (const chunk of this.#chunks.splice(0)) this.release(chunk);
  }
}
