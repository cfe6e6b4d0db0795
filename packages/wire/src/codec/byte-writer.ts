/**
 * Writes wire primitives into one message. Small values go into a slab shared with the writer's later messages; large
 * record bytes are not copied but listed between the pieces of the slab. `finish` hands the pieces over: from then on
 * they belong to the receiver and the writer goes on behind them.
 */
import { WireError } from '../wire-error.ts';
import { shortTextMax, writeAscii } from './short-text.ts';

const slabBytes = 64 * 1024;
/** Record bytes up to this length are cheaper to copy than to send as a chunk of their own. */
const inlineBytesMax = 2048;
const uuidCharacters = 22;

/** Writers for the insides of tagged fields, whose length comes before them. */
const spareWriters: ByteWriter[] = [];

/** The pieces of an encoded message, in order. */
export interface EncodedFrame {
  readonly chunks: readonly Uint8Array[];
  readonly byteLength: number;
}

export class ByteWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(slabBytes);
  #view: DataView = viewOf(this.#buffer);
  /** Where the slab's part of the current message that is not yet listed in `#chunks` begins. */
  #start = 0;
  #position = 0;
  #chunks: Uint8Array[] = [];
  #listedBytes = 0;

  /** Bytes written to the current message. */
  get byteLength(): number {
    return this.#listedBytes + this.#position - this.#start;
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    if ((value << 24) >> 24 !== value) throw notWhole(value, 8);
    const at = this.#reserve(1);
    this.#buffer[at] = value;
    this.#position = at + 1;
  }

  int16(value: number): void {
    if ((value << 16) >> 16 !== value) throw notWhole(value, 16);
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
    this.#position = at + 2;
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw notWhole(value, 16);
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
    this.#position = at + 2;
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw notWhole(value, 32);
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
    this.#position = at + 4;
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw notWhole(value, 32);
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
    this.#position = at + 4;
  }

  /** A safe integer, or Infinity for the largest 64-bit one. */
  int64(value: number): void {
    const at = this.#reserve(8);
    if (value === Number.POSITIVE_INFINITY) {
      this.#view.setInt32(at, 0x7fff_ffff);
      this.#view.setInt32(at + 4, -1);
    } else {
      if (!Number.isSafeInteger(value)) throw unencodable(`${value} is no whole number within 2^53-1`);
      const high = Math.floor(value / 0x1_0000_0000);
      this.#view.setInt32(at, high);
      this.#view.setInt32(at + 4, value - high * 0x1_0000_0000);
    }
    this.#position = at + 8;
  }

  float64(value: number): void {
    const at = this.#reserve(8);
    this.#position = this.#buffer.writeDoubleBE(value, at);
  }

  uuid(value: string): void {
    const at = this.#reserve(16);
    if (value.length !== uuidCharacters || this.#buffer.write(value, at, 16, 'base64url') !== 16) {
      throw unencodable(`"${value}" is no UUID in base64url`);
    }
    this.#position = at + 16;
  }

  uvarint(value: number): void {
    if (value < 0x80) {
      const at = this.#reserve(1);
      this.#buffer[at] = value;
      this.#position = at + 1;
      return;
    }
    let at = this.#reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[at++] = rest;
    this.#position = at;
  }

  string(value: string): void {
    if (value.length <= shortTextMax) {
      const at = this.#reserve(2 + value.length);
      if (writeAscii(this.#buffer, at + 2, value)) {
        this.#view.setInt16(at, value.length);
        this.#position = at + 2 + value.length;
        return;
      }
    }
    const length = Buffer.byteLength(value);
    if (length > 0x7fff) throw unencodable(`a string of ${length} bytes is longer than 32767`);
    this.int16(length);
    this.#text(value, length);
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.string(value);
  }

  compactString(value: string): void {
    if (value.length <= shortTextMax) {
      const at = this.#reserve(1 + value.length);
      if (writeAscii(this.#buffer, at + 1, value)) {
        this.#buffer[at] = value.length + 1;
        this.#position = at + 1 + value.length;
        return;
      }
    }
    const length = Buffer.byteLength(value);
    if (length > 0x7fff) throw unencodable(`a string of ${length} bytes is longer than 32767`);
    this.uvarint(length + 1);
    this.#text(value, length);
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.uvarint(0);
    else this.compactString(value);
  }

  bytes(value: Uint8Array): void {
    this.int32(value.length);
    this.raw(value);
  }

  nullableBytes(value: Uint8Array | null): void {
    if (value === null) this.int32(-1);
    else this.bytes(value);
  }

  compactBytes(value: Uint8Array): void {
    this.uvarint(value.length + 1);
    this.raw(value);
  }

  compactNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.uvarint(0);
    else this.compactBytes(value);
  }

  records(value: Uint8Array | readonly Uint8Array[] | null): void {
    if (value === null) return this.int32(-1);
    this.int32(totalLength(value));
    this.#pass(value);
  }

  compactRecords(value: Uint8Array | readonly Uint8Array[] | null): void {
    if (value === null) return this.uvarint(0);
    this.uvarint(totalLength(value) + 1);
    this.#pass(value);
  }

  /** Copies bytes into the message. */
  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
    this.#position = at + value.length;
  }

  /** A tagged field: its tag, the length of its value, and the value as `write` writes it. */
  tagged(tag: number, write: (writer: ByteWriter) => void): void {
    const inner = spareWriters.pop() ?? new ByteWriter();
    write(inner);
    this.uvarint(tag);
    this.uvarint(inner.byteLength);
    for (const chunk of inner.finish().chunks) this.raw(chunk);
    spareWriters.push(inner);
  }

  /** Ends the message and hands its pieces over. */
  finish(): EncodedFrame {
    this.#list();
    const frame = { chunks: this.#chunks, byteLength: this.#listedBytes };
    this.#chunks = [];
    this.#listedBytes = 0;
    return frame;
  }

  /** Likewise for a frame, which began with an `int32` that is now set to the number of bytes after it. */
  finishFrame(): EncodedFrame {
    const frame = this.finish();
    const head = frame.chunks[0] as Uint8Array;
    const length = frame.byteLength - 4;
    head[0] = length >>> 24;
    head[1] = length >>> 16;
    head[2] = length >>> 8;
    head[3] = length;
    return frame;
  }

  /** Throws away what was written to the current message, after a value could not be encoded. */
  discard(): void {
    this.#chunks = [];
    this.#listedBytes = 0;
    this.#position = this.#start;
  }

  #text(value: string, length: number): void {
    const at = this.#reserve(length);
    this.#buffer.write(value, at, length, 'utf8');
    this.#position = at + length;
  }

  #pass(value: Uint8Array | readonly Uint8Array[]): void {
    if (value instanceof Uint8Array) this.#passChunk(value);
    else for (const chunk of value) this.#passChunk(chunk);
  }

  #passChunk(chunk: Uint8Array): void {
    if (chunk.length <= inlineBytesMax) this.raw(chunk);
    else {
      this.#list();
      this.#chunks.push(chunk);
      this.#listedBytes += chunk.length;
    }
  }

  #list(): void {
    if (this.#position === this.#start) return;
    this.#chunks.push(this.#buffer.subarray(this.#start, this.#position));
    this.#listedBytes += this.#position - this.#start;
    this.#start = this.#position;
  }

  /**
   * Makes room for `length` bytes and answers where they go. The unlisted part moves along when the slab is full: read
   * `#buffer` after this call, never before it.
   */
  #reserve(length: number): number {
    if (this.#position + length <= this.#buffer.length) return this.#position;
    const pending = this.#position - this.#start;
    const next = Buffer.allocUnsafeSlow(Math.max(slabBytes, 2 * (pending + length)));
    this.#buffer.copy(next, 0, this.#start, this.#position);
    this.#buffer = next;
    this.#view = viewOf(next);
    this.#start = 0;
    this.#position = pending;
    return pending;
  }
}

function totalLength(value: Uint8Array | readonly Uint8Array[]): number {
  if (value instanceof Uint8Array) return value.length;
  let total = 0;
  for (const chunk of value) total += chunk.length;
  return total;
}

function notWhole(value: number, bits: number): WireError {
  return unencodable(`${value} is no whole number of ${bits} bits`);
}

function unencodable(detail: string): WireError {
  return new WireError('unencodable_value', `value can't be put on the wire: ${detail}`);
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
