/**
 * Message sets of magic 0 and 1, alone, in wrappers, and mixed with batches of v2. Method: they are written here by a
 * plain writer after Kafka's protocol guide, converted, and read back from the outgoing batches.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { isMillraceError } from '@millrace/base';
import { type Compression, compressionId, compressSync, RecordBatch, RecordBatchBuilder } from '@millrace/wire';
import fc from 'fast-check';
import { plainRecords } from '../testing/source-log.ts';
import { conversionLimitsDefault } from './conversion-limits.ts';
import { convertChunk } from './convert-chunk.ts';
import type { ConvertedChunk } from './outgoing-batch.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

interface Message {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

function written(magic: 0 | 1, attributes: number, { offset, timestamp, key, value }: Message): Buffer {
  const field = (content: Uint8Array | null) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(content?.length ?? -1);
    return [length, content ?? Buffer.alloc(0)];
  };
  const time = Buffer.alloc(magic === 1 ? 8 : 0);
  if (magic === 1) time.writeBigInt64BE(BigInt(timestamp));
  const covered = Buffer.concat([Buffer.of(magic, attributes), time, ...field(key), ...field(value)]);
  const prefix = Buffer.alloc(16);
  prefix.writeBigInt64BE(BigInt(offset));
  prefix.writeInt32BE(covered.length + 4, 8);
  prefix.writeUInt32BE(crc32(covered), 12);
  return Buffer.concat([prefix, covered]);
}

/** `stamp`: the time that the wrapper says all its messages have. */
function wrapped(magic: 0 | 1, type: Compression, messages: readonly Message[], stamp?: number): Buffer {
  const first = (messages[0] as Message).offset;
  const inner = messages.map((message) =>
    written(magic, 0, magic === 1 ? { ...message, offset: message.offset - first } : message),
  );
  const value = Buffer.from(compressSync(type, Buffer.concat(inner)));
  // What Kafka's old clients wrote as the checksum of a frame's header.
  if (magic === 0 && type === 'lz4') value[6]! ^= 0x5a;
  const { offset, timestamp } = messages.at(-1) as Message;
  const attributes = compressionId(type) | (stamp === undefined ? 0 : 0x08);
  return written(magic, attributes, { offset, timestamp: stamp ?? timestamp, key: null, value });
}

function v2(messages: readonly Message[]): Uint8Array {
  const builder = new RecordBatchBuilder();
  const baseOffset = (messages[0] as Message).offset;
  for (const { offset, timestamp, key, value } of messages) {
    builder.append(timestamp, key, value, [], offset - baseOffset);
  }
  return Uint8Array.from(builder.build({ baseOffset }));
}

function readBack({ batches }: ConvertedChunk): unknown[] {
  return batches.flatMap(({ bytes, runs }) => {
    const offsets = runs.flatMap(({ offset, count }) => Array.from({ length: count }, (_, i) => offset + i));
    new RecordBatch(bytes).verifyCrc();
    return plainRecords(new RecordBatch(bytes)).map(([, { timestamp, key, value }], i) => [
      offsets[i],
      timestamp,
      key,
      value,
    ]);
  });
}

const field = fc.option(fc.uint8Array({ maxLength: 30 }));
const entries = fc.array(
  fc.record({
    kind: fc.constantFrom('single', 'wrapper', 'stamped', 'v2'),
    magic: fc.constantFrom(0 as const, 1 as const),
    compression: fc.constantFrom('gzip' as const, 'snappy' as const, 'lz4' as const),
    gaps: fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2 ** 32) }), {
      minLength: 1,
      maxLength: 5,
    }),
    time: fc.integer({ min: -1, max: 2 ** 41 }),
    key: field,
    value: field,
  }),
  { minLength: 1, maxLength: 6 },
);
type Entry = typeof entries extends fc.Arbitrary<readonly (infer Item)[]> ? Item : never;

