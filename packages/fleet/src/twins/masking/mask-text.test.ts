import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatKept, hashed } from './mask-text.ts';

const key = Buffer.from('a key of a test, which is no secret');
const other = Buffer.from('another key');

test('a hash is the same for the same text and key alone', () => {
  assert.match(hashed(key, 'alice'), /^[0-9a-f]{32}$/);
  assert.equal(hashed(key, 'alice'), hashed(key, Buffer.from('alice')));
  assert.notEqual(hashed(key, 'alice'), hashed(key, 'bob'));
  assert.notEqual(hashed(key, 'alice'), hashed(other, 'alice'));
});

test('a form stays: letters of their case, digits, and all else as it was', () => {
  const form = (text: string): string =>
    text.replaceAll(/[a-z]/g, 'a').replaceAll(/[A-Z]/g, 'A').replaceAll(/\d/g, '0');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const masked = formatKept(key, text);
      assert.equal(form(masked), form(text));
      assert.equal(formatKept(key, text), masked);
    }),
  );
  const masked = formatKept(key, 'Ann.Lee+1@example.com');
  assert.match(masked, /^[A-Z][a-z]{2}\.[A-Z][a-z]{2}\+\d@[a-z]{7}\.[a-z]{3}$/);
  assert.notEqual(masked, 'Ann.Lee+1@example.com');
  assert.notEqual(masked, formatKept(other, 'Ann.Lee+1@example.com'));
});

test('texts of a form become each other one to one', () => {
  for (const digits of [1, 2]) {
    const all = Array.from({ length: 10 ** digits }, (_, number) => `#${String(number).padStart(digits, '0')}`);
    assert.deepEqual([...new Set(all.map((text) => formatKept(key, text)))].sort(), all.sort());
  }
  const numbers = Array.from({ length: 900 }, (_, index) => String(100 + index));
  assert.deepEqual([...new Set(numbers.map((number) => formatKept(key, number)))].sort(), numbers.sort());
});

test('whole numbers keep their sign, their length, and what they fit into', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (number) => {
      const masked = formatKept(key, String(number));
      assert.equal(masked.length, String(number).length);
      assert.equal(Math.sign(Number(masked)), Math.sign(number));
      assert.ok(Number.isSafeInteger(Number(masked)));
      assert.equal(Math.abs(Number(masked)) < 2 ** 31, Math.abs(number) < 2 ** 31);
    }),
  );
});
