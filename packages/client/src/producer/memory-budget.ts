/**
 * How much memory unacknowledged records take, and who waits for room. Room is announced when a quarter of the limit is
 * free again, so that writers work in runs and not record by record.
 */
import { abortable } from '../retry.ts';

export class MemoryBudget {
  readonly limitBytes: number;
  #usedBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get hasRoom(): boolean {
    return this.#usedBytes < this.limitBytes;
  }

  /** Whether even writers that don't wait must be refused. */
  get isExhausted(): boolean {
    return this.#usedBytes >= this.limitBytes * 2;
  }

  add(bytes: number): void {
    this.#usedBytes += bytes;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
    if (this.#room !== undefined && this.#usedBytes <= this.limitBytes * 0.75) {
      this.#room.resolve();
      this.#room = undefined;
    }
  }

  /** Resolves when there is room. */
  whenRoom(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.hasRoom) return Promise.resolve();
    this.#room ??= Promise.withResolvers();
    return abortable(this.#room.promise, signal);
  }

  /** Wakes all who wait, with an error. */
  abandon(error: Error): void {
    this.#room?.reject(error);
    this.#room = undefined;
  }
}
