/**
 * The frame that holds LZ4 blocks (lz4_Frame_format.md, version 1): its header, and where its blocks lie. Read are all
 * frames; written is the plainest one, with independent blocks and nothing optional, which every Kafka client takes.
 */
import { corruptCompression } from './compression-error.ts';

/** A frame's blocks, none decompressed yet. */
export interface Lz4Frame {
  /** Whether the blocks can be decompressed one by one: independent, and no checksum to verify. */
  readonly isPlain: boolean;
  readonly blocks: readonly Lz4Block[];
}

export interface Lz4Block {
  /** Bounds of the block's data in the frame's bytes. */
  readonly start: number;
  readonly end: number;
  readonly isStored: boolean;
  /** Most bytes that it can decompress to. */
  readonly sizeMax: number;
}

const frameMagic = 0x184d2204;
/** Version 1, independent blocks, no checksum, content size or dictionary. */
const plainFlags = 0x60;
const storedBit = 0x80000000;
/** Block sizes that can be declared, and the header checksum of a plain frame with each. */
const blockSizes = [
  { id: 4, bytes: 64 * 1024, headerChecksum: 0x82 },
  { id: 5, bytes: 256 * 1024, headerChecksum: 0xfb },
  { id: 6, bytes: 1024 * 1024, headerChecksum: 0x51 },
  { id: 7, bytes: 4 * 1024 * 1024, headerChecksum: 0x73 },
] as const;
/** A sequence's length grows by at most 255 with each byte. */
const ratioMax = 255;
const headerBytes = 7;

/** In how large pieces `contentBytes` of content are compressed. Readers reserve as much, so at most 1 MiB. */
export function blockBytesFor(contentBytes: number): number {
  return Math.min((blockSizes.find(({ bytes }) => bytes >= contentBytes) ?? blockSizes[3]).bytes, blockSizes[2].bytes);
}

/**
 * Puts blocks of `blockBytes` content each in a plain frame. A block not smaller than its content is stored as that.
 */
export function writeFrame(
  blockBytes: number,
  blocks: readonly { readonly content: Uint8Array; readonly compressed: Uint8Array }[],
): Uint8Array {
  let size = headerBytes + 4;
  for (const { content, compressed } of blocks) size += 4 + Math.min(content.length, compressed.length);
  const frame = Buffer.allocUnsafeSlow(size);
  const blockSize = blockSizes.find(({ bytes }) => bytes === blockBytes) ?? blockSizes[3];
  frame.writeUInt32LE(frameMagic, 0);
  frame[4] = plainFlags;
  frame[5] = blockSize.id << 4;
  frame[6] = blockSize.headerChecksum;
  let at = headerBytes;
  for (const { content, compressed } of blocks) {
    const isStored = compressed.length >= content.length;
    const data = isStored ? content : compressed;
    at = frame.writeUInt32LE(isStored ? data.length + storedBit : data.length, at);
    frame.set(data, at);
    at += data.length;
  }
  frame.writeUInt32LE(0, at);
  return frame;
}

/** Finds the blocks of the frame that begins `bytes`. Throws `CompressionError` when it is none, or not all there. */
export function readFrame(bytes: Uint8Array): Lz4Frame {
  if (bytes.length < headerBytes || readUint32(bytes, 0) !== frameMagic) {
    throw corruptCompression('lz4', 'it does not begin with a frame');
  }
  const flags = bytes[4]!;
  const blockSize = blockSizes.find(({ id }) => id << 4 === bytes[5]);
  if (blockSize === undefined) throw corruptCompression('lz4', 'its header declares no valid block size');
  const isPlain = flags === plainFlags;
  if (isPlain && bytes[6] !== blockSize.headerChecksum) {
    throw corruptCompression('lz4', 'its header does not fit its checksum');
  }
  const blockChecksumBytes = (flags & 0x10) === 0 ? 0 : 4;
  const blocks: Lz4Block[] = [];
  let position = headerBytes + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
  while (position + 4 <= bytes.length) {
    const blockHeader = readUint32(bytes, position);
    if (blockHeader === 0) return { isPlain, blocks };
    const isStored = blockHeader >= storedBit;
    const size = isStored ? blockHeader - storedBit : blockHeader;
    const start = position + 4;
    const end = start + size;
    if (size > blockSize.bytes) break;
    blocks.push({ start, end, isStored, sizeMax: isStored ? size : Math.min(size * ratioMax, blockSize.bytes) });
    position = end + blockChecksumBytes;
  }
  throw corruptCompression('lz4', 'its last block is cut off, or larger than declared');
}

/** What a block decompresses to: the sum of its sequences' literals and matches. */
export function decodedSize(bytes: Uint8Array, { start, end, isStored }: Lz4Block): number {
  if (isStored) return end - start;
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
