/**
 * LZ4 in frames, as Kafka takes them.
 *
 * Plain frames are taken apart and put together here, and their blocks worked on one by one: the native module's
 * functions for whole frames take about twice as long as those for blocks. Where there is little content a call of
 * the native module costs more than the work, so that is decompressed in JavaScript; of compressing so little the
 * function for frames is the faster one.
 *
 * Frames do not have to declare their content size. The sequences of plain frames are walked for it before memory is
 * reserved. Others get an upper bound of it, and are walked only when that passes the limit: what is refused is too
 * large for sure.
 */
import { corruptCompression, decompressedTooLarge } from './compression-error.ts';
import { decompressBlock } from './lz4-block.ts';
import { blockBytesFor, decodedSize, type Lz4Block, type Lz4Frame, readFrame, writeFrame } from './lz4-frame.ts';
import { loadNativeCodec } from './native-codec.ts';

/** The block functions' compressed side begins with the uncompressed size, 32 bits, little-endian. */
interface Lz4 {
  compressFrameSync(input: Uint8Array): Buffer;
  compressFrame(input: Uint8Array): Promise<Buffer>;
  compressSync(input: Uint8Array): Buffer;
  compress(input: Uint8Array): Promise<Buffer>;
  uncompressSync(input: Uint8Array): Buffer;
  uncompress(input: Uint8Array): Promise<Buffer>;
  decompressFrameSync(input: Uint8Array): Buffer;
  decompressFrame(input: Uint8Array): Promise<Buffer>;
}

const sizePrefixBytes = 4;
/** From this much content on it is compressed in blocks of our own. */
const byBlockBytesMin = 2 * 1024;
/** Up to this much content is decompressed in JavaScript. */
const inScriptBytesMax = 4 * 1024;

let codec: Lz4 | undefined;

export function lz4CompressSync(bytes: Uint8Array): Uint8Array {
  if (bytes.length < byBlockBytesMin) return native().compressFrameSync(bytes);
  const blockBytes = blockBytesFor(bytes.length);
  const blocks = pieces(bytes, blockBytes).map((content) => ({
    content,
    compressed: native().compressSync(content).subarray(sizePrefixBytes),
  }));
  return writeFrame(blockBytes, blocks);
}

export async function lz4Compress(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length < byBlockBytesMin) return native().compressFrame(bytes);
  const blockBytes = blockBytesFor(bytes.length);
  const blocks = pieces(bytes, blockBytes).map(async (content) => ({
    content,
    compressed: (await native().compress(content)).subarray(sizePrefixBytes),
  }));
  return writeFrame(blockBytes, await Promise.all(blocks));
}

export function lz4DecompressSync(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const frame = frameWithin(bytes, bytesMax);
  if (isLittle(frame)) return decompressLittle(bytes, frame);
  try {
    if (!frame.isPlain) return native().decompressFrameSync(bytes);
    return join(
      frame.blocks.map((block) =>
        block.isStored ? bytes.subarray(block.start, block.end) : native().uncompressSync(withSize(bytes, block)),
      ),
    );
  } catch (error) {
    throw toCorrupt(error);
  }
}

export async function lz4Decompress(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const frame = frameWithin(bytes, bytesMax);
  if (isLittle(frame)) return decompressLittle(bytes, frame);
  try {
    if (!frame.isPlain) return await native().decompressFrame(bytes);
    return join(
      await Promise.all(
        frame.blocks.map((block) =>
          block.isStored ? bytes.subarray(block.start, block.end) : native().uncompress(withSize(bytes, block)),
        ),
      ),
    );
  } catch (error) {
    throw toCorrupt(error);
  }
}

function native(): Lz4 {
  codec ??= loadNativeCodec<Lz4>('lz4', 'lz4-napi');
  return codec;
}

function isLittle(frame: Lz4Frame): boolean {
  return frame.isPlain && totalSizeMax(frame.blocks) <= inScriptBytesMax;
}

/** In memory of a pool, which small views share. */
function decompressLittle(bytes: Uint8Array, { blocks }: Lz4Frame): Uint8Array {
  const content = Buffer.allocUnsafe(totalSizeMax(blocks));
  let at = 0;
  for (const { start, end, isStored } of blocks) {
    if (isStored) {
      content.set(bytes.subarray(start, end), at);
      at += end - start;
    } else {
      at = decompressBlock(bytes, start, end, content, at);
    }
  }
  return content.subarray(0, at);
}

/** The frame in `bytes`, whose blocks' `sizeMax` add up to `bytesMax` at most; where it is plain they are exact. */
function frameWithin(bytes: Uint8Array, bytesMax: number): Lz4Frame {
  const frame = readFrame(bytes);
  if (!frame.isPlain && totalSizeMax(frame.blocks) <= bytesMax) return frame;
  const blocks = frame.blocks.map((block) => ({ ...block, sizeMax: decodedSize(bytes, block) }));
  if (totalSizeMax(blocks) > bytesMax) throw decompressedTooLarge('lz4', bytesMax);
  return { isPlain: frame.isPlain, blocks };
}

function totalSizeMax(blocks: readonly Lz4Block[]): number {
  return blocks.reduce((total, { sizeMax }) => total + sizeMax, 0);
}

/** The block's data behind the size that the native module shall reserve for it. */
function withSize(bytes: Uint8Array, { start, end, sizeMax }: Lz4Block): Uint8Array {
  const prefixed = Buffer.allocUnsafeSlow(sizePrefixBytes + end - start);
  prefixed.writeUInt32LE(sizeMax, 0);
  prefixed.set(bytes.subarray(start, end), sizePrefixBytes);
  return prefixed;
}

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  if (bytes.length <= size) return bytes.length === 0 ? [] : [bytes];
  const result: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += size) result.push(bytes.subarray(start, start + size));
  return result;
}

function join(parts: Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function toCorrupt(error: unknown): Error {
  return corruptCompression('lz4', error instanceof Error ? error.message : String(error), error);
}
