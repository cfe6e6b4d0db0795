/**
 * Unsigned whole numbers to 2^53 - 1 in seven bits a byte, lowest first, the high bit saying that more follow: 1 byte
 * to 127, 8 at most. Unlike the record format's own they spend no bit on a sign.
 */
import { JournalRecordError } from './offset-map-error.ts';

/** The most bytes that one number takes. */
export const unsignedVarintBytesMax = 8;

/** Writes a number; answers the position after it. Room for it is the caller's to keep. */
export function writeUnsignedVarint(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

/** Reads one after the other, from `position`; nothing at or after `end` is read. Throws `JournalRecordError`. */
export class UnsignedVarintReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  byte(): number {
    if (this.position >= this.end) throw new JournalRecordError('it ends early', this.position);
    return this.bytes[this.position++]!;
  }

  number(): number {
    const start = this.position;
    let value = 0;
    let scale = 1;
    for (let index = 0; index < unsignedVarintBytesMax; index++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new JournalRecordError('a number is beyond 2^53 - 1', start);
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.position;
    if (length > this.remaining) throw new JournalRecordError(`${length} bytes are wanted behind its end`, start);
    this.position = start + length;
    return this.bytes.subarray(start, start + length);
  }
}
