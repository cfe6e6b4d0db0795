/**
 * Kafka's five compression types by name and id, and one door to their codecs. Decompression never yields, and as far
 * as the format lets one know never reserves, more than the caller's limit.
 *
 * A small input is worked on at once even by the asynchronous forms: a trip through the thread pool costs more than the
 * work, and more still when the pool is busy.
 */
import { CompressionError, decompressedTooLarge } from './compression-error.ts';
import { gzipCompress, gzipCompressSync, gzipDecompress, gzipDecompressSync } from './gzip.ts';
import { lz4Compress, lz4CompressSync, lz4Decompress, lz4DecompressSync } from './lz4.ts';
import { snappyCompress, snappyCompressSync, snappyDecompress, snappyDecompressSync } from './snappy.ts';
import { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from './zstd.ts';

/** The types in the order of their ids in a batch's attributes. */
export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export type Compression = (typeof compressions)[number];

/** From how many input bytes on the asynchronous forms leave the calling thread: about 200 us of work each. */
const offThreadBytesMin: {
  readonly [type in Exclude<Compression, 'none'>]: readonly [compress: number, decompress: number];
} = {
  gzip: [16 * 1024, 32 * 1024],
  snappy: [128 * 1024, 128 * 1024],
  lz4: [128 * 1024, 128 * 1024],
  zstd: [64 * 1024, 64 * 1024],
};

let mayLeaveThread = true;

/** For simulations: from now on all is done on the calling thread, so that nothing depends on how quick others are. */
export function stayOnThread(): void {
  mayLeaveThread = false;
}

function isOnThread(length: number, bytesMin: number): boolean {
  return !mayLeaveThread || length < bytesMin;
}

/** The id of a type in a batch's attributes. */
export function compressionId(type: Compression): number {
  return compressions.indexOf(type);
}

/** The type of an id. Throws `CompressionError` (`unsupported_compression`) for one that Kafka has not assigned. */
export function compressionOfId(id: number): Compression {
  const type = compressions[id];
  if (type !== undefined) return type;
  throw new CompressionError(
    'unsupported_compression',
    String(id),
    `no compression has the id ${id}; the batch is corrupt, or newer than this version reads`,
  );
}

/**
 * Compresses on this thread. `level` is the codec's own scale and means something for gzip (1 to 9) and zstd (1 to 22)
 * alone. `none` answers `bytes` itself.
 */
export function compressSync(type: Compression, bytes: Uint8Array, level?: number): Uint8Array {
  switch (type) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipCompressSync(bytes, level);
    case 'snappy':
      return snappyCompressSync(bytes);
    case 'lz4':
      return lz4CompressSync(bytes);
    case 'zstd':
      return zstdCompressSync(bytes, level);
  }
}

/** Compresses, off this thread if `bytes` is large; it must not change meanwhile. As `compressSync` otherwise. */
export async function compress(type: Compression, bytes: Uint8Array, level?: number): Promise<Uint8Array> {
  if (type === 'none' || isOnThread(bytes.length, offThreadBytesMin[type][0])) return compressSync(type, bytes, level);
  switch (type) {
    case 'gzip':
      return gzipCompress(bytes, level);
    case 'snappy':
      return snappyCompress(bytes);
    case 'lz4':
      return lz4Compress(bytes);
    case 'zstd':
      return zstdCompress(bytes, level);
  }
}

/**
 * Decompresses on this thread. Throws `CompressionError`: `decompressed_too_large` when the result would pass
 * `bytesMax`, `corrupt_compression` for bytes the codec did not write, `codec_unavailable` where its native module is
 * missing. `none` answers `bytes` itself.
 */
export function decompressSync(type: Compression, bytes: Uint8Array, bytesMax: number): Uint8Array {
  switch (type) {
    case 'none':
      if (bytes.length > bytesMax) throw decompressedTooLarge(type, bytesMax);
      return bytes;
    case 'gzip':
      return gzipDecompressSync(bytes, bytesMax);
    case 'snappy':
      return snappyDecompressSync(bytes, bytesMax);
    case 'lz4':
      return lz4DecompressSync(bytes, bytesMax);
    case 'zstd':
      return zstdDecompressSync(bytes, bytesMax);
  }
}

/** Decompresses, off this thread if `bytes` is large; it must not change meanwhile. As `decompressSync` otherwise. */
export async function decompress(type: Compression, bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const isHere = type === 'none' || isOnThread(bytes.length, offThreadBytesMin[type][1]);
  if (isHere) return decompressSync(type, bytes, bytesMax);
  switch (type) {
    case 'gzip':
      return gzipDecompress(bytes, bytesMax);
    case 'snappy':
      return snappyDecompress(bytes, bytesMax);
    case 'lz4':
      return lz4Decompress(bytes, bytesMax);
    case 'zstd':
      return zstdDecompress(bytes, bytesMax);
  }
}
