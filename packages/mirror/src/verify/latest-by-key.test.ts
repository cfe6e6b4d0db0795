import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordOf } from '../testing/plain-batch.ts';
import { LatestByKey, type Side } from './latest-by-key.ts';

const runs = { numRuns: Math.ceil(300 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

interface Write {
  readonly side: Side;
  readonly key: string | null;
  readonly value: string | null;
}

const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.record({
    side: fc.constantFrom('source', 'target'),
    key: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')),
    value: fc.option(fc.constantFrom('', '1', '2')),
  }),
  { maxLength: 40 },
);

test('finds the keys whose latest values differ, tombstones being no values', () => {
  fc.assert(
    fc.property(writes, fc.subarray(['a', 'b', 'c']), (list, excused) => {
      const latest = new LatestByKey();
      const model = { source: new Map<string, [number, string]>(), target: new Map<string, [number, string]>() };
      const keys = new Set<string>();
      for (const [offset, { side, key, value }] of list.entries()) {
        latest.take(side, recordOf({ offset, key, value }));
        if (key === null) continue;
        keys.add(key);
        if (value === null) model[side].delete(key);
        else model[side].set(key, [offset, value]);
      }
      for (const key of excused) latest.excuse(recordOf({ offset: 99, key, value: 'new' }));
      const compared = [...keys].filter((key) => !excused.includes(key as 'a'));
      assert.equal(latest.compared, compared.length);
      const expected = compared
        .filter((key) => model.source.get(key)?.[1] !== model.target.get(key)?.[1])
        .map((key) => `${model.source.get(key)?.[0]} ${model.target.get(key)?.[0]}`);
      const found = [...latest.differences()].map(({ source, target }) => `${source} ${target}`);
      assert.deepEqual(found.sort(), expected.sort());
    }),
    runs,
  );
});

test('keeps apart tens of thousands of keys', () => {
  const latest = new LatestByKey();
  const count = 20_000;
  for (let offset = 0; offset < count; offset++) {
    latest.take('source', recordOf({ offset, key: `key ${offset}`, value: 'v' }));
    latest.take('target', recordOf({ offset, key: `key ${count - 1 - offset}`, value: offset === 7 ? 'w' : 'v' }));
  }
  assert.equal(latest.compared, count);
  assert.deepEqual([...latest.differences()], [{ source: count - 8, target: 7 }]);
});

test('header and time of the latest record count', () => {
  const latest = new LatestByKey();
  latest.take('source', recordOf({ offset: 1, key: 'a', value: '1', timestamp: 5 }));
  latest.take('target', recordOf({ offset: 1, key: 'a', value: '1', timestamp: 6 }));
  latest.take('source', recordOf({ offset: 2, key: 'b', value: '1' }));
  latest.take('target', recordOf({ offset: 2, key: 'b', value: '1', headers: [{ key: 'h', value: null }] }));
  assert.equal([...latest.differences()].length, 2);
});
