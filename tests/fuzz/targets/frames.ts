/**
 * How bytes of a socket become frames: whatever the chunks, the frames must be those that a plain reading of all the
 * bytes gives, up to the first length that is refused.
 */
import assert from 'node:assert/strict';
import { isMillraceError } from '@millrace/base';
import { FrameSplitter } from '@millrace/wire';
import type { FuzzTarget } from '../fuzz-target.ts';

const frameBytesMax = 1024;
/** Longer ones show nothing new. */
const streamBytesMax = 4096;

/** An input is a byte for the size of chunks, then what arrives at a socket. */
export const frames: FuzzTarget = {
  name: 'frames',
  inputs: 30_000,
  seeds: () =>
    [1, 3, 4, 5, 11, 64, 255].map((chunk) => {
      const sizes = [4, 200, 5, 1024, 9, 7];
      return Buffer.concat([Buffer.from([chunk]), ...sizes.map((size) => framed(Buffer.alloc(size, size)))]);
    }),
  run(input) {
    const stream = input.subarray(1, streamBytesMax);
    const chunks = chunksOf(stream, input[0] || 1);
    const found: Uint8Array[] = [];
    const splitter = new FrameSplitter(frameBytesMax, (frame) => found.push(frame));
    const refused = refuses(() => {
      for (const chunk of chunks) splitter.push(chunk);
    });
    assertFrames(found, refused, plainFrames(stream));
    return `${Math.min(found.length, 5)} ${refused}`;
  },
};

interface PlainFrames {
  readonly frames: readonly Uint8Array[];
  readonly refused: boolean;
}

/** The frames in all of the bytes; a length below 4 or beyond the bound is refused. */
function plainFrames(stream: Uint8Array): PlainFrames {
  const found: Uint8Array[] = [];
  const bytes = Buffer.from(stream);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readInt32BE(at);
    if (length < 4 || length > frameBytesMax) return { frames: found, refused: true };
    if (at + 4 + length > bytes.length) break;
    found.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { frames: found, refused: false };
}

function assertFrames(found: readonly Uint8Array[], refused: boolean, expected: PlainFrames): void {
  assert.equal(refused, expected.refused);
  assert.equal(found.map(hex).join(' '), expected.frames.map(hex).join(' '));
}

function refuses(read: () => void): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return true;
  }
}

function chunksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

function framed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
