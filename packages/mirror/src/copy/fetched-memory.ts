/**
 * The memory that fetched frames lie in, which is used again once nothing in it is needed any more: a collector that
 * frees frames of megabytes takes as long as all that is done with them.
 *
 * A frame holds the bytes of several partitions, each of which is one user or more. Whoever can't tell when it is done,
 * as after a failure, never releases, and the frame is left to the collector.
 */
import { assert, BufferPool } from '@millrace/base';
import type { FrameMemory } from '@millrace/wire';

export interface FetchedMemoryOptions {
  /** Larger frames have memory of their own. */
  readonly frameBytesMax: number;
  /** For tests, as of `BufferPool`. */
  readonly scribbles?: boolean | undefined;
}

/** What was not needed for so long is left to the collector. */
const trimAfterMs = 10_000;

export class FetchedMemory implements FrameMemory {
  readonly #pool: BufferPool;
  /** How many use a frame, by its memory. */
  readonly #users = new WeakMap<ArrayBufferLike, number>();
  #trimAt = 0;

  constructor({ frameBytesMax, scribbles }: FetchedMemoryOptions) {
    this.#pool = new BufferPool({ bufferBytesMax: frameBytesMax, scribbles });
  }

  take(bytesMin: number): Buffer {
    return this.#pool.take(bytesMin);
  }

  giveBack(buffer: Uint8Array): void {
    this.#pool.giveBack(buffer);
  }

  /** Is one user more of the frame in which the bytes lie, until `release` is called with bytes of the same frame. */
  use({ buffer }: Uint8Array): void {
    this.#users.set(buffer, (this.#users.get(buffer) ?? 0) + 1);
  }

  release(bytes: Uint8Array): void {
    const users = this.#users.get(bytes.buffer) ?? 0;
    assert(users > 0, 'fetched memory was released more often than used');
    if (users > 1) this.#users.set(bytes.buffer, users - 1);
    else {
      this.#users.delete(bytes.buffer);
      this.#pool.giveBack(bytes);
    }
  }

  /** To be called now and then, with the monotonic time. */
  trim(now: number): void {
    if (now < this.#trimAt) return;
    this.#trimAt = now + trimAfterMs;
    this.#pool.trim();
  }
}
