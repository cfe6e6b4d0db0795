/**
 * Variable-length integers inside records: zigzag, then seven bits a byte, lowest first, as in Protocol Buffers. A
 * varint holds 32 bits in at most 5 bytes, a varlong 64 bits in at most 10; longer ones, and values beyond 2^53 - 1,
 * are refused.
 *
 * Most lengths and deltas fit one byte and nearly all the rest two, so these come first on every path.
 */
import { CorruptRecordError } from './corrupt-record-error.ts';

/** Bytes that a 32-bit integer takes. */
export function varintSize(value: number): number {
  const bits = (value << 1) ^ (value >> 31);
  if ((bits & ~0x7f) === 0) return 1;
  return (bits & ~0x3fff) === 0 ? 2 : longVarintSize(bits);
}

/** Bytes that a safe integer takes. */
export function varlongSize(value: number): number {
  if (value === (value | 0)) return varintSize(value);
  let rest = Math.floor((value < 0 ? -1 - value : value) / 64);
  let size = 1;
  for (; rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes a 32-bit integer; answers the position after it. Room for it is the caller's to keep. */
export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  const bits = (value << 1) ^ (value >> 31);
  if ((bits & ~0x7f) === 0) {
    bytes[position] = bits;
    return position + 1;
  }
  if ((bits & ~0x3fff) === 0) {
    bytes[position] = bits | 0x80;
    bytes[position + 1] = bits >>> 7;
    return position + 2;
  }
  return writeLongVarint(bytes, position, bits);
}

/** Writes a safe integer; answers the position after it. Room for it is the caller's to keep. */
export function writeVarlong(bytes: Uint8Array, position: number, value: number): number {
  return value === (value | 0) ? writeVarint(bytes, position, value) : writeLongVarlong(bytes, position, value);
}

function longVarintSize(bits: number): number {
  if ((bits & ~0x1fffff) === 0) return 3;
  return (bits & ~0xfffffff) === 0 ? 4 : 5;
}

function writeLongVarint(bytes: Uint8Array, position: number, zigzag: number): number {
  let bits = zigzag;
  let at = position;
  while ((bits & ~0x7f) !== 0) {
    bytes[at++] = bits | 0x80;
    bits >>>= 7;
  }
  bytes[at++] = bits;
  return at;
}

function writeLongVarlong(bytes: Uint8Array, position: number, value: number): number {
  const negative = value < 0;
  const magnitude = negative ? -1 - value : value;
  let rest = Math.floor(magnitude / 64);
  let bits = (magnitude % 64) * 2 + (negative ? 1 : 0);
  let at = position;
  while (rest > 0) {
    bytes[at++] = bits | 0x80;
    bits = rest % 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = bits;
  return at;
}

/** Reads varints one after the other. `position` is the next byte; nothing at or after `end` is read. */
export class VarintReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, position: number, end: number) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  /**
   * The next 32-bit integer, unmapped from zigzag. Throws `CorruptRecordError` when the bytes end in it or it is too
   * long.
   */
  readVarint(): number {
    const at = this.position;
    if (at >= this.end) throw this.cutOff();
    const first = this.bytes[at]!;
    if (first < 0x80) {
      this.position = at + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    if (at + 1 >= this.end) throw this.cutOff();
    const second = this.bytes[at + 1]!;
    if (second < 0x80) {
      this.position = at + 2;
      return (((first & 0x7f) >>> 1) | (second << 6)) ^ -(first & 1);
    }
    return this.#readLongVarint();
  }

  /** The next 64-bit integer. Throws `CorruptRecordError` likewise, and beyond 2^53 - 1. */
  readVarlong(): number {
    const at = this.position;
    if (at + 1 < this.end) {
      const first = this.bytes[at]!;
      if (first < 0x80) {
        this.position = at + 1;
        return (first >>> 1) ^ -(first & 1);
      }
      const second = this.bytes[at + 1]!;
      if (second < 0x80) {
        this.position = at + 2;
        return (((first & 0x7f) >>> 1) | (second << 6)) ^ -(first & 1);
      }
    }
    return this.#readLongVarlong();
  }

  #readLongVarint(): number {
    let bits = 0;
    let at = this.position;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (at >= this.end) throw this.cutOff();
      const byte = this.bytes[at++]!;
      bits |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) break;
        this.position = at;
        return (bits >>> 1) ^ -(bits & 1);
      }
    }
    throw new CorruptRecordError('a variable-length number does not fit 32 bits', this.position);
  }

  #readLongVarlong(): number {
    let low = 0;
    let high = 0;
    let scale = 1;
    let at = this.position;
    for (let index = 0; index < 10; index++) {
      if (at >= this.end) throw this.cutOff();
      const byte = this.bytes[at++]!;
      if (index < 4) low |= (byte & 0x7f) << (index * 7);
      else {
        high += (byte & 0x7f) * scale;
        scale *= 128;
      }
      if (byte < 0x80) {
        const magnitude = high * 0x8000000 + (low >>> 1);
        const value = (low & 1) === 0 ? magnitude : -1 - magnitude;
        if (!Number.isSafeInteger(value)) break;
        this.position = at;
        return value;
      }
    }
    throw new CorruptRecordError('a variable-length number is beyond 2^53 - 1', this.position);
  }

  cutOff(): CorruptRecordError {
    return new CorruptRecordError('the records end within a number', this.position);
  }
}
