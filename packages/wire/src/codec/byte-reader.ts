/**
 * Reads wire primitives from one message's bytes. Every read is bounds-checked against the message, so hostile lengths
 * end in a `WireError` and never read a neighbour's bytes; strings are copied, `bytes` and `records` are views.
 *
 * Memory: a decoder may create at most `elementsMax` array elements for one message, whatever its bytes claim, because
 * an element of one byte becomes an object of a hundred.
 */
import { readInt16, readInt32 } from '../records/big-endian.ts';
import { WireError } from '../wire-error.ts';

/** Default bound on array elements of one message. */
export const elementsMaxDefault = 4_000_000;

const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA';

export class ByteReader {
  readonly buffer: Buffer;
  position: number;
  readonly end: number;
  #elementsLeft: number;

  /** Reads `bytes` from `position` (0 to its length) to its end. */
  constructor(bytes: Uint8Array, position = 0, elementsMax = elementsMaxDefault) {
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
    this.end = bytes.length;
    this.#elementsLeft = elementsMax;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return ((this.buffer[this.#take(1)] as number) << 24) >> 24;
  }

  int16(): number {
    return readInt16(this.buffer, this.#take(2));
  }

  uint16(): number {
    return readInt16(this.buffer, this.#take(2)) & 0xffff;
  }

  int32(): number {
    return readInt32(this.buffer, this.#take(4));
  }

  uint32(): number {
    return readInt32(this.buffer, this.#take(4)) >>> 0;
  }

  /**
   * A signed 64-bit integer; the largest one, which Kafka uses for "unbounded", is Infinity; others beyond 2^53-1 are
   * refused.
   */
  int64(): number {
    const at = this.#take(8);
    const high = readInt32(this.buffer, at);
    const low = readInt32(this.buffer, at + 4) >>> 0;
    const value = high * 0x1_0000_0000 + low;
    if (Number.isSafeInteger(value)) return value;
    if (high === 0x7fff_ffff && low === 0xffff_ffff) return Number.POSITIVE_INFINITY;
    throw malformed(`64-bit number at byte ${at} is beyond 2^53-1`);
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#take(8));
  }

  uuid(): string {
    const at = this.#take(16);
    const { buffer } = this;
    if (buffer.readInt32BE(at) === 0 && buffer.readInt32BE(at + 12) === 0) {
      if (buffer.readInt32BE(at + 4) === 0 && buffer.readInt32BE(at + 8) === 0) return zeroUuid;
    }
    return buffer.toString('base64url', at, at + 16);
  }

  /** An unsigned base-128 varint of at most 32 bits. */
  uvarint(): number {
    let byte = this.buffer[this.#take(1)] as number;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      byte = this.buffer[this.#take(1)] as number;
      if (shift === 28 && byte > 0x0f) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw malformed(`varint at byte ${this.position} is longer than 32 bits`);
  }

  string(): string {
    return this.#text(this.int16(), false) as string;
  }

  nullableString(): string | null {
    return this.#text(this.int16(), true);
  }

  compactString(): string {
    return this.#text(this.uvarint() - 1, false) as string;
  }

  compactNullableString(): string | null {
    return this.#text(this.uvarint() - 1, true);
  }

  bytes(): Uint8Array {
    return this.#view(this.int32(), false) as Uint8Array;
  }

  nullableBytes(): Uint8Array | null {
    return this.#view(this.int32(), true);
  }

  compactBytes(): Uint8Array {
    return this.#view(this.uvarint() - 1, false) as Uint8Array;
  }

  compactNullableBytes(): Uint8Array | null {
    return this.#view(this.uvarint() - 1, true);
  }

  /** The length of an array whose elements take at least `elementBytesMin` each. */
  arrayLength(elementBytesMin: number): number {
    return this.#checkedLength(this.int32(), elementBytesMin, false);
  }

  /** Likewise; -1 for a null array. */
  nullableArrayLength(elementBytesMin: number): number {
    return this.#checkedLength(this.int32(), elementBytesMin, true);
  }

  compactArrayLength(elementBytesMin: number): number {
    return this.#checkedLength(this.uvarint() - 1, elementBytesMin, false);
  }

  compactNullableArrayLength(elementBytesMin: number): number {
    return this.#checkedLength(this.uvarint() - 1, elementBytesMin, true);
  }

  /** Skips a section of tagged fields, none of which the schema knows. */
  skipTags(): void {
    for (let left = this.tagCount(); left > 0; left--) {
      this.uvarint();
      this.skip(this.uvarint());
    }
  }

  /** The number of tagged fields that follow. */
  tagCount(): number {
    return this.#checkedLength(this.uvarint(), 2, false);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Asserts that a tagged field took exactly the bytes it declared. */
  expectPosition(position: number): void {
    if (this.position !== position) throw malformed(`tagged field ends at byte ${this.position}, not ${position}`);
  }

  /** Asserts that the message ends here. */
  expectEnd(): void {
    if (this.position !== this.end) throw malformed(`${this.remaining} bytes are left over after the message`);
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.end - at) throw malformed(`it ends early: ${length} bytes wanted at byte ${at} of ${this.end}`);
    this.position = at + length;
    return at;
  }

  #text(length: number, nullable: boolean): string | null {
    if (length < 0) {
      if (nullable && length === -1) return null;
      throw malformed(`string length ${length} at byte ${this.position}`);
    }
    const at = this.#take(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  #view(length: number, nullable: boolean): Uint8Array | null {
    if (length < 0) {
      if (nullable && length === -1) return null;
      throw malformed(`byte string length ${length} at byte ${this.position}`);
    }
    const at = this.#take(length);
    return this.buffer.subarray(at, at + length);
  }

  #checkedLength(length: number, elementBytesMin: number, nullable: boolean): number {
    if (length < 0) {
      if (nullable && length === -1) return -1;
      throw malformed(`array length ${length} at byte ${this.position}`);
    }
    if (length * elementBytesMin > this.remaining) {
      throw malformed(`array of ${length} elements at byte ${this.position} can't fit in ${this.remaining} bytes`);
    }
    this.#elementsLeft -= length;
    if (this.#elementsLeft < 0)
      throw new WireError('message_too_large', 'message has more array elements than allowed');
    return length;
  }
}

function malformed(detail: string): WireError {
  return new WireError('malformed_message', `malformed message: ${detail}`);
}
