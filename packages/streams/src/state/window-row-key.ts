/**
 * Keys of a window store's rows: bucket, key, time, and where keys may repeat a number. All rows of a bucket lie
 * together, and in it all of a key, by time: a bucket is dropped, and the times of a key are read, in one range.
 *
 * Layout: tag (1), bucket (8, first bit turned so that negative ones sort first), length of the key (4), key, time (8,
 * likewise), number (4).
 */
import { rowTag } from './state-space.ts';

const headBytes = 1 + 8 + 4;
const tailBytes = 8 + 4;

export function bucketStart(bucket: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = rowTag;
  writeSortable(bytes, 1, bucket);
  return bytes;
}

/** What all rows of a key in a bucket begin with. */
export function keyPrefix(bucket: number, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + key.length);
  writeHead(bytes, bucket, key);
  return bytes;
}

export function rowKey(bucket: number, key: Uint8Array, time: number, number: number): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + key.length + tailBytes);
  writeHead(bytes, bucket, key);
  writeSortable(bytes, headBytes + key.length, time);
  bytes.writeUInt32BE(number, headBytes + key.length + 8);
  return bytes;
}

/** The end of the range of keys that begin with `prefix`. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    if (end[at] !== 0xff) {
      end[at] = (end[at] as number) + 1;
      return end.subarray(0, at + 1);
    }
  }
  throw new RangeError('nothing is behind this prefix');
}

export interface WindowRowKey {
  readonly bucket: number;
  /** A view. */
  readonly key: Uint8Array;
  readonly time: number;
  readonly number: number;
}

export function readRowKey(row: Uint8Array): WindowRowKey {
  const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
  const keyLength = bytes.readUInt32BE(9);
  const end = headBytes + keyLength;
  return {
    bucket: readSortable(bytes, 1),
    key: bytes.subarray(headBytes, end),
    time: readSortable(bytes, end),
    number: bytes.readUInt32BE(end + 8),
  };
}

function writeHead(bytes: Buffer, bucket: number, key: Uint8Array): void {
  bytes[0] = rowTag;
  writeSortable(bytes, 1, bucket);
  bytes.writeUInt32BE(key.length, 9);
  bytes.set(key, headBytes);
}

/** 64 bits with the sign turned, so that the order of bytes is that of the numbers. */
function writeSortable(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  bytes.writeUInt32BE((high ^ 0x80000000) >>> 0, at);
  bytes.writeUInt32BE(value - high * 2 ** 32, at + 4);
}

function readSortable(bytes: Buffer, at: number): number {
  return ((bytes.readUInt32BE(at) ^ 0x80000000) | 0) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
