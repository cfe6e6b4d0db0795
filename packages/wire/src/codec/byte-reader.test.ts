import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { propertyRun } from '../testing/message-arbitrary.ts';
import { WireError } from '../wire-error.ts';
import { ByteReader } from './byte-reader.ts';

function reader(hex: string): ByteReader {
  return new ByteReader(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

function refused(read: () => unknown, code: WireError['code'] = 'malformed_message'): void {
  assert.throws(read, (error) => error instanceof WireError && error.code === code && !error.retriable);
}

test('integers are read at the ends of their range', () => {
  const signed = reader('80 7f 8000 7fff 80000000 7fffffff');
  assert.deepEqual([signed.int8(), signed.int8(), signed.int16(), signed.int16()], [-128, 127, -32_768, 32_767]);
  assert.deepEqual([signed.int32(), signed.int32()], [-(2 ** 31), 2 ** 31 - 1]);
  const unsigned = reader('ffff ffffffff');
  assert.deepEqual([unsigned.uint16(), unsigned.uint32()], [65_535, 4_294_967_295]);
});

test('any byte but 0 is true', () => {
  const bools = reader('00 01 02 ff');
  assert.deepEqual([bools.bool(), bools.bool(), bools.bool(), bools.bool()], [false, true, true, true]);
});

test('64-bit integers are exact within 2^53-1, the largest one is Infinity, others are refused', () => {
  const exact: readonly bigint[] = [0n, 1n, -1n, 2n ** 32n, -(2n ** 32n), 2n ** 53n - 1n, -(2n ** 53n) + 1n];
  for (const value of exact) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    assert.equal(new ByteReader(bytes).int64(), Number(value));
  }
  assert.equal(reader('7fffffffffffffff').int64(), Number.POSITIVE_INFINITY);
  const beyond = [2n ** 53n, -(2n ** 53n), 2n ** 63n - 2n, -(2n ** 63n), 2n ** 62n];
  for (const value of beyond) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    refused(() => new ByteReader(bytes).int64());
  }
});

test('64-bit integers agree with a bigint reader', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(2), (bytes, sign) => {
      if (sign > 0) bytes.fill(sign === 1 ? 0 : 0xff, 0, 2);
      const value = Buffer.from(bytes).readBigInt64BE();
      if (value <= 2n ** 53n - 1n && value >= -(2n ** 53n) + 1n) {
        assert.equal(new ByteReader(bytes).int64(), Number(value));
      } else if (value < 2n ** 63n - 1n) refused(() => new ByteReader(bytes).int64());
    }),
    propertyRun(500),
  );
});

test('unsigned varints of up to 32 bits are read, longer ones are refused', () => {
  const vectors = { '00': 0, '7f': 127, '8001': 128, ac02: 300, ffffffff0f: 4_294_967_295, '8080808000': 0 };
  for (const [hex, value] of Object.entries(vectors)) assert.equal(reader(hex).uvarint(), value);
  for (const hex of ['ffffffff10', 'ffffffffff01', '808080808000', '80', '']) refused(() => reader(hex).uvarint());
});

test('a uuid is 22 characters of base64url', () => {
  assert.equal(reader('00'.repeat(16)).uuid(), 'AAAAAAAAAAAAAAAAAAAAAA');
  for (const hex of ['01', '0001', '000000000001', '01'.padStart(16, '0'), '01'.padStart(32, '0')]) {
    const bytes = Buffer.from(hex.padEnd(32, '0'), 'hex');
    assert.equal(new ByteReader(bytes).uuid(), bytes.toString('base64url'));
  }
});

test('text and byte strings may be null only where the reader is asked for it', () => {
  assert.equal(reader('ffff').nullableString(), null);
  assert.equal(reader('00').compactNullableString(), null);
  assert.equal(reader('ffffffff').nullableBytes(), null);
  assert.equal(reader('00').compactNullableBytes(), null);
  assert.equal(reader('ffffffff').nullableArrayLength(1), -1);
  assert.equal(reader('00').compactNullableArrayLength(1), -1);
  refused(() => reader('ffff').string());
  refused(() => reader('00').compactString());
  refused(() => reader('ffffffff').bytes());
  refused(() => reader('00').compactBytes());
  refused(() => reader('ffffffff').arrayLength(1));
  refused(() => reader('00').compactArrayLength(1));
});

test('lengths below -1 are refused even where null is allowed', () => {
  refused(() => reader('fffe').nullableString());
  refused(() => reader('8000').nullableString());
  refused(() => reader('fffffffe').nullableBytes());
  refused(() => reader('80000000').nullableArrayLength(1));
});

test('lengths beyond the message are refused', () => {
  refused(() => reader('0002 61').string());
  refused(() => reader('03 61').compactString());
  refused(() => reader('ffffffff0f 61').compactString());
  refused(() => reader('7fffffff 61').bytes());
  refused(() => reader('61').skip(2));
});

test('byte strings are views of the message', () => {
  const bytes = Buffer.from('00000003aabbcc', 'hex');
  const view = new ByteReader(bytes).bytes();
  assert.equal(view.buffer, bytes.buffer);
  assert.equal(view.byteOffset, bytes.byteOffset + 4);
  assert.equal(view.length, 3);
});

test('a message inside of a larger buffer is read within its own bounds', () => {
  const around = Uint8Array.from({ length: 64 }, (_, index) => index);
  const inside = new ByteReader(around.subarray(16, 24), 4);
  assert.equal(inside.int32(), 0x14151617);
  inside.expectEnd();
  refused(() => inside.int8());
});

test('text that is not UTF-8 is read with replacement characters', () => {
  assert.equal(reader('0003 61 ff 62').string(), 'a\ufffdb');
});

test('an array that can not fit into the rest of the message is refused before anything is allocated', () => {
  assert.equal(reader('00000002 0000').arrayLength(1), 2);
  refused(() => reader('00000003 0000').arrayLength(1));
  refused(() => reader('00000002 000000').arrayLength(2));
  refused(() => reader('7fffffff 000000').arrayLength(1));
  refused(() => reader('ffffffff0f 000000').compactArrayLength(8));
});

test('all arrays and tags of a message together have at most the allowed elements', () => {
  const three = new ByteReader(Buffer.from('030303000000', 'hex'), 0, 5);
  assert.equal(three.compactArrayLength(1), 2);
  assert.equal(three.compactArrayLength(1), 2);
  refused(() => three.compactArrayLength(1), 'message_too_large');
  const tags = new ByteReader(Buffer.from('020000000000', 'hex'), 0, 1);
  refused(() => tags.tagCount(), 'message_too_large');
});

test('bytes that are left over are refused', () => {
  refused(() => reader('00').expectEnd());
  reader('').expectEnd();
});
