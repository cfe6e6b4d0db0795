/**
 * Snappy in the two dressings that Kafka clients put on it. Written: the framing of snappy-java's SnappyOutputStream, a
 * 16-byte header and then chunks, each a big-endian length and a raw snappy block; one chunk holds everything. Read:
 * that framing with any number of chunks, and a bare block, which librdkafka sends.
 *
 * A block begins with its uncompressed length. All chunks' lengths are added up and checked before memory is taken.
 */
import { corruptCompression, decompressedTooLarge } from './compression-error.ts';
import { loadNativeCodec } from './native-codec.ts';

interface Snappy {
  compressSync(input: Uint8Array, options: { copyOutputData: true }): Buffer;
  compress(input: Uint8Array, options: { copyOutputData: true }): Promise<Buffer>;
  uncompressSync(input: Uint8Array, options: { asBuffer: true; copyOutputData: true }): Buffer;
  uncompress(input: Uint8Array, options: { asBuffer: true; copyOutputData: true }): Promise<Buffer>;
}

/** "SNAPPY" between 0x82 and 0, version 1, compatible from version 1. */
const framingHeader = Buffer.from('82534e41505059000000000100000001', 'hex');
const framingHeaderBytes = framingHeader.length;
/** A block's densest element is a copy: 64 bytes out for 3 bytes in. */
const ratioMax = 22;
/** Memory that the module hands over instead of copying costs more to take in than the copy does. */
const compressOptions = { copyOutputData: true } as const;
const uncompressOptions = { asBuffer: true, copyOutputData: true } as const;

let codec: Snappy | undefined;

export function snappyCompressSync(bytes: Uint8Array): Uint8Array {
  return frame(native().compressSync(bytes, compressOptions));
}

export async function snappyCompress(bytes: Uint8Array): Promise<Uint8Array> {
  return frame(await native().compress(bytes, compressOptions));
}

export function snappyDecompressSync(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const blocks = checkedBlocks(bytes, bytesMax);
  try {
    return join(blocks.map((block) => native().uncompressSync(block, uncompressOptions)));
  } catch (error) {
    throw toCorrupt(error);
  }
}

export async function snappyDecompress(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const blocks = checkedBlocks(bytes, bytesMax);
  try {
    return join(await Promise.all(blocks.map((block) => native().uncompress(block, uncompressOptions))));
  } catch (error) {
    throw toCorrupt(error);
  }
}

function native(): Snappy {
  codec ??= loadNativeCodec<Snappy>('snappy', 'snappy');
  return codec;
}

function frame(block: Uint8Array): Uint8Array {
  const framed = Buffer.allocUnsafeSlow(framingHeaderBytes + 4 + block.length);
  framed.set(framingHeader, 0);
  framed.writeInt32BE(block.length, framingHeaderBytes);
  framed.set(block, framingHeaderBytes + 4);
  return framed;
}

/** The raw blocks of `bytes`, once it is sure that together they stay within the limit. */
function checkedBlocks(bytes: Uint8Array, bytesMax: number): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let total = 0;
  for (let position = isFramed(bytes) ? framingHeaderBytes : -1; position < bytes.length; ) {
    const block = position < 0 ? bytes : chunkAt(bytes, position);
    position = position < 0 ? bytes.length : position + 4 + block.length;
    const declared = declaredLength(block);
    if (declared > block.length * ratioMax) {
      throw corruptCompression('snappy', `a block of ${block.length} bytes claims to hold ${declared}`);
    }
    total += declared;
    if (total > bytesMax) throw decompressedTooLarge('snappy', bytesMax);
    if (declared > 0) blocks.push(block);
  }
  return blocks;
}

function isFramed(bytes: Uint8Array): boolean {
  // The header's first eight bytes tell; its version numbers have never changed.
  for (let i = 0; i < 8; i++) if (bytes[i] !== framingHeader[i]) return false;
  if (bytes.length < framingHeaderBytes) throw corruptCompression('snappy', 'it ends within its header');
  return true;
}

function chunkAt(bytes: Uint8Array, position: number): Uint8Array {
  const start = position + 4;
  const length =
    ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!) >>>
    0;
  if (start + length > bytes.length) {
    throw corruptCompression('snappy', `a chunk of ${length} bytes is cut off`);
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, length);
}

/** A block's uncompressed length: its first one to five bytes, seven bits each. */
function declaredLength(block: Uint8Array): number {
  let length = 0;
  let scale = 1;
  for (let i = 0; i < 5 && i < block.length; i++) {
    length += (block[i]! & 0x7f) * scale;
    if (block[i]! < 0x80) return length;
    scale *= 128;
  }
  throw corruptCompression('snappy', 'a block has no valid length');
}

function join(parts: Buffer[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function toCorrupt(error: unknown): Error {
  return corruptCompression('snappy', error instanceof Error ? error.message : String(error), error);
}
