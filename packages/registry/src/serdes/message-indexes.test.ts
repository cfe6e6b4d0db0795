import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitMessageIndexes, withMessageIndexes } from './message-indexes.ts';

const message = Buffer.from([1, 2, 3]);

test('the first message of a file is a single zero', () => {
  assert.deepEqual([...withMessageIndexes([0], message)], [0, 1, 2, 3]);
  assert.deepEqual(splitMessageIndexes(Buffer.from([0, 1])), { indexes: [0], message: Buffer.from([1]) });
});

test('others are counted, and every number is a zigzag varint', () => {
  assert.deepEqual([...withMessageIndexes([1], message)], [2, 2, 1, 2, 3]);
  assert.deepEqual([...withMessageIndexes([1, 0], message)], [4, 2, 0, 1, 2, 3]);
  assert.deepEqual([...withMessageIndexes([100], message)], [2, 0xc8, 0x01, 1, 2, 3]);
});

test('what was written is read again', () => {
  const indexes = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(indexes, fc.uint8Array(), (given, bytes) => {
      const read = splitMessageIndexes(Buffer.from(withMessageIndexes(given, bytes)));
      assert.deepEqual(read.indexes, given);
      assert.deepEqual([...read.message], [...bytes]);
    }),
  );
});

test('bytes that end too early, and counts that nobody has, are refused', () => {
  assert.throws(() => splitMessageIndexes(Buffer.from([])), /ends within/);
  assert.throws(() => splitMessageIndexes(Buffer.from([4, 2])), /ends within/);
  assert.throws(() => splitMessageIndexes(Buffer.from([1, 0])), /-1 is no number of indexes/);
  assert.throws(() => splitMessageIndexes(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 1])), /larger than any/);
});
