/**
 * Cuts the bytes of a socket into frames: a 4-byte length, then that many bytes. A frame that lies within one chunk is
 * a view of it, unless the socket reads into that memory again. One that spans several is collected in a buffer of its
 * own, for which memory is taken only as its bytes arrive: a length alone takes no more than a first buffer. How much
 * that may be, a peer earns by frames that it sent whole.
 */
import { MillraceError } from '@millrace/base';

/** The peer announced a frame that can't be: it speaks another protocol, or sends more than is accepted. */
export class FrameSizeError extends MillraceError {
  readonly code = 'frame_size';
  readonly sizeInBytes: number;
  readonly bytesMax: number;

  constructor(sizeInBytes: number, bytesMax: number) {
    const accepted = `frames have ${frameBytesMin} to ${bytesMax} bytes here`;
    super(`it announced a frame of ${sizeInBytes} bytes, but ${accepted}; is it Kafka's protocol without TLS?`);
    this.sizeInBytes = sizeInBytes;
    this.bytesMax = bytesMax;
  }
}

/** Every frame carries at least a correlation id. */
const frameBytesMin = 4;
/** Frames up to this that came in one chunk may share memory. */
const pooledBytesMax = 4096;
const firstBufferBytesDefault = 1024 * 1024;

/** Where buffers of frames come from. */
export interface FrameMemory {
  /** A buffer of at least so many bytes. */
  take(bytesMin: number): Buffer;
  /** Nobody uses the buffer any more. */
  giveBack(buffer: Uint8Array): void;
}

const ownMemory: FrameMemory = { take: (bytes) => Buffer.allocUnsafeSlow(bytes), giveBack: () => undefined };

export interface FrameSplitterOptions {
  /**
   * Memory taken for a frame before its bytes have arrived, at most; it doubles from there. Default 1 MiB. Once a
   * larger frame came whole it is as much as that, up to 1 MiB.
   */
  readonly firstBufferBytes?: number | undefined;
  /** Chunks are overwritten after `push`, so that every frame is a copy. Default false. */
  readonly chunksAreReused?: boolean | undefined;
  /**
   * Of frames that are no views of a chunk: their receiver may give them back, and keeps no small one for long, which
   * may share its memory with others. Default: each has memory of its own.
   */
  readonly memory?: FrameMemory | undefined;
}

export class FrameSplitter {
  #bytesMax: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  #firstBufferBytes: number;
  readonly #chunksAreReused: boolean;
  readonly #memory: FrameMemory;
  readonly #sharesSmall: boolean;
  /** The length of the next frame, and how many of its four bytes have arrived. */
  #length = 0;
  #lengthBytes = 0;
  /** What has arrived of a frame that spans chunks, and how much that is. */
  #frame: Buffer | undefined;
  #filled = 0;

  /** Hands each frame of up to `bytesMax` bytes (without its length) to `onFrame`, at once and in order. */
  constructor(bytesMax: number, onFrame: (frame: Uint8Array) => void, options: FrameSplitterOptions = {}) {
    this.#bytesMax = bytesMax;
    this.#onFrame = onFrame;
    this.#firstBufferBytes = options.firstBufferBytes ?? firstBufferBytesDefault;
    this.#chunksAreReused = options.chunksAreReused ?? false;
    this.#memory = options.memory ?? ownMemory;
    this.#sharesSmall = this.#chunksAreReused && options.memory !== undefined;
  }

  /** Bounds the frames whose length has not arrived yet. */
  set bytesMax(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Memory taken for a frame that has not arrived whole. */
  get heldBytes(): number {
    return this.#frame?.length ?? 0;
  }

  /** Bytes of a frame that has not arrived whole, its length not counted; or undefined between two frames. */
  get partialBytes(): number | undefined {
    if (this.#frame !== undefined) return this.#filled;
    return this.#lengthBytes === 0 ? undefined : 0;
  }

  /** Bytes that the rest of that frame has; 0 between two frames. */
  get missingBytes(): number {
    return this.#lengthBytes < 4 ? 0 : this.#length - this.#filled;
  }

  /**
   * Takes what arrived; frames may keep views of it unless it is reused. Throws `FrameSizeError`, after which it must
   * not be used.
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame !== undefined) at = this.#fill(this.#frame, chunk, at);
      else if (this.#lengthBytes < 4) {
        this.#length = (this.#length << 8) | (chunk[at++] as number);
        this.#lengthBytes++;
        if (this.#lengthBytes === 4) this.#checkLength();
      } else at = this.#begin(chunk, at);
    }
  }

  #checkLength(): void {
    if (this.#length < frameBytesMin || this.#length > this.#bytesMax) {
      throw new FrameSizeError(this.#length, this.#bytesMax);
    }
  }

  #begin(chunk: Uint8Array, at: number): number {
    const length = this.#length;
    if (this.#sharesSmall && length <= pooledBytesMax && chunk.length - at >= length) {
      const frame = Buffer.allocUnsafe(length);
      frame.set(chunk.subarray(at, at + length));
      this.#finish(frame);
      return at + length;
    }
    if (this.#chunksAreReused || chunk.length - at < length) {
      this.#frame = this.#memory.take(Math.min(length, Math.max(this.#firstBufferBytes, chunk.length - at)));
      return this.#fill(this.#frame, chunk, at);
    }
    this.#finish(chunk.subarray(at, at + length));
    return at + length;
  }

  #fill(buffer: Buffer, chunk: Uint8Array, at: number): number {
    const count = Math.min(this.#length - this.#filled, chunk.length - at);
    const needed = this.#filled + count;
    let frame = buffer;
    if (needed > frame.length) {
      frame = this.#memory.take(Math.min(this.#length, Math.max(needed, 2 * frame.length)));
      buffer.copy(frame, 0, 0, this.#filled);
      this.#memory.giveBack(buffer);
      this.#frame = frame;
    }
    frame.set(count === chunk.length ? chunk : chunk.subarray(at, at + count), this.#filled);
    this.#filled = needed;
    if (needed === this.#length) this.#finish(needed === frame.length ? frame : frame.subarray(0, needed));
    return at + count;
  }

  #finish(frame: Uint8Array): void {
    if (this.#length > this.#firstBufferBytes) {
      this.#firstBufferBytes = Math.max(this.#firstBufferBytes, Math.min(this.#length, firstBufferBytesDefault));
    }
    this.#frame = undefined;
    this.#filled = 0;
    this.#length = 0;
    this.#lengthBytes = 0;
    this.#onFrame(frame);
  }
}
