/** Records and values as bytes: what was written is read again; what nobody wrote is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { encodeBin } from './embedded/working-record.ts';
import { decodeRecord, encodeRecord, expiryOf } from './record-codec.ts';
import { decodeUserKey, encodeUserKey, type UserKey } from './record-key.ts';
import { isInteger, type Value } from './value.ts';
import { readBin } from './value-codec.ts';
import { compareText, compareValues } from './value-order.ts';

const integer = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const text = fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed());
const mapKey = text.filter((each) => each !== '__proto__');
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    integer,
    fc.double(),
    text,
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(mapKey, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

const isCorrupt = (error: unknown): boolean => isMillraceError(error, 'store_corrupt');

/** As readers see a value. */
function seen(each: Value): Value {
  if (typeof each === 'bigint') return Number.isSafeInteger(Number(each)) ? Number(each) : each;
  if (typeof each === 'number') return isInteger(each) && !Number.isSafeInteger(each) ? BigInt(each) : each + 0;
  if (each instanceof Uint8Array) return Buffer.from(each);
  if (Array.isArray(each)) return each.map(seen);
  if (typeof each !== 'object' || each === null) return each;
  return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, seen(inner)]));
}

test('any value is read as it was written', () => {
  fc.assert(
    fc.property(value, (each) => {
      const bytes = encodeBin({ value: each, ordered: false });
      assert.deepEqual(readBin(bytes, false), { value: seen(each), ordered: false });
      // Exactly read and written again, it has the same bytes: also doubles that are whole numbers.
      assert.deepEqual(encodeBin(readBin(bytes, true)), bytes);
    }),
  );
});

test('a list is read as the ordered one that was written', () => {
  const bytes = encodeBin({ value: [1, 'x'], ordered: true });
  assert.deepEqual(readBin(bytes, false), { value: [1, 'x'], ordered: true });
});

test('any record is read as it was written, and its expiry alone too', () => {
  const fields = {
    generation: fc.integer({ min: 1, max: 0xffff }),
    expiresAt: fc.maxSafeNat(),
    sweptAt: fc.maxSafeNat(),
    bins: fc
      .dictionary(fc.string({ maxLength: 15 }), value, { maxKeys: 6 })
      .map(
        (bins) =>
          new Map(Object.entries(bins).map(([name, each]) => [name, encodeBin({ value: each, ordered: false })])),
      ),
  };
  fc.assert(
    fc.property(fc.record(fields, { noNullPrototype: true }), (each) => {
      const bytes = encodeRecord(each);
      assert.deepEqual(decodeRecord(bytes), each);
      assert.equal(expiryOf(bytes), each.expiresAt);
      const [wanted] = each.bins.keys();
      if (wanted !== undefined) assert.deepEqual([...decodeRecord(bytes, new Set([wanted])).bins.keys()], [wanted]);
    }),
  );
});

test('bytes that are cut off or of another version are refused', () => {
  const bytes = encodeRecord({
    generation: 300,
    expiresAt: 1_700_000_000_000,
    sweptAt: 0,
    bins: new Map([['bin', encodeBin({ value: ['text', { a: 1 }], ordered: false })]]),
  });
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeRecord(bytes.subarray(0, length)), isCorrupt);
  }
  assert.throws(() => decodeRecord(Buffer.concat([bytes, Buffer.of(0)])), isCorrupt);
  assert.throws(() => decodeRecord(Buffer.concat([Buffer.of(2), bytes.subarray(1)])), isCorrupt);
});

test('a length that no bytes follow makes no large value', () => {
  for (const tag of [6, 7, 8, 9, 10]) {
    assert.throws(() => readBin(Buffer.from([tag, 0xff, 0xff, 0xff, 0xff, 0x0f]), false), isCorrupt);
  }
  assert.throws(() => readBin(Buffer.alloc(10_000, 8).fill(1, 9_999), false), isCorrupt);
});

test('a record of version 1 has these bytes', () => {
  const bins: Record<string, Value> = { all: [null, true, -3, 2n ** 60n, 0.5, 'é', Buffer.of(9), { k: 1 }], n: 300 };
  const record = {
    generation: 300,
    expiresAt: 1_700_000_000_000,
    sweptAt: 128,
    bins: new Map(
      Object.entries(bins).map(([name, each]) => [name, encodeBin({ value: each, ordered: name === 'all' })]),
    ),
  };
  const golden =
    '01ac0280d095ffbc3180010203616c6c25090800020305040000000000000010' +
    '05000000000000e03f0602c3a90701090a01016b0302016e0303d804';
  assert.equal(encodeRecord(record).toString('hex'), golden);
  assert.deepEqual(decodeRecord(Buffer.from(golden, 'hex')), record);
});

test('any key is read as it was written, and keys are in their order', () => {
  const userKey: fc.Arbitrary<UserKey> = fc.oneof(integer, text, fc.uint8Array());
  fc.assert(fc.property(userKey, (each) => assert.deepEqual(decodeUserKey(encodeUserKey(each)), seen(each))));
  fc.assert(
    fc.property(integer, integer, (left, right) => {
      const order = Buffer.compare(encodeUserKey(left), encodeUserKey(right));
      assert.equal(order, left < right ? -1 : left > right ? 1 : 0);
    }),
  );
});

test('text is ordered by its bytes', () => {
  fc.assert(
    fc.property(text, text, (left, right) => {
      assert.equal(Math.sign(compareText(left, right)), Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
  );
});

test('the order of values is an order', () => {
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      assert.equal(Math.sign(compareValues(a, b)), -Math.sign(compareValues(b, a)) + 0);
      assert.equal(compareValues(a, a), 0);
      if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) assert.ok(compareValues(a, c) <= 0);
    }),
  );
});
