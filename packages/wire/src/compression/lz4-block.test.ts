import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { CompressionError } from './compression-error.ts';
import { lz4CompressSync, lz4DecompressSync } from './lz4.ts';
import { decompressBlock } from './lz4-block.ts';
import { decodedSize } from './lz4-frame.ts';

/** The native module on blocks alone, whose compressed side begins with the size, is the oracle. */
const oracle = createRequire(import.meta.url)('lz4-napi') as {
  compressSync(content: Uint8Array): Buffer;
  uncompressSync(block: Uint8Array): Buffer;
};

/** What compresses: pieces of a few words, runs of one byte, and noise. */
const content = fc
  .array(
    fc.oneof(
      fc.constantFrom('{"id":', '"amount":', 'true,', 'millrace').map((word) => Buffer.from(word)),
      fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 700 })).map(([byte, length]) => Buffer.alloc(length, byte)),
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));

test('a block holds what was compressed, wherever it lies and is written to', () => {
  fc.assert(
    fc.property(content, fc.nat(9), fc.nat(9), (bytes, before, offset) => {
      const block = oracle.compressSync(bytes).subarray(4);
      const around = Buffer.concat([Buffer.alloc(before, 0xff), block, Buffer.alloc(3, 0xff)]);
      const target = new Uint8Array(offset + bytes.length + 1).fill(0xee);
      assert.equal(decompressBlock(around, before, before + block.length, target, offset), offset + bytes.length);
      assert.deepEqual(Buffer.from(target.subarray(offset, -1)), bytes);
      assert.equal(target[offset + bytes.length], 0xee);
    }),
  );
});

test('a damaged block is refused, or gives what the native module gives', () => {
  let refused = 0;
  fc.assert(
    fc.property(
      content,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (bytes, changes) => {
        const whole = oracle.compressSync(bytes);
        for (const [at, value] of changes) if (whole.length > 4) whole[4 + (at % (whole.length - 4))] = value;
        const block = { start: 4, end: whole.length, isStored: false, sizeMax: 0 };
        const target = Buffer.alloc(decodedSize(whole, block));
        whole.writeUInt32LE(target.length, 0);
        let end: number;
        try {
          end = decompressBlock(whole, 4, whole.length, target, 0);
        } catch (error) {
          assert.ok(error instanceof CompressionError, String(error));
          refused++;
          return;
        }
        assert.deepEqual(target.subarray(0, end), oracle.uncompressSync(whole));
      },
    ),
  );
  assert.ok(refused > 0, 'no damage was seen');
});

test('little content and much pass through frames alike, stored blocks too', () => {
  fc.assert(
    fc.property(content, fc.nat(200), (bytes, times) => {
      const all = Buffer.concat(Array.from({ length: times }, () => bytes));
      assert.equal(Buffer.compare(lz4DecompressSync(lz4CompressSync(all), all.length), all), 0);
    }),
    { numRuns: 50 },
  );
});
