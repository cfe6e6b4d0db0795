import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '../wire-error.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter, type EncodedFrame } from './byte-writer.ts';

/** Enough for every kind of value to meet the end of a slab many times. */
const manyBytes = 200_000;

function joined({ chunks, byteLength }: EncodedFrame): Buffer {
  const bytes = Buffer.concat(chunks);
  assert.equal(bytes.length, byteLength);
  return bytes;
}

/** Every way to write a value, with the way to read it back. */
const steps: readonly (readonly [
  write: (writer: ByteWriter) => void,
  read: (reader: ByteReader) => unknown,
  value: unknown,
])[] = [
  [(w) => w.bool(true), (r) => r.bool(), true],
  [(w) => w.int8(-3), (r) => r.int8(), -3],
  [(w) => w.int16(-300), (r) => r.int16(), -300],
  [(w) => w.uint16(60_000), (r) => r.uint16(), 60_000],
  [(w) => w.int32(-70_000), (r) => r.int32(), -70_000],
  [(w) => w.uint32(4e9), (r) => r.uint32(), 4e9],
  [(w) => w.int64(-(2 ** 40)), (r) => r.int64(), -(2 ** 40)],
  [(w) => w.int64(Number.POSITIVE_INFINITY), (r) => r.int64(), Number.POSITIVE_INFINITY],
  [(w) => w.float64(0.1), (r) => r.float64(), 0.1],
  [(w) => w.uuid('BBBBBBBBBBBBBBBBBBBBBA'), (r) => r.uuid(), 'BBBBBBBBBBBBBBBBBBBBBA'],
  [(w) => w.uvarint(300), (r) => r.uvarint(), 300],
  [(w) => w.string('sévère'), (r) => r.string(), 'sévère'],
  [(w) => w.compactNullableString('x'), (r) => r.compactNullableString(), 'x'],
  [(w) => w.bytes(Buffer.from('bytes')), (r) => Buffer.from(r.bytes()).toString(), 'bytes'],
  [(w) => w.tagged(1, (t) => t.int16(5)), (r) => [r.uvarint(), r.uvarint(), r.int16()], [1, 2, 5]],
];

test('values on both sides of the end of a slab are as written', () => {
  for (let shift = 0; shift < steps.length; shift++) {
    const writer = new ByteWriter();
    let count = 0;
    for (let index = shift; writer.byteLength < manyBytes; index++, count++) steps[index % steps.length]?.[0](writer);
    const reader = new ByteReader(joined(writer.finish()));
    for (let index = shift; index < shift + count; index++) {
      const [, read, value] = steps[index % steps.length] as (typeof steps)[number];
      assert.deepEqual(read(reader), value);
    }
    reader.expectEnd();
  }
});

test('a message that was handed over does not change when more are written', () => {
  const writer = new ByteWriter();
  const frames: EncodedFrame[] = [];
  for (let message = 0; message < 30_000; message++) {
    for (let field = 0; field < 1 + (message % 5); field++) writer.int32(message);
    frames.push(writer.finish());
  }
  for (const [message, frame] of frames.entries()) {
    const reader = new ByteReader(joined(frame));
    while (reader.remaining > 0) assert.equal(reader.int32(), message);
  }
});

function refused(write: (writer: ByteWriter) => void): void {
  const writer = new ByteWriter();
  assert.throws(
    () => write(writer),
    (error) => error instanceof WireError && error.code === 'unencodable_value',
  );
}

function hex(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return joined(writer.finish()).toString('hex');
}

test('integers are written at the ends of their range', () => {
  assert.equal(
    hex((w) => [-128, 127, -1, 0].map((value) => w.int8(value))),
    '807fff00',
  );
  assert.equal(
    hex((w) => [-(2 ** 15), 2 ** 15 - 1, -1].map((value) => w.int16(value))),
    '80007fffffff',
  );
  assert.equal(
    hex((w) => [0, 2 ** 16 - 1].map((value) => w.uint16(value))),
    '0000ffff',
  );
  assert.equal(
    hex((w) => [-(2 ** 31), 2 ** 31 - 1, -1].map((value) => w.int32(value))),
    '800000007fffffffffffffff',
  );
  assert.equal(
    hex((w) => [0, 2 ** 32 - 1].map((value) => w.uint32(value))),
    '00000000ffffffff',
  );
  assert.equal(
    hex((w) => w.int64(2 ** 53 - 1)),
    '001fffffffffffff',
  );
  assert.equal(
    hex((w) => w.int64(-(2 ** 53) + 1)),
    'ffe0000000000001',
  );
  assert.equal(
    hex((w) => w.int64(-1)),
    'ffffffffffffffff',
  );
  assert.equal(
    hex((w) => w.int64(Number.POSITIVE_INFINITY)),
    '7fffffffffffffff',
  );
});

