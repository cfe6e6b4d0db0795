/** The part of the suite about lists and maps in bins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { list, map, type Operation } from '../operation.ts';
import type { RecordErrorCode } from '../record-error.ts';
import { Double, type Value } from '../value.ts';
import { refusal, suite } from './suite.ts';

type Case = readonly [
  what: string,
  before: Value,
  operations: readonly Operation[],
  after: Value,
  /** Undefined where the last operation has none. */
  result?: Value,
];

const five = ['e', 'a', 'd', 'b', 'c'];
const scores = { ann: 30, bob: 10, cid: 20, dan: 10 };

const cases: readonly Case[] = [
  ['appends to a list', [1], [list.append('b', [2, 3])], [1, 2, 3], 3],
  ['makes a list of what is appended to nothing', null, [list.append('b', [1])], [1], 1],
  ['appends what is not there yet', [1, 2], [list.append('b', [2, 3], { unique: true })], [1, 2, 3], 3],
  ['inserts into a list', [1, 4], [list.insert('b', 1, [2, 3])], [1, 2, 3, 4], 4],
  ['inserts before the last', [1, 3], [list.insert('b', -1, [2])], [1, 2, 3], 3],
  ['replaces an element', [1, 2, 3], [list.set('b', 1, 'x')], [1, 'x', 3]],
  ['adds an element in place of the one behind the last', [1], [list.set('b', 1, 2)], [1, 2]],
  ['pops the last', [1, 2, 3], [list.pop('b')], [1, 2], [3]],
  ['pops from the front', [1, 2, 3], [list.pop('b', 0, 2)], [3], [1, 2]],
  ['pops what there is', [1, 2], [list.pop('b', 1, 5)], [1], [2]],
  ['pops nothing of an empty list', [], [list.pop('b')], [], []],
  ['trims a list to a part', five, [list.trim('b', 1, 3)], ['a', 'd', 'b'], 2],
  ['trims a list to its end', five, [list.trim('b', -2)], ['b', 'c'], 3],
  ['removes all of a value', [1, 2, 1, 3], [list.removeByValue('b', 1)], [2, 3], 2],
  ['tells integers and doubles apart', [1, new Double(1)], [list.removeByValue('b', new Double(1))], [1], 1],
  ['removes a range of values', five, [list.removeByValueRange('b', 'b', 'd')], ['e', 'a', 'd'], 2],
  ['removes values from the least on', five, [list.removeByValueRange('b', undefined, 'c')], ['e', 'd', 'c'], 2],
  ['removes the lowest by rank', five, [list.removeByRank('b', 0, 2)], ['e', 'd', 'c'], 2],
  ['removes the highest by rank', five, [list.removeByRank('b', -1)], ['a', 'd', 'b', 'c'], 1],
  ['reads a part', five, [list.get('b', 1, 2)], five, ['a', 'd']],
  ['reads from the end', five, [list.get('b', -2)], five, ['b', 'c']],
  ['reads what there is of a part', five, [list.get('b', 4, 9)], five, ['c']],
  ['counts elements', five, [list.size('b')], five, 5],
  ['empties a list', five, [list.clear('b')], []],
  ['puts a list in order', [3, 1, 2], [list.order('b', true)], [1, 2, 3]],
  ['keeps a list in order', [3, 1], [list.order('b', true), list.append('b', [2])], [1, 2, 3], 3],
  [
    'orders values by their types',
    [Buffer.from('x'), 'x', 2.5, [1], { a: 1 }, 1, true, null],
    [list.order('b', true)],
    [null, true, 1, 'x', [1], { a: 1 }, Buffer.from('x'), 2.5],
  ],
  ['orders lists by their elements', [[2], [1, 5], [1], []], [list.order('b', true)], [[], [1], [1, 5], [2]]],
  ['orders text by its bytes', ['ｚ', '😀', 'a', 'é'], [list.order('b', true)], ['a', 'é', 'ｚ', '😀']],
  ['has no result where the last operation has none', [1], [list.get('b'), list.clear('b')], []],
  ['has the last result of a bin', [1], [list.append('b', [2]), list.get('b', 0, 1)], [1, 2], [1]],

  ['puts into a map', { a: 1 }, [map.put('b', { b: 2, a: 3 })], { a: 3, b: 2 }, 2],
  ['makes a map of what is put into nothing', null, [map.put('b', { a: 1 })], { a: 1 }, 1],
  ['creates keys of a map', { a: 1 }, [map.put('b', { b: 2 }, 'create')], { a: 1, b: 2 }, 2],
  ['updates keys of a map', { a: 1 }, [map.put('b', { a: 2 }, 'update')], { a: 2 }, 1],
  ['adds to a value of a map', { a: 1 }, [map.increment('b', 'a', 4)], { a: 5 }, 5],
  ['adds to a value that is not there', { a: 1 }, [map.increment('b', 'c')], { a: 1, c: 1 }, 1],
  ['adds doubles in a map', { a: 1.5 }, [map.increment('b', 'a', 0.25)], { a: 1.75 }, 1.75],
  ['adds to an integer in a map without the fraction', { a: 1 }, [map.increment('b', 'a', 1.7)], { a: 2 }, 2],
  ['adds an integer to a double in a map', { a: 1.5 }, [map.increment('b', 'a', 1)], { a: 2.5 }, 2.5],
  ['removes a key', { a: 1, b: 2 }, [map.removeByKey('b', 'a')], { b: 2 }, 1],
  ['removes no key that is not there', { a: 1 }, [map.removeByKey('b', 'x')], { a: 1 }, null],
  ['removes keys', { a: 1, b: 2, c: 3 }, [map.removeByKeys('b', ['a', 'c', 'x'])], { b: 2 }, 2],
  ['removes a range of keys', { a: 1, b: 2, c: 3 }, [map.removeByKeyRange('b', 'a', 'c')], { c: 3 }, 2],
  ['removes keys from one on', { a: 1, b: 2, c: 3 }, [map.removeByKeyRange('b', 'b')], { a: 1 }, 2],
  ['removes the lowest value', scores, [map.removeByRank('b', 0)], { ann: 30, cid: 20, dan: 10 }, 1],
  ['removes all but the highest', scores, [map.removeByRank('b', 0, 2)], { ann: 30, cid: 20 }, 2],
  ['removes entries by value', scores, [map.removeByValue('b', 10)], { ann: 30, cid: 20 }, 2],
  ['removes entries by values', scores, [map.removeByValueRange('b', 15, 30)], { ann: 30, bob: 10, dan: 10 }, 1],
  ['reads a key', scores, [map.getByKey('b', 'cid')], scores, 20],
  ['reads no key that is not there', scores, [map.getByKey('b', 'x')], scores, null],
  [
    'reads keys',
    scores,
    [map.getByKeys('b', ['cid', 'ann', 'x'])],
    scores,
    [
      ['ann', 30],
      ['cid', 20],
    ],
  ],
  [
    'reads a range of keys',
    scores,
    [map.getByKeyRange('b', 'bob', 'dan')],
    scores,
    [
      ['bob', 10],
      ['cid', 20],
    ],
  ],
  [
    'reads the highest values',
    scores,
    [map.highest('b', 2)],
    scores,
    [
      ['cid', 20],
      ['ann', 30],
    ],
  ],
  ['reads all there is of the highest', { a: 1 }, [map.highest('b', 5)], { a: 1 }, [['a', 1]]],
  [
    'reads by rank, equal values by key',
    scores,
    [map.getByRank('b', 0, 2)],
    scores,
    [
      ['bob', 10],
      ['dan', 10],
    ],
  ],
  [
    'reads by value',
    scores,
    [map.getByValueRange('b', 20)],
    scores,
    [
      ['cid', 20],
      ['ann', 30],
    ],
  ],
  [
    'reads keys that look like numbers in the order of text',
    { 9: 1, 10: 2 },
    [map.getByKeyRange('b')],
    { 9: 1, 10: 2 },
    [
      ['10', 2],
      ['9', 1],
    ],
  ],
  ['counts entries', scores, [map.size('b')], scores, 4],
  ['empties a map', scores, [map.clear('b')], {}],
  ['reads null of a list that is not there', null, [list.get('b')], null, null],
  ['pops null of a list that is not there', null, [list.pop('b')], null, null],
  ['counts null of a list that is not there', null, [list.size('b')], null, null],
  ['puts nothing in order', null, [list.order('b', true)], []],
  ['empties no list that is not there', null, [list.clear('b')], null],
  ['removes null of a map that is not there', null, [map.removeByKeys('b', ['a'])], null, null],
  ['trims a list that is shorter', [1, 2], [list.trim('b', -10)], [1, 2], 0],
  ['reads from before the beginning', [1, 2, 3], [list.get('b', -5, 3)], [1, 2, 3], [1]],
  ['reads null of a map that is not there', null, [map.getByKeyRange('b')], null, null],
];

