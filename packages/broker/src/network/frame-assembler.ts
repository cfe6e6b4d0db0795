/**
 * Cuts length-prefixed frames out of a stream of chunks. A frame that lies whole in one chunk is a view of it; another
 * one is put together in a buffer of its own, whose size follows the bytes that have arrived, not the length that was
 * promised.
 */
import { WireError } from '@millrace/wire';

const lengthBytes = 4;
const firstBufferBytes = 1024 * 1024;

export class FrameAssembler {
  readonly #frameBytesMax: number;
  /** Bytes of a length that was cut in two. */
  readonly #lengthBuffer = Buffer.alloc(lengthBytes);
  #lengthFilled = 0;
  /** The frame under way: its final length, what has arrived, and how much that is. */
  #frameLength = -1;
  #buffer: Buffer = Buffer.alloc(0);
  #filled = 0;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Takes the next chunk and calls back with each frame that is now whole, without its length. Throws `WireError`. */
  push(chunk: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#frameLength >= 0) position = this.#fill(chunk, position, onFrame);
      else if (this.#lengthFilled > 0 || chunk.length - position < lengthBytes)
        position = this.#fillLength(chunk, position, onFrame);
      else {
        const length = this.#checked(readLength(chunk, position));
        position += lengthBytes;
        if (position + length <= chunk.length) {
          onFrame(chunk.subarray(position, position + length));
          position += length;
        } else this.#begin(length);
      }
    }
  }

  #fillLength(chunk: Uint8Array, position: number, onFrame: (frame: Uint8Array) => void): number {
    const count = Math.min(lengthBytes - this.#lengthFilled, chunk.length - position);
    this.#lengthBuffer.set(chunk.subarray(position, position + count), this.#lengthFilled);
    this.#lengthFilled += count;
    if (this.#lengthFilled === lengthBytes) {
      this.#lengthFilled = 0;
      const length = this.#checked(readLength(this.#lengthBuffer, 0));
      if (length === 0) onFrame(new Uint8Array(0));
      else this.#begin(length);
    }
    return position + count;
  }

  #begin(length: number): void {
    this.#frameLength = length;
    this.#filled = 0;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(length, firstBufferBytes));
  }

  #fill(chunk: Uint8Array, position: number, onFrame: (frame: Uint8Array) => void): number {
    const count = Math.min(this.#frameLength - this.#filled, chunk.length - position);
    const needed = this.#filled + count;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#frameLength, Math.max(needed, 2 * this.#buffer.length)));
      this.#buffer.copy(larger, 0, 0, this.#filled);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk.subarray(position, position + count), this.#filled);
    this.#filled = needed;
    if (needed === this.#frameLength) {
      const frame = this.#buffer;
      this.#frameLength = -1;
      this.#buffer = Buffer.alloc(0);
      onFrame(frame);
    }
    return position + count;
  }

  #checked(length: number): number {
    if (length < 0 || length > this.#frameBytesMax) {
      const bound = `${this.#frameBytesMax} (socket.request.max.bytes)`;
      const message = `a frame of ${length} bytes is outside the bound of ${bound}`;
      throw new WireError('message_too_large', message);
    }
    return length;
  }
}

function readLength(bytes: Uint8Array, at: number): number {
  const [first, second, third, fourth] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [
    number,
    number,
    number,
    number,
  ];
  return (first << 24) | (second << 16) | (third << 8) | fourth;
}
