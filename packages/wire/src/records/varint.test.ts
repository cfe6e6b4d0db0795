import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CorruptRecordError } from './corrupt-record-error.ts';
import { VarintReader, varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

const runs = { numRuns: Math.ceil(1000 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

/** 32-bit integers with those near a change of size. */
const int32 = fc.oneof(
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  fc
    .tuple(fc.nat(31), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([bits, off, negative]) => ((negative ? -1 : 1) * (2 ** bits + off)) | 0),
);

/** Safe integers likewise. */
const safeInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc
    .tuple(fc.nat(52), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([bits, off, negative]) => (negative ? -1 : 1) * (2 ** bits + off) + 0),
);

function reader(hex: string): VarintReader {
  const bytes = Buffer.from(hex, 'hex');
  return new VarintReader(bytes, 0, bytes.length);
}

test('varints are zigzag numbers in groups of seven bits, lowest first', () => {
  const known: readonly (readonly [number, string])[] = [
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [-65, '8101'],
    [8191, 'fe7f'],
    [8192, '808001'],
    [-8193, '818001'],
    [0x7fffffff, 'feffffff0f'],
    [-0x80000000, 'ffffffff0f'],
  ];
  for (const [value, hex] of known) {
    const bytes = Buffer.alloc(5);
    assert.equal(bytes.subarray(0, writeVarint(bytes, 0, value)).toString('hex'), hex);
    assert.equal(reader(hex).readVarint(), value);
    assert.equal(reader(hex).readVarlong(), value);
  }
  const bytes = Buffer.alloc(10);
  assert.equal(bytes.subarray(0, writeVarlong(bytes, 0, 1_700_000_000_000)).toString('hex'), '80a0abfef962');
});

test('varints are read back as they were written, in the size foretold', () => {
  fc.assert(
    fc.property(int32, fc.nat(3), (value, position) => {
      const bytes = new Uint8Array(16).fill(0xff);
      const end = writeVarint(bytes, position, value);
      assert.equal(end - position, varintSize(value));
      assert.equal(bytes[end], 0xff);
      const back = new VarintReader(bytes, position, end);
      assert.equal(back.readVarint(), value);
      assert.equal(back.position, end);
    }),
    runs,
  );
});

test('varlongs are read back as they were written, in the size foretold', () => {
  fc.assert(
    fc.property(safeInteger, fc.nat(3), (value, position) => {
      const bytes = new Uint8Array(16).fill(0xff);
      const end = writeVarlong(bytes, position, value);
      assert.equal(end - position, varlongSize(value));
      assert.equal(bytes[end], 0xff);
      const back = new VarintReader(bytes, position, end);
      assert.equal(back.readVarlong(), value);
      assert.equal(back.position, end);
    }),
    runs,
  );
});

test('varlongs agree with 64-bit arithmetic on every bit pattern', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bits) => {
      const bytes: number[] = [];
      for (let rest = bits; rest > 0n || bytes.length === 0; rest >>= 7n) {
        bytes.push(Number(rest & 0x7fn) | (rest >> 7n > 0n ? 0x80 : 0));
      }
      const expected = (bits >> 1n) ^ -(bits & 1n);
      const back = new VarintReader(Uint8Array.from(bytes), 0, bytes.length);
      if (expected > -(2n ** 53n) && expected < 2n ** 53n) assert.equal(BigInt(back.readVarlong()), expected);
      else assert.throws(() => back.readVarlong(), CorruptRecordError);
    }),
    runs,
  );
});

test('a varint that does not fit 32 bits is refused', () => {
  for (const hex of ['ffffffff10', 'ffffffff7f', 'ffffffffff', '808080808000', '8080808080808080808000']) {
    assert.throws(() => reader(hex).readVarint(), { code: 'corrupt_record' }, hex);
  }
});

test('a varlong of more than ten bytes, or beyond what a number holds, is refused', () => {
  for (const hex of ['8080808080808080808000', 'ffffffffffffffffff01', 'ffffffffffffffffffff']) {
    assert.throws(() => reader(hex).readVarlong(), { code: 'corrupt_record' }, hex);
  }
});

test('a number that is cut off is refused, also when bytes follow the end', () => {
  for (const hex of ['', '80', 'ffff', 'ffffffff', 'ffffffffffffffff']) {
    const bytes = Buffer.from(`${hex}0000`, 'hex');
    const end = hex.length / 2;
    assert.throws(() => new VarintReader(bytes, 0, end).readVarint(), { code: 'corrupt_record' }, hex);
    assert.throws(() => new VarintReader(bytes, 0, end).readVarlong(), { code: 'corrupt_record' }, hex);
  }
});
