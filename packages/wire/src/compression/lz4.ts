/**
 * LZ4 frames (lz4_Frame_format.md, version 1), as Kafka takes them: independent blocks, right header checksum.
 *
 * Frames do not have to declare their content size. Before decompressing, the block headers are walked for an upper
 * bound of it; only when that passes the limit are the blocks' sequences walked too, for the true size, so that what is
 * refused is too large for sure.
 */
import { corruptCompression, decompressedTooLarge } from './compression-error.ts';
import { loadNativeCodec } from './native-codec.ts';

interface Lz4 {
  compressFrameSync(input: Uint8Array): Buffer;
  compressFrame(input: Uint8Array): Promise<Buffer>;
  decompressFrameSync(input: Uint8Array): Buffer;
  decompressFrame(input: Uint8Array): Promise<Buffer>;
}

const frameMagic = 0x184d2204;
/** A sequence's length grows by at most 255 with each byte. */
const ratioMax = 255;

let codec: Lz4 | undefined;

export function lz4CompressSync(bytes: Uint8Array): Uint8Array {
  return native().compressFrameSync(bytes);
}

export function lz4Compress(bytes: Uint8Array): Promise<Uint8Array> {
  return native().compressFrame(bytes);
}

export function lz4DecompressSync(bytes: Uint8Array, bytesMax: number): Uint8Array {
  checkSize(bytes, bytesMax);
  try {
    return native().decompressFrameSync(bytes);
  } catch (error) {
    throw toCorrupt(error);
  }
}

export async function lz4Decompress(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  checkSize(bytes, bytesMax);
  try {
    return await native().decompressFrame(bytes);
  } catch (error) {
    throw toCorrupt(error);
  }
}

function native(): Lz4 {
  codec ??= loadNativeCodec<Lz4>('lz4', 'lz4-napi');
  return codec;
}

/** Throws unless the frame is whole and decompresses to `bytesMax` bytes at most. */
function checkSize(bytes: Uint8Array, bytesMax: number): void {
  if (frameSize(bytes, upperBound) <= bytesMax) return;
  if (frameSize(bytes, decodedSize) > bytesMax) throw decompressedTooLarge('lz4', bytesMax);
}

/** Adds up `sizeOfBlock` over the compressed blocks of a frame, and the plain sizes of stored ones. */
function frameSize(bytes: Uint8Array, sizeOfBlock: typeof upperBound): number {
  if (bytes.length < 7 || readUint32(bytes, 0) !== frameMagic) {
    throw corruptCompression('lz4', 'it does not begin with a frame');
  }
  const flags = bytes[4]!;
  const blockBytesMax = 1 << (8 + 2 * ((bytes[5]! >>> 4) & 7));
  const blockChecksumBytes = (flags & 0x10) === 0 ? 0 : 4;
  let position = 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
  let total = 0;
  while (position + 4 <= bytes.length) {
    const blockHeader = readUint32(bytes, position);
    if (blockHeader === 0) return total;
    const isStored = blockHeader >= 0x80000000;
    const size = blockHeader % 0x80000000;
    const start = position + 4;
    position = start + size + blockChecksumBytes;
    if (position > bytes.length) break;
    total += isStored ? size : sizeOfBlock(bytes, start, start + size, blockBytesMax);
  }
  throw corruptCompression('lz4', 'its last block is cut off');
}

function upperBound(_bytes: Uint8Array, start: number, end: number, blockBytesMax: number): number {
  return Math.min((end - start) * ratioMax, blockBytesMax);
}

/** What a block decompresses to: the sum of its sequences' literals and matches. */
function decodedSize(bytes: Uint8Array, start: number, end: number): number {
  let size = 0;
  let position = start;
  while (position < end) {
    const token = bytes[position++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255 && position < end) literals += byte = bytes[position++]!;
    }
    size += literals;
    position += literals;
    // The last sequence ends with its literals.
    if (position >= end) return size;
    position += 2;
    let match = token & 15;
    if (match === 15) {
      let byte = 255;
      while (byte === 255 && position < end) match += byte = bytes[position++]!;
    }
    size += match + 4;
  }
  return size;
}

function readUint32(bytes: Uint8Array, position: number): number {
  return (
    (bytes[position]! | (bytes[position + 1]! << 8) | (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24)) >>> 0
  );
}

function toCorrupt(error: unknown): Error {
  return corruptCompression('lz4', error instanceof Error ? error.message : String(error), error);
}
