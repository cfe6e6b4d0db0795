import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '../wire-error.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter, type EncodedFrame } from './byte-writer.ts';

/** Enough for every kind of value to meet the end of a slab many times. */
const manyBytes = 1_000_000;

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
