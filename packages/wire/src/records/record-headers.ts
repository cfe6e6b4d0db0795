/** Headers as they lie in a record: their count, then a key and a value each, both fields with their length. */
import { CorruptRecordError } from './corrupt-record-error.ts';
import { fieldRoom, fieldSize, writeField } from './record-field.ts';
import { type VarintReader, varintSize, writeVarint } from './varint.ts';

/** A header to be written. Keys may repeat. */
export interface HeaderInput {
  readonly key: string;
  readonly value: Uint8Array | string | null;
}

/** Bytes the headers take, their count included. Exact. */
export function headersSize(headers: readonly HeaderInput[]): number {
  let size = varintSize(headers.length);
  for (let i = 0; i < headers.length; i++) {
    const { key, value } = headers[i]!;
    size += fieldSize(key) + fieldSize(value);
  }
  return size;
}

/** Bytes that `writeHeaders` may touch. */
export function headersRoom(headers: readonly HeaderInput[]): number {
  let room = 5;
  for (let i = 0; i < headers.length; i++) {
    const { key, value } = headers[i]!;
    room += fieldRoom(key) + fieldRoom(value);
  }
  return room;
}

/** Writes the headers; answers the position after them. `headersRoom` bytes must be there. */
export function writeHeaders(buffer: Buffer, position: number, headers: readonly HeaderInput[]): number {
  let at = writeVarint(buffer, position, headers.length);
  for (let i = 0; i < headers.length; i++) {
    const { key, value } = headers[i]!;
    at = writeField(buffer, at, key);
    at = writeField(buffer, at, value);
  }
  return at;
}

/** Steps over `count` headers and checks their lengths; their end is checked by the record's. */
export function skipHeaders(reader: VarintReader, count: number): void {
  if (count < 0) throw new CorruptRecordError(`a record claims ${count} headers`, reader.position);
  for (let i = 0; i < count; i++) {
    const keyLength = reader.readVarint();
    if (keyLength < 0) throw new CorruptRecordError(`a header's key claims ${keyLength} bytes`, reader.position);
    reader.position += keyLength;
    const valueLength = reader.readVarint();
    if (valueLength < -1) throw new CorruptRecordError(`a header's value claims ${valueLength} bytes`, reader.position);
    if (valueLength > 0) reader.position += valueLength;
  }
}
