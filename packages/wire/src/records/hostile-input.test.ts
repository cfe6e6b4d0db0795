/**
 * Batches whose bytes were changed at random, read in every way there is. Method: a second reader, written for clarity
 * alone, says for each input what the records are or that there are none; the real one must agree. Checksums are not
 * verified, since who changes bytes can change them too.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { RecordBatch, readBatches } from './record-batch.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';
import * as header from './record-batch-header.ts';
import { Records } from './records.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

function seedBatch(compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd', valueLength = 10): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < 12; i++) {
    builder.append(
      1000 + i * 40,
      i % 3 === 0 ? null : `key-${i}`,
      i % 5 === 4 ? null : 'v'.repeat(valueLength * i),
      i % 4 === 0
        ? [
            { key: `h${i}`, value: 'w' },
            { key: 'n', value: null },
          ]
        : [],
    );
  }
  return Uint8Array.from(builder.build({ compression }));
}

type Fields = [
  offsetDelta: number,
  timestampDelta: bigint,
  key: string | null,
  value: string | null,
  headers: unknown[],
];

/** The records in `bytes`, or undefined if they are not exactly `count` well-formed ones. */
function readPlainly(bytes: Uint8Array, count: number, lastOffsetDelta: number): Fields[] | undefined {
  let at = 0;
  const number = (bits: number): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > (bits === 32 ? 28n : 63n)) throw new RangeError('number');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (value >= 1n << BigInt(bits)) throw new RangeError('wide');
    const signed = (value >> 1n) ^ -(value & 1n);
    if (signed >= 2n ** 53n || signed <= -(2n ** 53n)) throw new RangeError('unsafe');
    return signed;
  };
  const field = (nullable: boolean): string | null => {
    const length = Number(number(32));
    if (length === -1 && nullable) return null;
    if (length < 0 || at + length > bytes.length) throw new RangeError('field');
    at += length;
    return Buffer.from(bytes.subarray(at - length, at)).toString('hex');
  };
  try {
    const records: Fields[] = [];
    for (let i = 0; i < count; i++) {
      const size = Number(number(32));
      const end = at + size;
      if (size < 1 || end > bytes.length) throw new RangeError('size');
      at++;
      const timestampDelta = number(64);
      const offsetDelta = Number(number(32));
      if (offsetDelta < 0 || offsetDelta > lastOffsetDelta) throw new RangeError('offset');
      const key = field(true);
      const value = field(true);
      const headers: unknown[] = [];
      const headerCount = Number(number(32));
      if (headerCount < 0) throw new RangeError('headers');
      for (let h = 0; h < headerCount; h++) headers.push([field(false), field(true)]);
      if (at !== end) throw new RangeError('end');
      records.push([offsetDelta, timestampDelta, key, value, headers]);
    }
    return at === bytes.length ? records : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
}

/** Likewise through `Records`; anything thrown but an error of the project's own fails the test. */
function readReally(bytes: Uint8Array, count: number, lastOffsetDelta: number): Fields[] | undefined {
  const records = new Records({
    bytes,
    count,
    baseOffset: 0,
    lastOffsetDelta,
    baseTimestamp: 0,
    logAppendTime: undefined,
  });
  try {
    return Array.from(records, (record) => [
      record.offset,
      BigInt(record.timestamp),
      hex(record.key),
      hex(record.value),
      record.headers.map(({ key, value }) => [Buffer.from(key).toString('hex'), hex(value)]),
    ]);
  } catch (error) {
    if (isMillraceError(error, 'corrupt_record')) return undefined;
    throw error;
  }
}

const changes = fc.array(
  fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff))),
  { maxLength: 5 },
);

function changed(bytes: Uint8Array, edits: readonly (readonly [number, number])[], cut: number): Uint8Array {
  const result = bytes.slice(0, cut % 8 === 0 ? cut % (bytes.length + 1) : bytes.length);
  // No header key may hold bytes over 0x7f here: as text they would not come back as the same bytes.
  for (const [at, value] of edits) if (result.length > 0) result[at % result.length] = value;
  return result;
}

/** Header keys are text: what is not UTF-8 is compared after the same replacement. */
function withKeysAsText(records: Fields[] | undefined): unknown {
  return records?.map(([offset, timestamp, key, value, headers]) => [
    offset,
    timestamp,
    key,
    value,
    (headers as [string, string | null][]).map(([name, content]) => [
      Buffer.from(Buffer.from(name, 'hex').toString('utf8')).toString('hex'),
      content,
    ]),
  ]);
}

test('changed records are read or refused as by a plain reader', () => {
  const seeds = [seedBatch('none'), seedBatch('none', 0), seedBatch('none', 900)].map((batch) =>
    batch.subarray(header.batchHeaderBytes),
  );
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      changes,
      fc.nat(),
      fc.integer({ min: 11, max: 13 }),
      (seed, edits, cut, count) => {
        const bytes = changed(seed, edits, cut);
        const expected = withKeysAsText(readPlainly(bytes, count, 12));
        assert.deepEqual(withKeysAsText(readReally(bytes, count, 12)), expected);
        if (expected === undefined) refused++;
        else accepted++;
      },
    ),
    { numRuns: Math.ceil(4000 * scale) },
  );
  assert.ok(accepted > 0 && refused > 0, `${accepted} accepted, ${refused} refused`);
});

test('any bytes are read or refused as records, as by a plain reader', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 3 }), (bytes, count) => {
      assert.deepEqual(withKeysAsText(readReally(bytes, count, 5)), withKeysAsText(readPlainly(bytes, count, 5)));
    }),
    { numRuns: Math.ceil(3000 * scale) },
  );
});

test('changed batches of every compression end in records or in an error of the project', () => {
  const seeds = (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).map((compression) => seedBatch(compression, 30));
  fc.assert(
    fc.property(fc.constantFrom(...seeds), changes, fc.nat(), (seed, edits, cut) => {
      const bytes = changed(seed, edits, cut);
      const started = performance.now();
      try {
        for (const batch of readBatches(bytes)) {
          for (const record of batch.records({ maxDecompressedBytes: 65_536 })) {
            void [record.offset, record.timestamp, record.key, record.valueText(), record.headers, record.copy()];
          }
          batch.verifyCrc();
        }
      } catch (error) {
        if (!isMillraceError(error)) throw error;
      }
      assert.ok(performance.now() - started < 10_000, 'reading took over ten seconds');
    }),
    { numRuns: Math.ceil(4000 * scale) },
  );
});

test('a count of two billion takes neither memory nor time', () => {
  const bytes = Buffer.from(seedBatch('none'));
  bytes.writeInt32BE(0x7fffffff, header.batchHeaderLayout.recordCount);
  bytes.writeInt32BE(0x7fffffff, header.batchHeaderLayout.lastOffsetDelta);
  const started = performance.now();
  const heapBefore = process.memoryUsage().heapUsed;
  assert.throws(() => new RecordBatch(bytes).records().check(), { code: 'corrupt_record' });
  assert.ok(performance.now() - started < 5_000);
  assert.ok(process.memoryUsage().heapUsed - heapBefore < 8 * 1024 * 1024);
});
