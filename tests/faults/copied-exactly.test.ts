import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from './copied-exactly.ts';

const found = (...keys: string[]): { key: string; by: string }[] => keys.map((key) => ({ key, by: 'one' }));

test('a copy in which each record is there once and in order has no problems', () => {
  assert.deepEqual(problemsOf(0, ['a', 'b', 'c'], found('a', 'b', 'c')), []);
});

test('records that are missing, there twice, strange or out of order are told', () => {
  assert.deepEqual(problemsOf(0, ['a', 'b'], found('a')), ['partition 0: 1 missing: b']);
  assert.deepEqual(problemsOf(1, ['a'], found('a', 'a')), ['partition 1: 1 more than once: a (by one and one)']);
  assert.deepEqual(problemsOf(2, ['a'], found('a', 'x')), ['partition 2: 1 that were never written: x']);
  assert.deepEqual(problemsOf(3, ['a', 'b'], found('b', 'a')), ['partition 3: b stands where a should']);
});
