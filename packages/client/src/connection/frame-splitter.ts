/**
 * Cuts the bytes of a socket into frames (a 4-byte length, then that many bytes). A frame that lies within one chunk is
 * handed out as a view of it; one that spans several is collected in a buffer of its exact size, so each byte is copied
 * once at most.
 */
import { MillraceError } from '@millrace/base';

/** The peer claims a frame that can't be: it speaks no Kafka, or sends more than is accepted. */
export class FrameSizeError extends MillraceError {
  readonly code = 'frame_size';
  readonly sizeInBytes: number;

  constructor(sizeInBytes: number, limitBytes: number) {
    super(
      sizeInBytes > limitBytes
        ? `it announced a response of ${sizeInBytes} bytes, more than frameBytesMax (${limitBytes}); ` +
            'is this a plaintext Kafka port?'
        : `it announced a response of ${sizeInBytes} bytes, too short to be one; is this a plaintext Kafka port?`,
    );
    this.sizeInBytes = sizeInBytes;
  }
}

/** Every frame carries at least a correlation id. */
const frameBytesMin = 4;

export class FrameSplitter {
  readonly #limitBytes: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  /** The length of the next frame as far as it has arrived. */
  #length = 0;
  #lengthBytes = 0;
  #frame: Buffer | undefined;
  #filled = 0;

  /** Hands each frame (without its length) to `onFrame`, at once and in order. */
  constructor(limitBytes: number, onFrame: (frame: Uint8Array) => void) {
    this.#limitBytes = limitBytes;
    this.#onFrame = onFrame;
  }

  /** Takes what arrived; frames may keep views of it. Throws `FrameSizeError`, after which it must not be used. */
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
    if (this.#length < frameBytesMin || this.#length > this.#limitBytes) {
      throw new FrameSizeError(this.#length, this.#limitBytes);
    }
  }

  #begin(chunk: Uint8Array, at: number): number {
    const size = this.#length;
    if (chunk.length - at < size) {
      this.#frame = Buffer.allocUnsafeSlow(size);
      this.#filled = 0;
      return this.#fill(this.#frame, chunk, at);
    }
    this.#length = 0;
    this.#lengthBytes = 0;
    this.#onFrame(chunk.subarray(at, at + size));
    return at + size;
  }

  #fill(frame: Buffer, chunk: Uint8Array, at: number): number {
    const count = Math.min(frame.length - this.#filled, chunk.length - at);
    frame.set(count === chunk.length ? chunk : chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled === frame.length) {
      this.#frame = undefined;
      this.#length = 0;
      this.#lengthBytes = 0;
      this.#onFrame(frame);
    }
    return at + count;
  }
}
