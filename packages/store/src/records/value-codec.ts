/**
 * Values as bytes: a tag, then what it needs. Lengths and counts are varints (LEB128, at most 2^32 - 1), integers that
 * JavaScript's numbers hold are zigzag varints, others and doubles have 8 bytes, little-endian. Maps have their keys in
 * order, each once, so that equal values have equal bytes.
 *
 * The reader believes nothing: a wrong tag, a length beyond the end, or too deep a nesting is `store_corrupt`.
 */
import { StoreError } from '../store-error.ts';
import { Double, isBytes, isDouble, isInteger, isList, NESTING_MAX, type Value } from './value.ts';
import { compareText } from './value-order.ts';

const TAG = {
  null: 0,
  false: 1,
  true: 2,
  integer: 3,
  integer64: 4,
  double: 5,
  text: 6,
  bytes: 7,
  list: 8,
  /** A list that is kept in order; in a bin only, not within other values. */
  orderedList: 9,
  map: 10,
} as const;

/** For bytes that are not what an encoder of ours has written. */
export function corrupt(detail: string): StoreError {
  return new StoreError('store_corrupt', { detail });
}

/** Grows as it is written to; used again for the next value, so what it holds is copied out. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  /** A copy of what was written since `start`. */
  copy(start = 0): Buffer {
    const copied = Buffer.allocUnsafe(this.#length - start);
    this.#bytes.copy(copied, 0, start, this.#length);
    return copied;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  int64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeBigInt64LE(value, this.#length);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Text with its length before it. */
  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads from the front; nothing beyond its end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  byte(): number {
    if (this.left < 1) throw corrupt('the bytes end too early');
    return this.#bytes[this.#position++] as number;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER || (byte === 0 && count > 0)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw corrupt('a number is too long');
  }

  /** A view of the next bytes. */
  bytes(length: number): Buffer {
    if (length > this.left) throw corrupt('the bytes end too early');
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  text(): string {
    const length = this.varint();
    if (length > this.left) throw corrupt('the bytes end too early');
    const start = this.#position;
    this.#position += length;
    return this.#bytes.toString('utf8', start, this.#position);
  }
}

/** What is in a bin: a value, and of a list whether it is kept in order. */
export interface BinContent {
  readonly value: Value;
  readonly ordered: boolean;
}

export function writeBin(writer: ByteWriter, { value, ordered }: BinContent): void {
  if (!ordered || !isList(value)) return writeValue(writer, value);
  writer.byte(TAG.orderedList);
  writer.varint(value.length);
  for (const each of value) writeValue(writer, each);
}

/** `exact` keeps doubles apart from integers: a whole one is a `Double`. Without it doubles are numbers. */
export function readBin(bytes: Uint8Array, exact: boolean): BinContent {
  const reader = new ByteReader(bytes);
  const ordered = bytes[0] === TAG.orderedList;
  if (ordered) reader.byte();
  const value = ordered ? readList(reader, exact, 0) : readValue(reader, exact, 0);
  if (reader.left > 0) throw corrupt('there are bytes after the value');
  return { value, ordered };
}

function writeValue(writer: ByteWriter, value: Value): void {
  switch (typeof value) {
    case 'boolean':
      return writer.byte(value ? TAG.true : TAG.false);
    case 'number':
      return isInteger(value) ? writeInteger(writer, value) : writeDouble(writer, value);
    case 'bigint':
      return writeInteger(writer, value);
    case 'string':
      writer.byte(TAG.text);
      return writer.text(value);
    default:
      if (value === null) return writer.byte(TAG.null);
      return writeObject(writer, value);
  }
}

function writeObject(writer: ByteWriter, value: Exclude<Value & object, null>): void {
  if (isDouble(value)) return writeDouble(writer, value.value);
  if (isBytes(value)) {
    writer.byte(TAG.bytes);
    writer.varint(value.length);
    return writer.bytes(value);
  }
  if (isList(value)) {
    writer.byte(TAG.list);
    writer.varint(value.length);
    for (const each of value) writeValue(writer, each);
    return;
  }
  const entries = Object.entries(value as { readonly [key: string]: Value });
  entries.sort(([left], [right]) => compareText(left, right));
  writer.byte(TAG.map);
  writer.varint(entries.length);
  for (const [key, each] of entries) {
    writer.text(key);
    writeValue(writer, each);
  }
}

/** Zigzag doubles a number, so that it has to stay below 2^52. */
function writeInteger(writer: ByteWriter, value: number | bigint): void {
  const number = Number(value);
  if (Math.abs(number) < 2 ** 52) {
    writer.byte(TAG.integer);
    writer.varint(number < 0 ? -number * 2 - 1 : number * 2);
  } else {
    writer.byte(TAG.integer64);
    writer.int64(BigInt(value));
  }
}

function writeDouble(writer: ByteWriter, value: number): void {
  writer.byte(TAG.double);
  writer.double(value);
}

function readValue(reader: ByteReader, exact: boolean, depth: number): Value {
  if (depth > NESTING_MAX) throw corrupt('values lie too deep in each other');
  const tag = reader.byte();
  switch (tag) {
    case TAG.null:
      return null;
    case TAG.false:
      return false;
    case TAG.true:
      return true;
    case TAG.integer: {
      const zigzag = reader.varint();
      return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    case TAG.integer64:
      return simplest(reader.bytes(8).readBigInt64LE());
    case TAG.double: {
      const value = reader.bytes(8).readDoubleLE();
      return exact && isInteger(value) ? new Double(value) : value;
    }
    case TAG.text:
      return reader.text();
    case TAG.bytes:
      return Buffer.from(reader.bytes(reader.varint()));
    case TAG.list:
      return readList(reader, exact, depth);
    case TAG.map:
      return readMap(reader, exact, depth);
    default:
      throw corrupt(`there is no tag ${tag}`);
  }
}

function readList(reader: ByteReader, exact: boolean, depth: number): Value[] {
  const count = reader.varint();
  // Each has one byte at least: no list is made longer than what could fill it.
  if (count > reader.left) throw corrupt('the bytes end too early');
  const list: Value[] = [];
  for (let index = 0; index < count; index++) list.push(readValue(reader, exact, depth + 1));
  return list;
}

function readMap(reader: ByteReader, exact: boolean, depth: number): { [key: string]: Value } {
  const count = reader.varint();
  if (count > reader.left) throw corrupt('the bytes end too early');
  const map: { [key: string]: Value } = {};
  for (let index = 0; index < count; index++) {
    const key = reader.text();
    if (key === '__proto__') throw corrupt('a map has the key __proto__');
    map[key] = readValue(reader, exact, depth + 1);
  }
  return map;
}

/** An integer of 64 bits as a number where that is exact. */
export function simplest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
