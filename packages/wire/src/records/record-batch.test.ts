import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildControlBatch, readControlRecord } from './control-batch.ts';
import { RecordBatch, readBatches } from './record-batch.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';
import * as header from './record-batch-header.ts';

/**
 * Batches that other implementations made of four records; `foreign-batches.json` names the program and its version.
 */
const foreign: { readonly [name: string]: string } = JSON.parse(
  readFileSync(new URL('./foreign-batches.json', import.meta.url), 'utf8'),
);
const firstTimestamp = 1_700_000_000_000;

function foreignBatch(name: string): Buffer {
  const hex = foreign[name];
  assert.ok(hex !== undefined, `foreign-batches.json holds no ${name}`);
  return Buffer.from(hex, 'hex');
}

/** The four records as the other implementations were given them; their header APIs differ in what they can say. */
function expectedRecords(writer: string): unknown[] {
  const hex = (text: string): string => Buffer.from(text).toString('hex');
  const headers: { readonly [writer: string]: readonly (readonly [string, string | null])[] } = {
    kafkajs: [
      ['trace', hex('a')],
      ['trace', hex('b')],
      ['grün', ''],
    ],
    '@platformatic/kafka': [
      ['trace', '0001'],
      ['grün', ''],
    ],
  };
  const full = [
    ['trace', '0001'],
    ['trace', null],
    ['grün', ''],
  ];
  return [
    [0, firstTimestamp, null, 'value 0 '.repeat(8), []],
    [1, firstTimestamp + 5000, 'key-1', 'value 1 '.repeat(8), []],
    [2, firstTimestamp + 10_000, 'key-2', 'value 2 '.repeat(8), headers[writer] ?? full],
    [3, firstTimestamp - 5000, 'key-3', null, []],
  ];
}

function describe(batch: RecordBatch): unknown[] {
  return [...batch.records()].map((record) => [
    record.offset,
    record.timestamp,
    record.keyText(),
    record.valueText(),
    record.headers.map(({ key, value }) => [key, value === null ? null : Buffer.from(value).toString('hex')]),
  ]);
}

function batchOf(...values: string[]): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const value of values) builder.append(firstTimestamp, null, value);
  return builder.build();
}

test('batches of every other implementation, in every compression, are read to the last field', () => {
  const seen = new Set<string>();
  for (const name of Object.keys(foreign)) {
    const [writer, compression] = name.split(/ [0-9.]+, /) as [string, string];
    if (writer === 'librdkafka' || compression === 'abort' || compression === 'empty') continue;
    const batch = new RecordBatch(foreignBatch(name));
    batch.verifyCrc();
    assert.equal(batch.compression, compression, name);
    assert.equal(batch.recordCount, 4, name);
    assert.equal(batch.producerId, 4711, name);
    assert.equal(batch.producerEpoch, 3, name);
    assert.equal(batch.baseTimestamp, firstTimestamp, name);
    assert.equal(batch.maxTimestamp, firstTimestamp + 10_000, name);
    assert.deepEqual(describe(batch), expectedRecords(writer), name);
    seen.add(`${writer} ${compression}`);
  }
  assert.equal(seen.size, 17);
});

test('batches of librdkafka, in every compression, are read to the last field', () => {
  const batches = Object.keys(foreign).filter((name) => name.startsWith('librdkafka'));
  assert.equal(batches.length, 5);
  for (const name of batches) {
    const batch = new RecordBatch(foreignBatch(name));
    batch.verifyCrc();
    assert.ok(name.endsWith(`, ${batch.compression}`), name);
    assert.deepEqual(
      Array.from(batch.records(), (record) => [
        record.keyText(),
        record.valueText(),
        record.headers.map(({ key, value }) => `${key}=${value}`),
      ]),
      [0, 1, 2, 3].map((i) => [`key-${i}`, `value ${i} `.repeat(8), ['trace=97,98,99']]),
      name,
    );
  }
});

test('an uncompressed batch is byte for byte that of kafka-clients', () => {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < 4; i++) {
    const timestamp = firstTimestamp + i * 5000 - (i === 3 ? 20_000 : 0);
    const headers = [
      { key: 'trace', value: Uint8Array.of(0, 1) },
      { key: 'trace', value: null },
      { key: 'grün', value: '' },
    ];
    builder.append(
      timestamp,
      i === 0 ? null : `key-${i}`,
      i === 3 ? null : `value ${i} `.repeat(8),
      i === 2 ? headers : [],
    );
  }
  const built = builder.build({ producerId: 4711, producerEpoch: 3, baseSequence: 12, partitionLeaderEpoch: 5 });
  assert.equal(Buffer.from(built).toString('hex'), foreign['kafka-clients 4.1.1, none']);
});

test('a control batch is byte for byte that of kafka-clients', () => {
  const built = buildControlBatch({
    type: 'abort',
    coordinatorEpoch: 9,
    producerId: 4711,
    producerEpoch: 3,
    timestamp: firstTimestamp,
    baseOffset: 7,
    partitionLeaderEpoch: 5,
  });
  const expected = foreignBatch('kafka-clients 4.1.1, abort');
  assert.equal(Buffer.from(built).toString('hex'), expected.toString('hex'));
  assert.deepEqual(readControlRecord(new RecordBatch(expected)), { type: 'abort', typeId: 0, coordinatorEpoch: 9 });
});

