import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CorruptRecordError } from './corrupt-record-error.ts';
import type { Record } from './record.ts';
import { RecordBatch } from './record-batch.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';
import { Records } from './records.ts';

/** Records over raw bytes, given in hex, as a header with these claims would have them read. */
function recordsOver(hex: string, count: number, lastOffsetDelta = Math.max(count - 1, 0)): Records {
  return new Records({
    bytes: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
    count,
    baseOffset: 0,
    lastOffsetDelta,
    baseTimestamp: 0,
    logAppendTime: undefined,
  });
}

function batchOf(append: (builder: RecordBatchBuilder) => void): RecordBatch {
  const builder = new RecordBatchBuilder();
  append(builder);
  return new RecordBatch(builder.build());
}

/** The first record. */
function first(records: Iterable<Record>): Record {
  for (const record of records) return record;
  assert.fail('there is no record');
}

test('views of key, value and header values share the memory of the batch', () => {
  const batch = batchOf((builder) => builder.append(0, 'key', 'value', [{ key: 'h', value: 'header' }]));
  const record = first(batch.records());
  for (const view of [record.key, record.value, record.headers[0]!.value]) {
    assert.equal(view?.buffer, batch.bytes.buffer);
  }
  record.value!.set([0x57], 0);
  assert.equal(record.valueText(), 'Walue');
});

test('a copy neither depends on its batch nor keeps its memory', () => {
  const batch = batchOf((builder) => {
    builder.append(5, null, 'x'.repeat(10_000));
    builder.append(7, 'key', 'value', [
      { key: 'h', value: 'header' },
      { key: 'n', value: null },
    ]);
    builder.append(9, 'k', null);
  });
  const copies = [...batch.records()].map((record) => record.copy());
  batch.bytes.fill(0xff);
  const [, copy, tombstone] = copies as [Record, Record, Record];
  assert.equal(copy.offset, 1);
  assert.equal(copy.timestamp, 7);
  assert.equal(copy.keyText(), 'key');
  assert.equal(copy.valueText(), 'value');
  assert.deepEqual(
    copy.headers.map(({ key, value }) => [key, value === null ? null : Buffer.from(value).toString()]),
    [
      ['h', 'header'],
      ['n', null],
    ],
  );
  assert.ok(copy.value!.buffer.byteLength < 64, 'the copy has memory of its own size');
  assert.equal(tombstone.keyText(), 'k');
  assert.equal(tombstone.value, null);
  assert.equal(tombstone.headerCount, 0);
  assert.equal(copy.copy().valueText(), 'value');
});

test('null and empty are told apart in key and value', () => {
  const records = batchOf((builder) => {
    builder.append(0, null, null);
    builder.append(0, '', new Uint8Array(0));
  }).records();
  const [nothing, empty] = [...records] as [Record, Record];
  assert.deepEqual([nothing.key, nothing.value, nothing.keyText(), nothing.valueText()], [null, null, null, null]);
  assert.deepEqual([nothing.keyLength, nothing.valueLength], [-1, -1]);
  assert.deepEqual(
    [empty.key, empty.value, empty.keyText(), empty.valueText()],
    [new Uint8Array(), new Uint8Array(), '', ''],
  );
  assert.deepEqual([empty.keyLength, empty.valueLength], [0, 0]);
});

test('text that is not UTF-8 is decoded with replacement characters', () => {
  const record = first(batchOf((builder) => builder.append(0, null, Uint8Array.of(0x61, 0xff, 0x62))).records());
  assert.equal(record.valueText(), 'a\ufffdb');
});

test('records are iterated as often as wanted, each time from the start, and no further than wanted', () => {
  const records = batchOf((builder) => {
    for (let i = 0; i < 5; i++) builder.append(i, null, `v${i}`);
  }).records();
  assert.equal(first(records).valueText(), 'v0');
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(
      Array.from(records, (record) => record.valueText()),
      ['v0', 'v1', 'v2', 'v3', 'v4'],
    );
  }
  const iterator = records[Symbol.iterator]();
  while (!iterator.next().done);
  assert.deepEqual(iterator.next(), { done: true, value: undefined });
});

test('header keys that change from record to record are not mistaken for those before', () => {
  const batch = batchOf((builder) => {
    for (const key of ['one', 'two', 'one', 'once', '', 'o'.repeat(40), `${'o'.repeat(39)}x`]) {
      builder.append(0, null, null, [
        { key, value: null },
        { key: 'same', value: 'v' },
      ]);
    }
  });
  assert.deepEqual(
    Array.from(batch.records(), (record) => record.headers.map(({ key }) => key).join()),
    ['one', 'two', 'one', 'once', '', 'o'.repeat(40), `${'o'.repeat(39)}x`].map((key) => `${key},same`),
  );
});