function logOf(drafts: readonly Entry[], start: number): { parts: Uint8Array[]; records: [number, ...unknown[]][] } {
  let offset = start;
  const parts: Uint8Array[] = [];
  const records: [number, ...unknown[]][] = [];
  for (const { kind, magic, compression, gaps, time, key, value } of drafts) {
    const isSingle = kind === 'single';
    const messages = (isSingle ? gaps.slice(0, 1) : gaps).map((gap, i) => {
      // Offsets within a wrapper and within a batch of v2 are 32 bits wide.
      offset += isSingle ? gap : gap % 1000;
      return { offset: offset++, timestamp: time + i, key, value };
    });
    const stamp = kind === 'stamped' && magic === 1 ? 77_000 : undefined;
    if (kind === 'v2') parts.push(v2(messages));
    else if (isSingle) parts.push(written(magic, 0, messages[0] as Message));
    else parts.push(wrapped(magic, compression, messages, stamp));
    for (const message of messages) {
      const timestamp = kind !== 'v2' && magic === 0 ? -1 : (stamp ?? message.timestamp);
      records.push([
        message.offset,
        timestamp,
        ...[key, value].map((bytes) => bytes && Buffer.from(bytes).toString('hex')),
      ]);
    }
  }
  return { parts, records };
}

/** Fetches again and again as long as there is something left. */
async function convertAll(bytes: Uint8Array, start: number, limits = conversionLimitsDefault): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let from = start; ; ) {
    const result = await convertChunk({ bytes: Uint8Array.from(bytes), from, aborted: [] }, limits);
    found.push(...readBack(result));
    if (result.nextOffset === from) return found;
    from = result.nextOffset;
  }
}

test('messages of magic 0 and 1 become records of v2, at their offsets and times', async () => {
  await fc.assert(
    fc.asyncProperty(entries, fc.nat(2 ** 40), fc.nat(4), async (drafts, start, skip) => {
      const { parts, records } = logOf(drafts, start);
      const from = start + skip;
      const expected = records.filter(([offset]) => offset >= from);
      assert.deepEqual(await convertAll(Buffer.concat(parts), from), expected);
    }),
    { numRuns: Math.ceil(300 * scale) },
  );
});

test('a message that the end cuts off is left for the next fetch', async () => {
  const messages = [5, 6, 7].map((offset) => ({ offset, timestamp: 9, key: null, value: Buffer.from('value') }));
  const bytes = Buffer.concat(messages.map((message) => written(1, 0, message)));
  const size = bytes.length / 3;
  for (let end = 0; end <= bytes.length; end++) {
    const { nextOffset } = await convertChunk(
      { bytes: bytes.subarray(0, end), from: 5, aborted: [] },
      conversionLimitsDefault,
    );
    assert.equal(nextOffset, 5 + Math.floor(end / size), `cut at ${end}`);
  }
});

test('what comes before a damaged message is converted, and the damage is named from there on', async () => {
  const messages = [5, 6, 7].map((offset) => ({ offset, timestamp: 9, key: null, value: Buffer.from('value') }));
  const bytes = Buffer.concat(messages.map((message) => written(0, 0, message)));
  bytes[bytes.length - 1]! ^= 1;
  const { nextOffset, batches } = await convertChunk({ bytes, from: 5, aborted: [] }, conversionLimitsDefault);
  assert.equal(nextOffset, 7);
  assert.deepEqual(batches[0]?.runs, [{ offset: 5, count: 2 }]);
  const again = async () => convertChunk({ bytes, from: 7, aborted: [] }, conversionLimitsDefault);
  await assert.rejects(again, { code: 'corrupt_record' });
});

test('changed messages end in batches or in an error of the project', async () => {
  const limits = { ...conversionLimitsDefault, decompressedBytesMax: 100_000 };
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(entries, changes, async (drafts, edits) => {
      const parts = logOf(drafts, 3).parts.map((part) => Buffer.from(part));
      for (const [at, value] of edits) {
        const part = parts[at % parts.length] as Buffer;
        part[(at >>> 4) % part.length] = value;
        // Who changes bytes can change checksums too.
        if ((part[16] ?? 2) < 2) part.writeUInt32BE(crc32(part.subarray(16)), 12);
      }
      try {
        await convertAll(Buffer.concat(parts), 3, limits);
      } catch (error) {
        if (!isMillraceError(error)) throw error;
      }
    }),
    { numRuns: Math.ceil(1000 * scale) },
  );
});
