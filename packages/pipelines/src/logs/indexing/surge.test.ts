import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRate, surgesWith } from './surge.ts';

/** The minutes in which a shape surges that comes so often in each. */
function surges(counts: readonly number[]): number[] {
  const rate = newRate(0);
  return counts.flatMap((count, minute) => {
    let surged = false;
    for (let n = 0; n < count; n++) surged = surgesWith(rate, minute * 60_000 + n) || surged;
    return surged ? [minute] : [];
  });
}

const steady = Array.from({ length: 30 }, (_, minute) => 20 + (minute % 3));

test('a shape surges when it comes far more often than it did, and is told once in ten minutes', () => {
  assert.deepEqual(surges([...steady, 400, 400, 20]), [30]);
  assert.deepEqual(surges([...steady, ...Array(12).fill(20), 400]), [42]);
});

test('what is new, rare, uneven or grows slowly does not surge', () => {
  assert.deepEqual(surges([0, 0, 5_000]), []);
  assert.deepEqual(surges([...Array(30).fill(1), 40]), []);
  assert.deepEqual(surges(Array.from({ length: 60 }, (_, minute) => (minute % 5 === 0 ? 300 : 10))), []);
  assert.deepEqual(surges(Array.from({ length: 100 }, (_, minute) => Math.floor(20 * 1.05 ** minute))), []);
});

test('silence counts: a shape that comes back after an hour comes anew', () => {
  assert.deepEqual(surges([...steady, ...Array(70).fill(0), 200]), [100]);
});
