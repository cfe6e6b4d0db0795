import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordOf } from '../testing/plain-batch.ts';
import { realign } from './realignment.ts';

const runs = { numRuns: Math.ceil(200 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

function realigned(
  source: string,
  target: string,
): [source: number, target: number, isReordered: boolean, isLost: boolean] {
  const records = (text: string) => Array.from(text, (value, offset) => recordOf({ offset, value }));
  const found = realign(records(source), records(target));
  return [found.source, found.target, found.isReordered, found.isLost];
}

test('passes over what one side lacks, has changed or has in another order', () => {
  assert.deepEqual(realigned('abcdef', 'bcdef'), [1, 0, false, false]);
  assert.deepEqual(realigned('cdef', 'abcdef'), [0, 2, false, false]);
  assert.deepEqual(realigned('abcdef', 'Xbcdef'), [1, 1, false, false]);
  assert.deepEqual(realigned('abcdef', 'bacdef'), [2, 2, true, false]);
  assert.deepEqual(realigned('abcd', 'XYbcd'), [1, 2, false, false]);
});

test('one equal record is no place to go on unless it is the last one', () => {
  assert.deepEqual(realigned('abcXde', 'cpqXde'), [3, 3, false, false]);
  assert.deepEqual(realigned('ab', 'Xb'), [1, 1, false, false]);
  assert.deepEqual(realigned('abc', 'xyz'), [3, 3, false, true]);
});

test('what follows is equal, and no less could be passed over', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 12 });
  fc.assert(
    fc.property(text, text, (source, target) => {
      const goesOn = (i: number, j: number): boolean =>
        i < source.length &&
        source[i] === target[j] &&
        (i + 1 === source.length || j + 1 === target.length || source[i + 1] === target[j + 1]);
      let least = source.length + target.length;
      for (let i = 0; i < source.length; i++) {
        for (let j = 0; j < target.length; j++) if (goesOn(i, j)) least = Math.min(least, i + j);
      }
      const [i, j, , isLost] = realigned(source, target);
      assert.equal(i + j, least);
      assert.ok(isLost || goesOn(i, j));
    }),
    runs,
  );
});
