/**
 * The memory that new batches lie in: copies, one behind the other in large buffers, each of which is used again once
 * nobody uses a batch in it any more. A batch that is long for such a buffer has one of its own.
 *
 * What counts against the cache's bound are whole buffers, as long as the cache keeps any batch in them.
 */
import { type BufferPool, SharedBuffer } from '@millrace/base';

/** A batch in memory, which stays as it is until all users of its buffer have released that. */
export interface StoredBatch {
  readonly bytes: Uint8Array;
  readonly buffer: TailBuffer;
}

const bufferBytesMax = 1024 * 1024;
/** The share of a buffer that one batch may take. */
const batchShare = 1 / 4;

/** A buffer, and how many batches in it the cache keeps. */
export class TailBuffer extends SharedBuffer {
  kept = 0;
}

export class TailMemory {
  readonly #pool: BufferPool;
  readonly #bufferBytes: number;
  /** The buffer that is being filled, of which this is a user, and how far it is. */
  #filling: TailBuffer | undefined;
  #filled = 0;
  #keptBytes = 0;

  /** `bytesMax`: what the cache may keep. */
  constructor(pool: BufferPool, bytesMax: number) {
    this.#pool = pool;
    this.#bufferBytes = Math.min(bufferBytesMax, Math.ceil(bytesMax / 8));
  }

  /** Bytes of the buffers in which the cache keeps batches. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Copies a batch. The caller is a user of its buffer. */
  store(batch: Uint8Array): StoredBatch {
    if (batch.length > this.#bufferBytes * batchShare) {
      const buffer = new TailBuffer(this.#pool, batch.length);
      return { bytes: copyInto(buffer, 0, batch), buffer };
    }
    let buffer = this.#filling;
    if (buffer === undefined || this.#filled + batch.length > buffer.bytes.length) {
      buffer?.release();
      buffer = new TailBuffer(this.#pool, this.#bufferBytes);
      this.#filling = buffer;
      this.#filled = 0;
    }
    const bytes = copyInto(buffer, this.#filled, batch);
    this.#filled += batch.length;
    return { bytes, buffer: buffer.use() };
  }

  /** The cache keeps a batch in the buffer, and is a user of it for that. */
  keep(buffer: TailBuffer): void {
    buffer.use();
    if (buffer.kept === 0) this.#keptBytes += buffer.bytes.length;
    buffer.kept += 1;
  }

  /** The cache has forgotten one. */
  drop(buffer: TailBuffer): void {
    buffer.kept -= 1;
    if (buffer.kept === 0) this.#keptBytes -= buffer.bytes.length;
    buffer.release();
  }
}

function copyInto({ bytes }: TailBuffer, at: number, batch: Uint8Array): Uint8Array {
  bytes.set(batch, at);
  return bytes.subarray(at, at + batch.length);
}
