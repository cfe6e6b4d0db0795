import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './suggestion.ts';

const words = ['up', 'status', 'broker', 'topic', 'group', 'produce', 'consume', 'version'];

test('finds the word behind a slip of the finger', () => {
  for (const [given, meant] of [
    ['topci', 'topic'],
    ['topics', 'topic'],
    ['consum', 'consume'],
    ['prodcue', 'produce'],
    ['Broker', 'broker'],
    ['stat', 'status'],
    ['brokr', 'broker'],
  ] as const) {
    assert.equal(nearest(given, words), meant);
  }
});

test('suggests nothing for a word that is like none', () => {
  for (const given of ['xyzzy', 'delete', '', 'q']) assert.equal(nearest(given, words), undefined);
});
