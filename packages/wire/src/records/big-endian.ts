/**
 * Integers as a batch's header has them: fixed width, two's complement, most significant byte first. Bounds are the
 * caller's to keep. 64 bits are read and written as two halves of 32, which is ten times faster than as a bigint.
 */
import { CorruptRecordError } from './corrupt-record-error.ts';

export function readInt16(bytes: Uint8Array, position: number): number {
  return ((bytes[position]! << 24) >> 16) | bytes[position + 1]!;
}

export function readInt32(bytes: Uint8Array, position: number): number {
  return (bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!;
}

/** A 64-bit integer as a number; refused beyond 2^53 - 1, where a number would no longer be exact. */
export function readInt64(bytes: Uint8Array, position: number): number {
  const high = readInt32(bytes, position);
  const low = readInt32(bytes, position + 4) >>> 0;
  const value = high * 4294967296 + low;
  if (!Number.isSafeInteger(value)) {
    throw new CorruptRecordError(
      'an offset, timestamp or producer id is beyond 2^53 - 1, larger than any real one',
      position,
    );
  }
  return value;
}

export function writeInt16(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >> 8;
  bytes[position + 1] = value;
}

export function writeInt32(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >> 24;
  bytes[position + 1] = value >> 16;
  bytes[position + 2] = value >> 8;
  bytes[position + 3] = value;
}

/** Writes a safe integer as 64 bits. */
export function writeInt64(bytes: Uint8Array, position: number, value: number): void {
  const high = Math.floor(value / 4294967296);
  writeInt32(bytes, position, high);
  writeInt32(bytes, position + 4, value - high * 4294967296);
}
