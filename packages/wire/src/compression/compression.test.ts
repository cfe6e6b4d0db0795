import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createGzip, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import {
  type Compression,
  CompressionError,
  compress,
  compressionId,
  compressionOfId,
  compressions,
  compressSync,
  decompress,
  decompressSync,
} from './index.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const MiB = 1024 * 1024;

/** Text of `length` bytes that compresses about as records do. */
function text(length: number): Buffer {
  const lines: string[] = [];
  for (let i = 0, size = 0; size < length; i++) {
    const line = `{"id":${(i * 2_654_435_761) % 1_000_003},"status":"active","page":"/item/${i % 97}"}\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('').slice(0, length));
}

/** Bytes that no codec makes smaller. */
function noise(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Whole chunks of zeros compressed as a stream, which neither codec ends with a content size known in front. */
async function zeros(codec: NodeJS.ReadWriteStream, chunkCount: number): Promise<Buffer> {
  const chunk = new Uint8Array(MiB);
  for (let i = 0; i < chunkCount; i++) codec.write(chunk);
  codec.end();
  const parts: Buffer[] = [];
  for await (const part of codec) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

test('types have the ids of the attributes, and unknown ids are refused', () => {
  assert.deepEqual(compressions.map(compressionId), [0, 1, 2, 3, 4]);
  assert.deepEqual([0, 1, 2, 3, 4].map(compressionOfId), compressions);
  assert.throws(() => compressionOfId(5), { code: 'unsupported_compression', compression: '5' });
  assert.throws(() => compressionOfId(7), CompressionError);
});

test('every codec gives back what it took, in and off the calling thread', async () => {
  for (const size of [0, 1, 100, 16_384, 65_536, 65_537, 300_000]) {
    const content = text(size);
    for (const type of compressions) {
      const sync = compressSync(type, content);
      const off = await compress(type, content);
      assert.deepEqual(decompressSync(type, off, size), Buffer.from(content), `${type} ${size}`);
      assert.deepEqual(await decompress(type, sync, size), Buffer.from(content), `${type} ${size}`);
      if (size >= 16_384 && type !== 'none') assert.ok(sync.length < size / 2, `${type} compressed to ${sync.length}`);
    }
  }
});

test('content of several blocks survives every codec, compressible or not', async () => {
  const content = Buffer.concat([text(900_000), noise(1_300_000), text(900_000)]);
  for (const type of codecs) {
    const frame = compressSync(type, content);
    assert.ok(
      decompressSync(type, frame, content.length).every((byte, i) => byte === content[i]),
      type,
    );
    assert.ok(
      (await decompress(type, await compress(type, content), content.length)).every((byte, i) => byte === content[i]),
    );
  }
});

test('any bytes survive every codec', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000, size: 'max' }), fc.constantFrom(...codecs), (content, type) => {
      assert.deepEqual(
        Buffer.from(decompressSync(type, compressSync(type, content), content.length)),
        Buffer.from(content),
      );
    }),
    { numRuns: Math.ceil(200 * scale) },
  );
});

test('a level is heeded where the codec has one', () => {
  const content = text(100_000);
  for (const type of ['gzip', 'zstd'] as const) {
    assert.ok(compressSync(type, content, 9).length < compressSync(type, content, 1).length, type);
  }
});

test('frames of other programs are read, up to the limit and not a byte beyond', () => {
  const frames: readonly { compression: Compression; writtenBy: string; base64: string; times: number }[] = JSON.parse(
    readFileSync(new URL('./foreign-frames.json', import.meta.url), 'utf8'),
  );
  const lines = Array.from({ length: 10_000 }, (_, i) => `line ${i % 7}\n`).join('');
  assert.deepEqual(new Set(frames.map(({ compression }) => compression)), new Set(codecs));
  for (const { compression, writtenBy, base64, times } of frames) {
    const expected = Buffer.from(lines.repeat(times));
    const frame = Buffer.from(base64, 'base64');
    assert.deepEqual(Buffer.from(decompressSync(compression, frame, expected.length)), expected, writtenBy);
    assert.throws(
      () => decompressSync(compression, frame, expected.length - 1),
      { code: 'decompressed_too_large' },
      writtenBy,
    );
  }
});

test('lz4 frames are of the kind that Kafka takes', () => {
  for (const size of [10, 100_000, 200_000, 1_000_000, 5_000_000]) {
    const frame = Buffer.from(compressSync('lz4', text(size)));
    assert.equal(frame.readUInt32LE(0), 0x184d2204);
    // Version 01, independent blocks, nothing optional: the one byte that a reader without those options accepts.
    assert.equal(frame[4], 0x60, `${size} bytes`);
    const blockSizeId = frame[5]! >>> 4;
    assert.ok(blockSizeId >= 4 && blockSizeId <= 6 && (frame[5]! & 0x8f) === 0, `block descriptor ${frame[5]}`);
    assert.equal(frame[6], { 4: 0x82, 5: 0xfb, 6: 0x51 }[blockSizeId], 'the header checksum');
    assert.equal(frame.readUInt32LE(frame.length - 4), 0, 'the end mark');
  }
});

test('snappy is framed as by snappy-java', () => {
  const frame = Buffer.from(compressSync('snappy', text(1000)));
  assert.equal(frame.toString('hex', 0, 16), '82534e41505059000000000100000001');
  assert.equal(frame.readInt32BE(16), frame.length - 20);
});

test('a small bomb is refused by each codec, within the limit’s memory', async () => {
  const zstdBomb = await zeros(createZstdCompress(), 256);
  const gzipBomb = await zeros(createGzip({ level: 1 }), 128);
  const lz4Block = lz4BlockOfZeros();
  const bombs: readonly (readonly [Compression, Buffer])[] = [
    ['zstd', zstdBomb],
    ['gzip', gzipBomb],
    ['lz4', Buffer.concat([lz4Block.head, ...Array<Buffer>(256).fill(lz4Block.block), Buffer.alloc(4)])],
    // A block that claims 4 GiB less one byte, with the header of 256 MiB worth of copies.
    ['snappy', Buffer.concat([Buffer.from('8080808001', 'hex'), Buffer.alloc(13 * MiB, 'fe0100', 'hex')])],
  ];
  const before = process.resourceUsage().maxRSS;
  for (const [type, bomb] of bombs) {
    const started = performance.now();
    assert.throws(() => decompressSync(type, bomb, MiB), { code: 'decompressed_too_large', compression: type });
    await assert.rejects(decompress(type, bomb, MiB), { code: 'decompressed_too_large', compression: type });
    assert.ok(performance.now() - started < 5000, `${type} took ${performance.now() - started} ms`);
  }
  const grownKiB = process.resourceUsage().maxRSS - before;
  assert.ok(grownKiB < 64 * 1024, `refusing took ${grownKiB} KiB`);
});

/** The header of an lz4 frame with blocks of 1 MiB, and such a block of zeros. */
function lz4BlockOfZeros(): { head: Buffer; block: Buffer } {
  const frame = Buffer.from(compressSync('lz4', new Uint8Array(MiB)));
  const size = frame.readUInt32LE(7);
  assert.equal(frame.length, 7 + 4 + size + 4, 'one block');
  return { head: frame.subarray(0, 7), block: frame.subarray(7, 7 + 4 + size) };
}

test('a content size that zstd declares is checked before anything is decompressed', () => {
  const frame = zstdCompressSync(text(5000));
  // Two bytes of content size at 5, which lack 256: 5000 becomes 60000, which the content contradicts.
  assert.equal(frame.readUInt16LE(5) + 256, 5000);
  frame.writeUInt16LE(60_000 - 256, 5);
  assert.throws(() => decompressSync('zstd', frame, 59_999), { code: 'decompressed_too_large' });
  assert.throws(() => decompressSync('zstd', frame, 60_000), { code: 'corrupt_compression' });
});

test('a length that snappy’s bytes could never hold is refused without taking memory for it', () => {
  for (const head of ['ffffffff0f', '8080800f']) {
    const block = Buffer.from(`${head}00aa`, 'hex');
    const refused = { code: 'corrupt_compression', message: /claims to hold/ };
    assert.throws(() => decompressSync('snappy', block, 2 ** 33), refused);
    const chunk = Buffer.concat([
      Buffer.from('82534e415050590000000001000000010000', 'hex'),
      Buffer.of(0, block.length),
      block,
    ]);
    assert.throws(() => decompressSync('snappy', chunk, 2 ** 33), refused);
  }
});

test('truncated input is refused by each codec', () => {
  const content = text(20_000);
  for (const type of codecs) {
    const whole = compressSync(type, content);
    for (const length of [0, 1, 5, 8, 18, whole.length >> 1]) {
      assert.throws(
        () => decompressSync(type, whole.subarray(0, length), MiB),
        { code: 'corrupt_compression' },
        `${type} ${length}`,
      );
    }
  }
});

test('mutated input gives other bytes or a CompressionError, never more than the limit', () => {
  const whole = [
    ...codecs.map((type) => [type, compressSync(type, text(3000)), 8192] as const),
    ['lz4', compressSync('lz4', text(140_000)), 200_000] as const,
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...whole),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      ([type, bytes, bytesMax], changes, cut) => {
        const mutated = bytes.slice(0, cut % 3 === 0 ? cut % bytes.length : bytes.length);
        for (const [at, value] of changes) if (mutated.length > 0) mutated[at % mutated.length] = value;
        try {
          assert.ok(decompressSync(type, mutated, bytesMax).length <= bytesMax);
        } catch (error) {
          if (!isMillraceError(error)) throw error;
          assert.ok(error.code === 'corrupt_compression' || error.code === 'decompressed_too_large', error.code);
        }
      },
    ),
    { numRuns: Math.ceil(3000 * scale) },
  );
});
