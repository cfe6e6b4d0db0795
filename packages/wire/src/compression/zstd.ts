/**
 * Zstandard (RFC 8878), through Node's zlib. A frame may declare its content size, which is checked against the limit
 * before anything is decompressed; otherwise zlib enforces the limit as it goes. Besides the output the decoder
 * reserves the window that the frame asks for, 128 MiB at most, and touches no more of it than there is output.
 */
import { promisify } from 'node:util';
import {
  constants,
  type ZstdOptions,
  zstdCompress as zlibCompress,
  zstdCompressSync as zlibCompressSync,
  zstdDecompress as zlibDecompress,
  zstdDecompressSync as zlibDecompressSync,
} from 'node:zlib';
import { corruptCompression, decompressedTooLarge } from './compression-error.ts';

const compressAsync = promisify<Uint8Array, ZstdOptions, Uint8Array>(zlibCompress);
const decompressAsync = promisify<Uint8Array, ZstdOptions, Uint8Array>(zlibDecompress);

const frameMagic = 0xfd2fb528;
/** Above this multiple of the input a declared size is not believed when memory is taken. */
const trustedRatio = 32;

/** `level` 1 to 22, or negative for speed; zstd's default (3) when absent. */
export function zstdCompressSync(bytes: Uint8Array, level?: number): Uint8Array {
  return zlibCompressSync(bytes, compressOptions(bytes, level));
}

export function zstdCompress(bytes: Uint8Array, level?: number): Promise<Uint8Array> {
  return compressAsync(bytes, compressOptions(bytes, level));
}

export function zstdDecompressSync(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const options = decompressOptions(bytes, bytesMax);
  try {
    return zlibDecompressSync(bytes, options);
  } catch (error) {
    throw toCompressionError(error, bytesMax);
  }
}

export async function zstdDecompress(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const options = decompressOptions(bytes, bytesMax);
  try {
    return await decompressAsync(bytes, options);
  } catch (error) {
    throw toCompressionError(error, bytesMax);
  }
}

function compressOptions(bytes: Uint8Array, level: number | undefined): ZstdOptions {
  // The size makes the encoder size its tables to the input and declare it in the frame.
  const options: ZstdOptions = { pledgedSrcSize: bytes.length };
  if (level !== undefined) options.params = { [constants.ZSTD_c_compressionLevel]: level };
  return options;
}

function decompressOptions(bytes: Uint8Array, bytesMax: number): ZstdOptions {
  const declared = declaredContentSize(bytes);
  if (declared > bytesMax) throw decompressedTooLarge('zstd', bytesMax);
  const chunkSize = Math.min(declared + 1, bytes.length * trustedRatio);
  return { chunkSize: Math.max(chunkSize, 16384), maxOutputLength: Math.max(bytesMax, 1) };
}

/** The content size in the header of the first frame; 0 when it declares none. */
function declaredContentSize(bytes: Uint8Array): number {
  if (bytes.length < 6 || littleEndian(bytes, 0, 4) !== frameMagic) {
    throw corruptCompression('zstd', 'it does not begin with a frame');
  }
  const descriptor = bytes[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!;
  const position = 5 + (isSingleSegment ? 0 : 1) + dictionaryIdBytes;
  const sizeCode = descriptor >>> 6;
  const sizeBytes = sizeCode === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeCode;
  if (bytes.length < position + sizeBytes) throw corruptCompression('zstd', 'its frame header is cut off');
  return littleEndian(bytes, position, sizeBytes) + (sizeCode === 1 ? 256 : 0);
}

function littleEndian(bytes: Uint8Array, position: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[position + i]!;
  return value;
}

function toCompressionError(error: unknown, bytesMax: number): Error {
  if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
    return decompressedTooLarge('zstd', bytesMax, error);
  }
  return corruptCompression('zstd', error instanceof Error ? error.message : String(error), error);
}
