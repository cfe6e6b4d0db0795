import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordSplitter, RecordTooLongError } from './record-splitter.ts';

function split(chunks: readonly Buffer[], delimiter: string, max = 1_000_000): string[] {
  const splitter = new RecordSplitter(Buffer.from(delimiter, 'latin1'), max);
  const records = chunks.flatMap((chunk) => [...splitter.push(chunk)].map((record) => record.toString('latin1')));
  const rest = splitter.rest();
  return rest === undefined ? records : [...records, rest.toString('latin1')];
}

test('cuts at the delimiter, and takes the last record with and without one', () => {
  assert.deepEqual(split([Buffer.from('a\nb\n')], '\n'), ['a', 'b']);
  assert.deepEqual(split([Buffer.from('a\nb')], '\n'), ['a', 'b']);
  assert.deepEqual(split([Buffer.from('\n\n')], '\n'), ['', '']);
  assert.deepEqual(split([], '\n'), []);
});

test('cuts alike however the stream is cut into chunks', () => {
  const alphabet = fc.constantFrom('a', 'b', '|', '\n');
  const input = fc.array(alphabet, { maxLength: 30 }).map((letters) => letters.join(''));
  const delimiter = fc.array(alphabet, { minLength: 1, maxLength: 3 }).map((letters) => letters.join(''));
  fc.assert(
    fc.property(input, delimiter, fc.array(fc.nat(30)), (text, cut, places) => {
      const sorted = [0, ...places.map((place) => Math.min(place, text.length)), text.length].sort((a, b) => a - b);
      const chunks = sorted.slice(1).map((end, index) => Buffer.from(text.slice(sorted[index], end)));
      const expected = text.split(cut);
      if (expected.at(-1) === '') expected.pop();
      assert.deepEqual(split(chunks, cut), expected);
    }),
    { numRuns: 1000 },
  );
});

test('bounds a record that never ends', () => {
  const chunks = Array.from({ length: 11 }, () => Buffer.alloc(100));
  assert.throws(() => split(chunks, '\n', 1_000), RecordTooLongError);
  assert.throws(() => split(chunks, '\r\n', 1_000), RecordTooLongError);
});
