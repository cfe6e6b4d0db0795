/**
 * The memory that new batches lie in: copies, one behind the other in large buffers, each of which is used again once
 * nobody uses a batch in it any more. A batch that is long for such a buffer has one of its own.
 */
import { type BufferPool, SharedBuffer } from '@millrace/base';

/** A batch, which stays as it is until all users of its memory have released it. */
export interface StoredBatch {
  readonly bytes: Uint8Array;
  readonly memory: SharedBuffer;
  /** What it takes of memory: more than its length where it has a buffer of its own. */
  readonly heldBytes: number;
}

const bufferBytesMax = 1024 * 1024;
/** The share of a buffer that one batch may take. */
const batchShare = 1 / 4;

export class TailMemory {
  readonly #pool: BufferPool;
  readonly #bufferBytes: number;
  /** The buffer that is being filled, of which this is a user, and how far it is. */
  #filling: SharedBuffer | undefined;
  #filled = 0;

  /** `bytesMax`: what all users are to hold together, about. */
  constructor(pool: BufferPool, bytesMax: number) {
    this.#pool = pool;
    this.#bufferBytes = Math.min(bufferBytesMax, Math.ceil(bytesMax / 8));
  }

  /** Copies a batch. The caller is a user of the memory. */
  store(batch: Uint8Array): StoredBatch {
    if (batch.length > this.#bufferBytes * batchShare) {
      const memory = new SharedBuffer(this.#pool, batch.length);
      return { bytes: copyInto(memory, 0, batch), memory, heldBytes: memory.bytes.length };
    }
    let memory = this.#filling;
    if (memory === undefined || this.#filled + batch.length > memory.bytes.length) {
      memory?.release();
      memory = new SharedBuffer(this.#pool, this.#bufferBytes);
      this.#filling = memory;
      this.#filled = 0;
    }
    const bytes = copyInto(memory, this.#filled, batch);
    this.#filled += batch.length;
    return { bytes, memory: memory.use(), heldBytes: batch.length };
  }
}

function copyInto({ bytes }: SharedBuffer, at: number, batch: Uint8Array): Uint8Array {
  bytes.set(batch, at);
  return bytes.subarray(at, at + batch.length);
}