test('a batch that compaction emptied has offsets and no records', () => {
  const batch = new RecordBatch(foreignBatch('kafka-clients 4.1.1, empty'));
  batch.verifyCrc();
  assert.equal(batch.baseOffset, 100);
  assert.equal(batch.lastOffset, 109);
  assert.equal(batch.recordCount, 0);
  assert.deepEqual([...batch.records()], []);
});

test('readBatches yields whole batches and tells the length of a cut-off last one', () => {
  const parts = [batchOf('a', 'b'), batchOf('c'), batchOf('d'.repeat(100))].map((part) => Buffer.from(part));
  const whole = Buffer.concat(parts);
  for (let end = 0; end <= whole.length; end++) {
    const batches = readBatches(whole.subarray(0, end));
    const found = [...batches];
    let size = 0;
    let count = 0;
    for (const part of parts) {
      if (size + part.length > end) break;
      size += part.length;
      count++;
    }
    assert.equal(found.length, count, `end ${end}`);
    assert.equal(batches.trailingBytes, end - size, `end ${end}`);
    assert.deepEqual(
      found.map((batch) => batch.position),
      [0, parts[0]!.length, parts[0]!.length + parts[1]!.length].slice(0, count),
    );
  }
});

test('readBatches refuses an older message set, and a length that would not lead on', () => {
  const old = Buffer.concat([batchOf('a'), batchOf('b')]);
  const second = old.length / 2;
  old[second + header.batchHeaderLayout.magic] = 1;
  assert.throws(() => [...readBatches(old)], { code: 'unsupported_record_format', position: second });
  const stuck = Buffer.from(batchOf('a'));
  stuck.writeInt32BE(-12, header.batchHeaderLayout.batchLength);
  assert.throws(() => [...readBatches(stuck)], { code: 'corrupt_record', position: 0 });
});

test('a batch must lie there whole', () => {
  const bytes = batchOf('value');
  assert.throws(() => new RecordBatch(bytes.subarray(0, bytes.length - 1)), { code: 'corrupt_record' });
  assert.throws(() => new RecordBatch(bytes, bytes.length), { code: 'corrupt_record' });
});

test('every flipped bit that the checksum covers is noticed', () => {
  const bytes = Buffer.from(batchOf('some', 'values'));
  for (let at = header.batchHeaderLayout.crc; at < bytes.length; at++) {
    for (const bit of [0x01, 0x80]) {
      bytes[at]! ^= bit;
      assert.throws(() => new RecordBatch(bytes).verifyCrc(), { code: 'corrupt_record' }, `byte ${at}`);
      bytes[at]! ^= bit;
    }
  }
  new RecordBatch(bytes).verifyCrc();
});

test('records take the broker’s time when the batch says LogAppendTime', () => {
  const builder = new RecordBatchBuilder();
  builder.append(1000, null, 'a');
  builder.append(2000, null, 'b');
  const bytes = builder.build();
  header.setLogAppendTime(bytes, 0, 5555);
  header.updateCrc(bytes, 0);
  const batch = new RecordBatch(bytes);
  batch.verifyCrc();
  assert.equal(batch.timestampType, 'LogAppendTime');
  assert.deepEqual(
    [...batch.records()].map((record) => [record.timestamp, record.copy().timestamp]),
    [
      [5555, 5555],
      [5555, 5555],
    ],
  );
});

test('flags of a batch are read one by one', () => {
  const bytes = batchOf('a');
  const flags = (): unknown[] => {
    const batch = new RecordBatch(bytes);
    return [batch.isTransactional, batch.isControl, batch.hasDeleteHorizon, batch.timestampType];
  };
  const at = header.batchHeaderLayout.attributes + 1;
  assert.deepEqual(flags(), [false, false, false, 'CreateTime']);
  bytes[at] = 0x10;
  assert.deepEqual(flags(), [true, false, false, 'CreateTime']);
  bytes[at] = 0x20;
  assert.deepEqual(flags(), [false, true, false, 'CreateTime']);
  bytes[at] = 0x40;
  assert.deepEqual(flags(), [false, false, true, 'CreateTime']);
  bytes[at] = 0x08;
  assert.deepEqual(flags(), [false, false, false, 'LogAppendTime']);
});

test('records over the limit of the caller are refused, compressed or not, on either thread', async () => {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < 100; i++) builder.append(0, null, 'v'.repeat(2000));
  const plainBytes = builder.sizeInBytes - header.batchHeaderBytes;
  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const batch = new RecordBatch(builder.build({ compression }));
    assert.equal(batch.compression, compression);
    assert.equal(batch.records({ maxDecompressedBytes: plainBytes }).sizeInBytes, plainBytes);
    const tooFew = { maxDecompressedBytes: plainBytes - 1 };
    assert.throws(() => batch.records(tooFew), { code: 'decompressed_too_large' }, compression);
    await assert.rejects(batch.recordsAsync(tooFew), { code: 'decompressed_too_large' }, compression);
  }
});

test('a compression that Kafka does not know is refused when records are asked for', () => {
  const bytes = batchOf('a');
  bytes[header.batchHeaderLayout.attributes + 1] = 6;
  assert.throws(() => new RecordBatch(bytes).records(), { code: 'unsupported_compression' });
});

test('a view of a batch answers only its own bytes', () => {
  const bytes = Buffer.concat([batchOf('a'), batchOf('bb')]);
  const [first, second] = readBatches(bytes);
  assert.deepEqual(Buffer.concat([first!.slice, second!.slice]), bytes);
  assert.equal(second!.slice.buffer, bytes.buffer);
});
