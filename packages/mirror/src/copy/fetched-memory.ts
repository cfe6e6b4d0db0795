/**
 * The memory that fetched frames lie in, which is used again once nothing in it is needed any more: a collector that
 * frees frames of megabytes takes as long as all that is done with them.
 *
 * A frame holds the bytes of several partitions, each of which is one user or more. Whoever can't tell whether somebody
 * still reads its bytes, as after a failure, abandons them, and the frame is left to the collector.
 *
 * All memory in use counts as one sum, a frame as a whole as long as it has a user, and so does what requests under way
 * are expected to bring. By what is free of the bound each partition may hold a share: so all that hold as much as they
 * may leave room for one more, however many they are.
 */
import { assert, BufferPool } from '@millrace/base';
import type { FrameMemory } from '@millrace/wire';

export interface FetchedMemoryOptions {
  /** Larger frames have memory of their own. */
  readonly frameBytesMax: number;
  /** Most bytes that should be in use. Half as many, 128 MiB at most, are kept while nobody uses them. */
  readonly bytesMax: number;
  /** For tests, as of `BufferPool`. */
  readonly scribbles?: boolean | undefined;
}

/** Memory that has users. */
interface Used {
  users: number;
  /** Somebody may read it for longer than is known. */
  isAbandoned: boolean;
}

/** What was not needed for so long is left to the collector. */
const trimAfterMs = 10_000;
const idleBytesMax = 128 * 1024 * 1024;
/** So much is asked for however little is free. */
const askedBytesMin = 64 * 1024;
/** Of what is free. */
const partitionShare = 1 / 8;

export class FetchedMemory implements FrameMemory {
  readonly #pool: BufferPool;
  readonly #bytesMax: number;
  readonly #used = new WeakMap<ArrayBufferLike, Used>();
  #bytes = 0;
  #expectedBytes = 0;
  #trimAt = 0;

  constructor({ frameBytesMax, bytesMax, scribbles }: FetchedMemoryOptions) {
    this.#bytesMax = bytesMax;
    const idle = Math.min(idleBytesMax, bytesMax / 2);
    this.#pool = new BufferPool({ bufferBytesMax: frameBytesMax, idleBytesMax: idle, scribbles });
  }

  /** In use, without what is expected. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What may still be fetched; negative when more came than was expected. */
  get freeBytes(): number {
    return this.#bytesMax - this.#bytes - this.#expectedBytes;
  }

  /** Bytes that one partition may hold now; less than 0 when there is no room at all. */
  get shareBytes(): number {
    return this.freeBytes * partitionShare;
  }

  /** Bytes to ask for of one partition, `most` if there is room. */
  rangeBytes(most: number): number {
    return Math.min(most, Math.max(askedBytesMin, Math.floor(this.shareBytes)));
  }

  /** Likewise with one request. */
  requestBytes(most: number): number {
    return Math.min(most, Math.max(askedBytesMin, Math.floor(this.freeBytes)));
  }

  take(bytesMin: number): Buffer {
    return this.#pool.take(bytesMin);
  }

  giveBack(buffer: Uint8Array): void {
    this.#pool.giveBack(buffer);
  }

  /** Notes that so many bytes are on their way, until it is called with as many less than 0. */
  expect(bytes: number): void {
    this.#expectedBytes += bytes;
  }

  /** Is one user more of the memory in which the bytes lie, until it is released or abandoned by any part of it. */
  use({ buffer }: Uint8Array): void {
    const used = this.#used.get(buffer);
    if (used !== undefined) {
      used.users += 1;
      return;
    }
    this.#used.set(buffer, { users: 1, isAbandoned: false });
    this.#bytes += buffer.byteLength;
  }

  release(bytes: Uint8Array): void {
    const used = this.#used.get(bytes.buffer);
    assert(used !== undefined, 'fetched memory was released more often than used');
    used.users -= 1;
    if (used.users > 0) return;
    this.#used.delete(bytes.buffer);
    this.#bytes -= bytes.buffer.byteLength;
    if (!used.isAbandoned) this.#pool.giveBack(bytes);
  }

  /** Is one user less, of memory that is not to be used again. */
  abandon(bytes: Uint8Array): void {
    const used = this.#used.get(bytes.buffer);
    if (used !== undefined) used.isAbandoned = true;
    this.release(bytes);
  }

  /** To be called now and then, with the monotonic time. */
  trim(now: number): void {
    if (now < this.#trimAt) return;
    this.#trimAt = now + trimAfterMs;
    this.#pool.trim();
  }
}