const refusals: readonly [what: string, before: Value, operation: Operation, code: RecordErrorCode][] = [
  ['to insert beyond the end', [1], list.insert('b', 5, [2]), 'not_applicable'],
  ['to replace what is not there', [1], list.set('b', 2, 2), 'not_applicable'],
  ['to create a key that is there', { a: 1 }, map.put('b', { a: 2 }, 'create'), 'exists'],
  ['to update a key that is not there', { a: 1 }, map.put('b', { b: 2 }, 'update'), 'not_found'],
  ['to add to text in a map', { a: 'x' }, map.increment('b', 'a'), 'invalid_operation'],
  ['a count that is negative', [1], list.get('b', 0, -1), 'invalid_operation'],
  ['an index that is no whole number', [1], list.get('b', 0.5), 'invalid_operation'],
  ['a key of a map that is no text', {}, map.getByKey('b', 7 as unknown as string), 'invalid_value'],
];

export const collections = suite('lists and maps', (place) => {
  for (const [what, before, operations, after, result] of cases) {
    test(what, async () => {
      const { store, key } = place();
      await store.put(key('a'), { other: 1, b: before });
      const answered = await store.operate(key('a'), operations);
      assert.deepEqual(answered.bins, result === undefined ? {} : { b: result });
      const seen = (await store.get(key('a')))?.bins['b'] ?? null;
      assert.deepEqual(seen, plain(after));
    });
  }

  for (const [what, before, operation, code] of refusals) {
    test(`refuses ${what}`, async () => {
      const { store, key } = place();
      await store.put(key('a'), { b: before });
      await assert.rejects(store.operate(key('a'), [operation]), refusal(code));
      assert.deepEqual((await store.get(key('a')))?.bins['b'], before);
    });
  }

  test('refuses to insert into an ordered list, also after others were changed', async () => {
    const { store, key } = place();
    await store.put(key('a'), { b: [2, 1] });
    await store.operate(key('a'), [list.order('b', true)]);
    await store.put(key('a'), { other: 1 });
    await assert.rejects(store.operate(key('a'), [list.insert('b', 0, [3])]), refusal('not_applicable'));
  });
});

function plain(value: Value): Value {
  return value instanceof Double ? value.value : value;
}
