import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import {
  decodeJournalChunk,
  decodeJournalKey,
  encodeJournalChunk,
  encodeJournalKey,
  type JournalChunk,
} from './journal-record.ts';
import type { Losses } from './losses.ts';
import { type OffsetRun, routed } from './offset-run.ts';
import { PartitionOffsetMap } from './partition-offset-map.ts';
import type { Standstill } from './standstill.ts';

const rounds = { numRuns: Math.ceil(500 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

const topicId = 'MDEyMzQ1Njc4OWFiY2RlZg';
const offset = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat().map((value) => Math.floor(value / 4)),
);
const plain = { noNullPrototype: true };
const distance = fc.oneof(fc.nat(3), fc.nat(70_000), fc.nat(2 ** 31 - 1));

const route = fc.option(fc.constantFrom('east', 'nørd'), { nil: undefined, freq: 1 });

const lossesOf: fc.Arbitrary<Losses> = fc.record(
  {
    offsets: offset.map((value) => value + 1),
    ranges: fc.array(
      fc
        .tuple(offset, fc.integer({ min: 1, max: 70_000 }), fc.nat(2 ** 45), fc.constantFrom('deleted', 'too-large'))
        .map(([from, count, at, reason]) => ({ from, to: from + count, reason, at })),
      { maxLength: 20 },
    ),
  },
  plain,
);

const standstillOf: fc.Arbitrary<Standstill> = fc
  .tuple(offset, fc.nat(70_000), fc.nat(2 ** 45), fc.constantFrom('deleted', 'source-truncated', 'refused'))
  .map(([from, count, at, reason]) => ({ reason, from, to: from + count, at }));

const chunks: fc.Arbitrary<JournalChunk> = fc
  .record({
    producerId: fc.oneof(fc.constant(-1), offset),
    epoch: fc.integer({ min: -1, max: 32767 }),
    confirmed: fc.record({ source: offset, target: offset, sequence: fc.nat(2 ** 31 - 1) }, plain),
    topicId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    epochs: fc.array(fc.record({ epoch: fc.integer({ min: -1, max: 2 ** 31 - 1 }), start: offset }, plain), {
      maxLength: 5,
    }),
    losses: fc.option(lossesOf, { nil: undefined }),
    standstill: fc.option(standstillOf, { nil: undefined }),
    start: fc.tuple(offset, offset),
    steps: fc.array(fc.tuple(distance, distance, distance, route), { maxLength: 40 }),
  })
  .map(({ start, steps, epochs, losses, standstill, ...rest }) => {
    let [source, target] = start;
    const runs: OffsetRun[] = [];
    for (const [sourceGap, targetGap, count, via] of steps) {
      source += sourceGap;
      target += targetGap;
      runs.push(routed({ source, target, count }, via));
      source += count;
      target += count;
    }
    const names = runs.some(({ via }) => via !== undefined) ? { targetTopic: 'orders' } : {};
    const known = {
      ...(epochs.length > 0 && { sourceEpochs: epochs }),
      ...(losses !== undefined && { losses }),
      ...(standstill !== undefined && { standstill }),
    };
    return { ...rest, ...known, ...names, runs };
  });

function isCorrupt(error: unknown): boolean {
  return isMillraceError(error, 'journal_record_corrupt');
}

test('a chunk decodes to what was encoded', () => {
  fc.assert(
    fc.property(chunks, (chunk) => {
      assert.deepEqual(decodeJournalChunk(encodeJournalChunk(chunk)), chunk);
    }),
    rounds,
  );
});

test('a key decodes to what was encoded', () => {
  const topic = fc.oneof(fc.stringMatching(/^[a-zA-Z0-9._-]{1,249}$/), fc.string({ unit: 'grapheme' }));
  const keys = fc.record({ topic, partition: fc.nat(2 ** 31 - 1), chunk: fc.maxSafeNat() }, plain);
  fc.assert(
    fc.property(keys, (key) => assert.deepEqual(decodeJournalKey(encodeJournalKey(key)), key)),
    rounds,
  );
});

test('a chunk has these bytes', () => {
  const chunk = {
    producerId: 4000,
    epoch: 7,
    confirmed: { source: 300, target: 200, sequence: 0 },
    topicId,
    sourceEpochs: [
      { epoch: 6, start: 90 },
      { epoch: -1, start: 300 },
    ],
    runs: [
      { source: 100, target: 2, count: 100 },
      { source: 201, target: 102, count: 0 },
      { source: 201, target: 110, count: 9 },
    ],
  };
  const bytes = Buffer.from(encodeJournalChunk(chunk)).toString('hex');
  const head = ['a11f', '08', 'ac02', 'c801', '00', Buffer.from(topicId, 'base64url').toString('hex')];
  const tail = ['6402', 'c80100', '0001', '130008'];
  assert.equal(bytes, ['02', ...head, '02', '075a', '00ac02', '00', ...tail].join(''));
  const ranges = [{ from: 7, to: 9, reason: 'invalid-time', at: 300 }] as const;
  assert.equal(
    Buffer.from(encodeJournalChunk({ ...chunk, losses: { offsets: 130, ranges } })).toString('hex'),
    ['03', ...head, '02', '075a', '00ac02', '8201', '01', '070202ac02', '00', ...tail].join(''),
  );
  const standstill = { reason: 'too-large', from: 300, to: 301, at: 300 } as const;
  assert.equal(
    Buffer.from(encodeJournalChunk({ ...chunk, standstill })).toString('hex'),
    ['04', ...head, '02', '075a', '00ac02', '0000', '01', 'ac02', '01', 'ac02', '00', ...tail].join(''),
  );
  const { sourceEpochs: _, ...earlier } = chunk;
  const decoded = (...parts: readonly string[]): JournalChunk => decodeJournalChunk(Buffer.from(parts.join(''), 'hex'));
  assert.deepEqual(decoded('00', ...head, ...tail), earlier);
  const [first, ...others] = chunk.runs as [OffsetRun, ...OffsetRun[]];
  const names = ['02', '0178', '0161'];
  assert.deepEqual(decoded('01', ...head, ...names, '6402', '01c80100', '000001', '00130008'), {
    ...earlier,
    targetTopic: 'x',
    runs: [routed(first, 'a'), ...others],
  });
  assert.equal(
    Buffer.from(encodeJournalKey({ topic: 'orders', partition: 3, chunk: 130 })).toString('hex'),
    ['00', '06', '6f7264657273', '03', '8201'].join(''),
  );
});

test('a chunk of another version, cut off or with a number too large is refused', () => {
  const bytes = encodeJournalChunk({
    producerId: 1,
    epoch: 1,
    confirmed: { source: 9, target: 9, sequence: 9 },
    topicId,
    runs: [{ source: 5, target: 5, count: 100 }],
  });
  assert.throws(() => decodeJournalChunk(Uint8Array.of(5, ...bytes.subarray(1))), isCorrupt);
  // Without any run it is whole.
  const whole = new Set([bytes.length, bytes.length - 5]);
  for (let length = 0; length < bytes.length; length++) {
    if (whole.has(length)) assert.deepEqual(decodeJournalChunk(bytes.subarray(0, length)).runs, []);
    else assert.throws(() => decodeJournalChunk(bytes.subarray(0, length)), isCorrupt, `${length} bytes`);
  }
  const far = Buffer.alloc(8, 0xff);
  assert.throws(() => decodeJournalChunk(Buffer.concat([Uint8Array.of(2), far, Uint8Array.of(0x7f)])), isCorrupt);
  assert.throws(
    () => decodeJournalChunk(Buffer.concat([bytes, Buffer.from('80feffffffffffff0f00', 'hex')])),
    isCorrupt,
  );
  assert.throws(() => decodeJournalKey(Uint8Array.of(0, 2, 0xff, 0xfe, 0, 0)), isCorrupt);
  assert.throws(() => decodeJournalKey(Uint8Array.of(0, 1, 0x61, 0, 0, 0)), isCorrupt);
});

test('hostile bytes are refused, or decode to ascending runs of no more than half their number', () => {
  const damaged = chunks.chain((chunk) => {
    const bytes = encodeJournalChunk(chunk);
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    return changes.map((list) => {
      const changed = Uint8Array.from(bytes);
      for (const [position, value] of list) changed[position] = value;
      return changed;
    });
  });
  const noise = fc.uint8Array({ maxLength: 200 });
  const input = fc.oneof(
    damaged,
    noise,
    noise.map((bytes) => Uint8Array.of(0, ...bytes)),
  );
  fc.assert(
    fc.property(input, (bytes) => {
      for (const decode of [decodeJournalChunk, decodeJournalKey]) {
        let decoded: ReturnType<typeof decode>;
        try {
          decoded = decode(bytes);
        } catch (error) {
          assert.ok(isCorrupt(error), String(error));
          continue;
        }
        if ('topic' in decoded) continue;
        assert.ok(decoded.runs.length * 2 <= bytes.length);
        const map = new PartitionOffsetMap();
        for (const run of decoded.runs) map.append(run);
        assert.ok(Number.isSafeInteger(map.endSource) && Number.isSafeInteger(map.endTarget));
      }
    }),
    { numRuns: rounds.numRuns * 4 },
  );
});

test('takes as many bytes per million records as its docstring says', (context) => {
  const million = 1_000_000;
  const shapes = [
    { shape: 'dense', records: million, gap: 0, bytes: [34, 60] },
    { shape: 'one marker per 100 records', records: 100, gap: 1, bytes: [29_000, 31_000] },
    { shape: 'every 10th record missing', records: 9, gap: 1, bytes: [220_000, 225_000] },
  ] as const;
  for (const { shape, records, gap, bytes } of shapes) {
    const map = new PartitionOffsetMap();
    while (map.endTarget < million) {
      map.append({ source: map.endSource + (map.endSource === 0 ? 0 : gap), target: map.endTarget, count: records });
    }
    const confirmed = { source: map.endSource, target: map.endTarget, sequence: 123_456 };
    const encoded = encodeJournalChunk({ producerId: 100_000, epoch: 12, confirmed, topicId, runs: map.runs });
    const perMillion = (encoded.length / map.endTarget) * million;
    context.diagnostic(`${shape}: ${Math.round(perMillion)} bytes per million records`);
    assert.ok(perMillion >= bytes[0] && perMillion <= bytes[1], `${shape}: ${perMillion}`);
  }
});