test('numbers outside the range, fractions and what is no number are refused', () => {
  const nothings = [0.5, Number.NaN, Number.NEGATIVE_INFINITY, null, undefined, '1'] as number[];
  for (const value of [128, -129, Number.POSITIVE_INFINITY, ...nothings]) refused((w) => w.int8(value));
  for (const value of [2 ** 15, -(2 ** 15) - 1, Number.POSITIVE_INFINITY, ...nothings]) refused((w) => w.int16(value));
  for (const value of [2 ** 16, -1, Number.POSITIVE_INFINITY, ...nothings]) refused((w) => w.uint16(value));
  for (const value of [2 ** 31, -(2 ** 31) - 1, Number.POSITIVE_INFINITY, ...nothings]) refused((w) => w.int32(value));
  for (const value of [2 ** 32, -1, Number.POSITIVE_INFINITY, ...nothings]) refused((w) => w.uint32(value));
  for (const value of [2 ** 53, -(2 ** 53), ...nothings]) refused((w) => w.int64(value));
});

test('unsigned varints take seven bits a byte', () => {
  const vectors = {
    0: '00',
    127: '7f',
    128: '8001',
    300: 'ac02',
    16383: 'ff7f',
    16384: '808001',
    4294967295: 'ffffffff0f',
  };
  for (const [value, bytes] of Object.entries(vectors))
    assert.equal(
      hex((w) => w.uvarint(Number(value))),
      bytes,
    );
});

test('text is written as UTF-8 with its length in bytes', () => {
  assert.equal(
    hex((w) => w.string('')),
    '0000',
  );
  assert.equal(
    hex((w) => w.string('aé€😀')),
    `000a${Buffer.from('aé€😀').toString('hex')}`,
  );
  assert.equal(
    hex((w) => w.compactString('aé€😀')),
    `0b${Buffer.from('aé€😀').toString('hex')}`,
  );
  assert.equal(
    hex((w) => w.compactString('x'.repeat(127))),
    `8001${'78'.repeat(127)}`,
  );
  assert.equal(
    hex((w) => w.nullableString(null)),
    'ffff',
  );
  assert.equal(
    hex((w) => w.compactNullableString(null)),
    '00',
  );
  for (const length of [0, 1, 39, 40, 41, 126, 127, 128, 32_767]) {
    for (const text of ['x'.repeat(length), `${'x'.repeat(Math.max(0, length - 2))}é`]) {
      const bytes = Buffer.from(text);
      assert.equal(
        hex((w) => w.string(text)),
        `${bytes.length.toString(16).padStart(4, '0')}${bytes.toString('hex')}`,
      );
      assert.ok(hex((w) => w.compactString(text)).endsWith(bytes.toString('hex')));
    }
  }
  for (const text of ['x'.repeat(32_768), 'é'.repeat(16_384)]) {
    refused((w) => w.string(text));
    refused((w) => w.compactString(text));
  }
});

test('half a surrogate pair is written as the replacement character', () => {
  assert.equal(
    hex((w) => w.string('a\ud800b')),
    '000561efbfbd62',
  );
});

test('a uuid is 22 characters of base64url', () => {
  const bytes = Buffer.from('00112233445566778899aabbccddfeff', 'hex');
  assert.equal(
    hex((w) => w.uuid(bytes.toString('base64url'))),
    bytes.toString('hex'),
  );
  for (const text of [
    '',
    'AAAA',
    'A'.repeat(21),
    'A'.repeat(23),
    'A'.repeat(44),
    `${'A'.repeat(21)}!`,
    'é'.repeat(22),
  ]) {
    refused((w) => w.uuid(text));
  }
});

test('long record bytes are passed on without a copy, short ones copied between', () => {
  const long = Buffer.alloc(2049, 1);
  const short = Buffer.alloc(2048, 2);
  const writer = new ByteWriter();
  writer.int16(7);
  writer.records([short, long, long, short]);
  writer.compactRecords(long);
  writer.compactRecords([]);
  writer.records(null);
  writer.compactRecords(null);
  const { chunks, byteLength } = writer.finish();
  assert.deepEqual(
    chunks.map((chunk) => chunk === long),
    [false, true, true, false, true, false],
  );
  const expected = [
    Buffer.from('00070000', 'hex'),
    Buffer.from((2 * 2048 + 2 * 2049).toString(16).padStart(4, '0'), 'hex'),
    short,
    long,
    long,
    short,
    Buffer.from('8210', 'hex'),
    long,
    Buffer.from('01ffffffff00', 'hex'),
  ];
  assert.deepEqual(Buffer.concat(chunks), Buffer.concat(expected));
  assert.equal(byteLength, Buffer.concat(expected).length);
});

test('a discarded message leaves no trace in the next one', () => {
  const long = Buffer.alloc(3000, 1);
  const writer = new ByteWriter();
  writer.string('kept');
  const kept = writer.finish();
  writer.string('discarded');
  writer.records(long);
  writer.string('discarded too');
  writer.discard();
  assert.equal(writer.byteLength, 0);
  writer.string('next');
  assert.equal(joined(writer.finish()).toString('hex'), `0004${Buffer.from('next').toString('hex')}`);
  assert.equal(joined(kept).toString('hex'), `0004${Buffer.from('kept').toString('hex')}`);
});

test('a tagged field whose value can not be written leaves no trace in later ones', () => {
  refused((w) =>
    w.tagged(1, (inner) => {
      inner.string('half written');
      inner.int8(1000);
    }),
  );
  assert.equal(
    hex((w) => w.tagged(1, (inner) => inner.int8(5))),
    '010105',
  );
});
