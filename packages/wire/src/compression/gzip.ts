/**
 * gzip (RFC 1952), through Node's zlib. Its last four bytes claim the uncompressed size, which only serves to choose
 * how much memory to begin with; the limit is enforced by zlib as it inflates.
 */
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync, gzip, gzipSync, type ZlibOptions } from 'node:zlib';
import { corruptCompression, decompressedTooLarge } from './compression-error.ts';

const gunzipAsync = promisify<Uint8Array, ZlibOptions, Uint8Array>(gunzip);
const gzipAsync = promisify<Uint8Array, ZlibOptions, Uint8Array>(gzip);

/** Above this multiple of the input a claimed size is not believed. */
const trustedRatio = 32;

/** `level` 1 to 9; zlib's default (6) when absent. */
export function gzipCompressSync(bytes: Uint8Array, level?: number): Uint8Array {
  return gzipSync(bytes, compressOptions(level));
}

export function gzipCompress(bytes: Uint8Array, level?: number): Promise<Uint8Array> {
  return gzipAsync(bytes, compressOptions(level));
}

export function gzipDecompressSync(bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return gunzipSync(bytes, decompressOptions(bytes, bytesMax));
  } catch (error) {
    throw toCompressionError(error, bytesMax);
  }
}

export async function gzipDecompress(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  try {
    return await gunzipAsync(bytes, decompressOptions(bytes, bytesMax));
  } catch (error) {
    throw toCompressionError(error, bytesMax);
  }
}

function compressOptions(level: number | undefined): ZlibOptions {
  return { level: level ?? constants.Z_DEFAULT_COMPRESSION };
}

function decompressOptions(bytes: Uint8Array, bytesMax: number): ZlibOptions {
  const { length } = bytes;
  const claimed =
    length < 18
      ? 0
      : (bytes[length - 4]! | (bytes[length - 3]! << 8) | (bytes[length - 2]! << 16) | (bytes[length - 1]! << 24)) >>>
        0;
  // One byte more than needed, or zlib asks for another chunk to learn that it has ended.
  const chunkSize = Math.min(claimed + 1, length * trustedRatio, bytesMax + 1);
  return { chunkSize: Math.max(chunkSize, 16384), maxOutputLength: Math.max(bytesMax, 1) };
}

function toCompressionError(error: unknown, bytesMax: number): Error {
  if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
    return decompressedTooLarge('gzip', bytesMax, error);
  }
  return corruptCompression('gzip', error instanceof Error ? error.message : String(error), error);
}