/** A record: size, attributes, timestamp delta, offset delta, key length, key, value length, value, header count. */
const plain = '12 00 00 00 02 61 04 6263 00';

test('a well-formed record in hex is read, as the ground for those below that are not', () => {
  const records = recordsOver(plain, 1);
  records.check();
  assert.equal(first(records).keyText(), 'a');
  assert.equal(first(records).valueText(), 'bc');
});

test('records that contradict themselves are refused', () => {
  const cases: readonly (readonly [what: string, hex: string, count: number, says: RegExp])[] = [
    ['fewer records than claimed', plain, 2, /end within a number/],
    ['more records than claimed', plain + plain, 1, /10 bytes remain/],
    ['a byte after the last record', `${plain}00`, 1, /1 bytes remain/],
    ['no record where one is claimed', '', 1, /end within a number/],
    ['a record where none is claimed', plain, 0, /10 bytes remain/],
    ['a size of nothing', '00', 1, /claims 0 bytes/],
    ['a negative size', '11 00 00 00 02 61 04 6263 00', 1, /claims -9 bytes/],
    ['a size beyond the bytes', '14 00 00 00 02 61 04 6263 00', 1, /claims 10 bytes/],
    ['a size within the fields', '10 00 00 00 02 61 04 6263 00', 1, /do not fill it/],
    ['a size beyond the fields', '14 00 00 00 02 61 04 6263 00 00', 1, /do not fill it/],
    ['a size that never ends', 'ffffffffffff', 1, /does not fit 32 bits/],
    ['a key longer than the record', '12 00 00 00 40 61 04 6263 00', 1, /end within a number/],
    ['a key of length -2', '0c 00 00 00 03 01 00', 1, /do not fill it/],
    ['a key as long as memory', '14 00 00 00 feffffff0f 00 00', 1, /end within a number/],
    ['a value longer than the record', '12 00 00 00 02 61 08 6263 00', 1, /end within a number/],
    ['a value of length -2', '0c 00 00 00 01 03 00', 1, /do not fill it/],
    ['a value shorter than the record', '12 00 00 00 02 61 02 62 00 00', 1, /do not fill it/],
    ['no number of headers', '10 00 00 00 02 61 04 6263', 1, /end within a number/],
    ['no number of headers before another record', `10 00 00 00 02 61 04 6263 ${plain}`, 2, /end within a number/],
    ['a header that is not there', '12 00 00 00 02 61 04 6263 02', 1, /end within a number/],
    ['-1 headers', '12 00 00 00 02 61 04 6263 01', 1, /claims -1 headers/],
    ['headers as many as memory', '14 00 00 00 01 01 feffffff0f', 1, /end within a number/],
    ['a header key of length -1', '10 00 00 00 01 01 02 01 00', 1, /header's key claims -1/],
    ['a header value of length -2', '10 00 00 00 01 01 02 00 03', 1, /header's value claims -2/],
    ['a header value longer than the record', '10 00 00 00 01 01 02 00 04', 1, /do not fill it/],
    ['an offset after the last of the batch', '12 00 00 02 02 61 04 6263 00', 1, /offset delta 1/],
    ['an offset before the batch', '12 00 00 01 02 61 04 6263 00', 1, /offset delta -1/],
    ['a timestamp beyond numbers', '1c 00 ffffffffffffffff7f 00 01 01 00', 1, /beyond 2\^53/],
  ];
  for (const [what, hex, count, says] of cases) {
    const records = recordsOver(hex, count);
    assert.throws(() => records.check(), CorruptRecordError, what);
    assert.throws(
      () => {
        for (const record of records) record.valueText();
      },
      { code: 'corrupt_record', message: says },
      what,
    );
  }
});

test('headers of a well-formed record in hex are read', () => {
  const records = recordsOver('14 00 00 00 01 01 04 00 01 00 00', 1);
  assert.deepEqual(first(records).headers, [
    { key: '', value: null },
    { key: '', value: new Uint8Array() },
  ]);
});

test('a batch that claims more records than offsets, or a negative number, is refused', () => {
  const bytes = Buffer.from(batchOf((builder) => builder.append(0, null, 'v')).slice);
  for (const count of [2, 0x7fffffff, -1, -0x80000000]) {
    bytes.writeInt32BE(count, 57);
    assert.throws(() => new RecordBatch(bytes).records(), { code: 'corrupt_record' }, `count ${count}`);
  }
  bytes.writeInt32BE(0, 57);
  bytes.writeInt32BE(-1, 23);
  assert.throws(() => new RecordBatch(bytes).records(), { code: 'corrupt_record' });
});
