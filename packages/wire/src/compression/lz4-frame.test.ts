import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lz4CompressSync, lz4DecompressSync } from './lz4.ts';
import { blockBytesFor, decodedSize, readFrame } from './lz4-frame.ts';

const KiB = 1024;

/** Random bytes at first, zeros after: one block that can't be compressed, and two that can. */
function content(): Buffer {
  const bytes = Buffer.alloc(3 * 1024 * KiB);
  for (let i = 0, state = 1; i < 1024 * KiB; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

test('content is cut into blocks of the smallest size that holds it, of 1 MiB at most', () => {
  assert.deepEqual([0, 64 * KiB, 64 * KiB + 1, 256 * KiB + 1, 5000 * KiB].map(blockBytesFor), [
    64 * KiB,
    64 * KiB,
    256 * KiB,
    1024 * KiB,
    1024 * KiB,
  ]);
});

test('a block that does not get smaller is stored, the others declare what they hold', () => {
  const bytes = lz4CompressSync(content());
  const { isPlain, blocks } = readFrame(bytes);
  assert.equal(isPlain, true);
  assert.deepEqual(
    blocks.map(({ isStored }) => isStored),
    [true, false, false],
  );
  assert.deepEqual(
    blocks.map((block) => decodedSize(bytes, block)),
    [1024 * KiB, 1024 * KiB, 1024 * KiB],
  );
  assert.equal(Buffer.compare(lz4DecompressSync(bytes, 3 * 1024 * KiB), content()), 0);
});

test('a header that was changed is refused', () => {
  const whole = lz4CompressSync(content());
  for (const [at, value] of [
    [0, 5],
    [5, 0x30],
    [5, 0x61],
    [5, 0x70],
    [6, 0x50],
  ] as const) {
    const bytes = Uint8Array.from(whole);
    bytes[at] = value;
    assert.throws(() => readFrame(bytes), { code: 'corrupt_compression' }, `byte ${at}`);
  }
});

test('a frame must end with its mark, and hold its blocks whole and no larger than declared', () => {
  const whole = Buffer.from(lz4CompressSync(content()));
  const second = readFrame(whole).blocks[1]!;
  for (const length of [whole.length - 1, whole.length - 4, second.end - 1, second.start - 1, 7]) {
    assert.throws(() => readFrame(whole.subarray(0, length)), { code: 'corrupt_compression' }, `cut at ${length}`);
  }
  const large = Buffer.concat([whole.subarray(0, 7), Buffer.alloc(4 + 1024 * KiB + 1), Buffer.alloc(4)]);
  large.writeUInt32LE(0x80000000 + 1024 * KiB + 1, 7);
  assert.throws(() => readFrame(large), { code: 'corrupt_compression' });
  large.writeUInt32LE(0x80000000 + 1024 * KiB, 7);
  large.writeUInt32LE(0, 7 + 4 + 1024 * KiB);
  assert.equal(readFrame(large).blocks.length, 1);
});
