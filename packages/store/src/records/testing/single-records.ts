/** The part of the suite about single records: what they hold, generations, modes, removal, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add } from '../operation.ts';
import type { RecordErrorCode } from '../record-error.ts';
import type { UserKey } from '../record-key.ts';
import type { Bins } from '../record-store.ts';
import { Double, type Value } from '../value.ts';
import { refusal, suite } from './suite.ts';

export const singleRecords = suite('single records', (place) => {
  test('finds what was put, and nothing else', async () => {
    const { store, key } = place();
    await store.put(key('a'), { n: 1, text: 'one' });
    const found = await store.get(key('a'));
    assert.deepEqual(found?.bins, { n: 1, text: 'one' });
    assert.equal(found?.generation, 1);
    assert.equal(found?.ttl, undefined);
    assert.equal(await store.get(key('b')), undefined);
  });

  test('finds the bins that are asked for', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1, y: 2, z: 3 });
    assert.deepEqual((await store.get(key('a'), ['z', 'x', 'other']))?.bins, { x: 1, z: 3 });
  });

  const values: [name: string, value: Value, seen?: Value][] = [
    ['zero', 0],
    ['the largest exact integer', Number.MAX_SAFE_INTEGER],
    ['the smallest exact integer', Number.MIN_SAFE_INTEGER],
    ['the largest integer of 64 bits', 2n ** 63n - 1n],
    ['the smallest integer of 64 bits', -(2n ** 63n)],
    ['a small bigint', 7n, 7],
    ['a bigint within a list', [2n ** 62n + 1n, { a: -(2n ** 62n) - 1n }]],
    ['a whole number above 2^53', 2 ** 60, 2n ** 60n],
    ['a fraction', -1.25],
    ['a whole double', new Double(5), 5],
    ['a double beyond integers', 1e300],
    ['infinity', Number.POSITIVE_INFINITY],
    ['text', 'größer 😀'],
    ['empty text', ''],
    ['bytes', Buffer.from([0, 1, 255])],
    ['true', true],
    ['false', false],
    ['an empty list', []],
    ['a list', [1, 'two', [3, null], { four: 4.5 }, true, Buffer.from('five')]],
    ['an empty map', {}],
    ['a map', { b: [1, 2], a: { deep: { deeper: 'x' } }, '10': 1, '9': 2, constructor: 3 }],
  ];
  for (const [name, value, seen = value] of values) {
    test(`holds ${name}`, async () => {
      const { store, key } = place();
      await store.put(key('a'), { value });
      assert.deepEqual((await store.get(key('a')))?.bins['value'], seen);
    });
  }

  test('tells keys of different types apart', async () => {
    const { store, key } = place();
    const keys: UserKey[] = [1, '1', Buffer.from('1'), -1, 2n ** 62n];
    for (const [number, each] of keys.entries()) await store.put(key(each), { number });
    for (const [number, each] of keys.entries()) {
      assert.equal((await store.get(key(each)))?.bins['number'], number);
    }
  });

  test('puts bins beside those that are there, and takes out those that are null', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1, y: 2 });
    assert.equal(await store.put(key('a'), { y: null, z: 3 }), 2);
    assert.deepEqual((await store.get(key('a')))?.bins, { x: 1, z: 3 });
  });

  test('replaces all bins when told to', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1, y: 2 });
    await store.put(key('a'), { z: 3 }, { mode: 'replace' });
    assert.deepEqual((await store.get(key('a')))?.bins, { z: 3 });
  });

  test('creates only what is not there', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { mode: 'create' });
    await assert.rejects(store.put(key('a'), { x: 2 }, { mode: 'create' }), refusal('exists'));
    assert.deepEqual((await store.get(key('a')))?.bins, { x: 1 });
  });

  test('updates only what is there', async () => {
    const { store, key } = place();
    await assert.rejects(store.put(key('a'), { x: 1 }, { mode: 'update' }), refusal('not_found'));
    assert.equal(await store.get(key('a')), undefined);
  });

  test('changes a record only in the generation that was expected', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    await assert.rejects(store.put(key('a'), { x: 2 }, { generation: 2 }), refusal('generation'));
    assert.equal(await store.put(key('a'), { x: 2 }, { generation: 1 }), 2);
    await assert.rejects(store.operate(key('a'), [add('x', 1)], { generation: 1 }), refusal('generation'));
    await assert.rejects(store.remove(key('a'), { generation: 1 }), refusal('generation'));
    await assert.rejects(store.put(key('b'), { x: 1 }, { generation: 1 }), refusal('generation'));
    assert.equal(await store.remove(key('a'), { generation: 2 }), true);
  });

  test('lets one of two concurrent changes win that expect the same generation', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 0 });
    const changes = Array.from({ length: 8 }, (_, x) => store.put(key('a'), { x }, { generation: 1 }));
    const outcomes = await Promise.allSettled(changes);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await store.get(key('a')))?.generation, 2);
  });

  test('counts concurrent additions, each once', async () => {
    const { store, key } = place();
    await Promise.all(Array.from({ length: 100 }, () => store.operate(key('a'), [add('n', 1)])));
    const found = await store.get(key('a'));
    assert.equal(found?.bins['n'], 100);
    assert.equal(found?.generation, 100);
  });

  test('removes a record, and says whether there was one', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    assert.equal(await store.remove(key('a')), true);
    assert.equal(await store.remove(key('a')), false);
    assert.equal(await store.get(key('a')), undefined);
  });

  test('has no record any more that has no bin left', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    assert.equal(await store.put(key('a'), { x: null }), 0);
    assert.equal(await store.get(key('a')), undefined);
  });

  test('begins anew with generation 1 after a removal', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    await store.put(key('a'), { x: 2 });
    await store.remove(key('a'));
    assert.equal(await store.put(key('a'), { y: 1 }), 1);
    assert.deepEqual((await store.get(key('a')))?.bins, { y: 1 });
  });

  test('refuses what is too large, and leaves the record as it was', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    await assert.rejects(store.put(key('a'), { y: 'x'.repeat(9_000_000) }), refusal('too_large'));
    assert.deepEqual((await store.get(key('a')))?.bins, { x: 1 });
  });

  const bad: [what: string, code: RecordErrorCode, bins: Bins][] = [
    ['no bins', 'invalid_operation', {}],
    ['a name of a bin that is too long', 'invalid_key', { 'a-name-that-is-long': 1 }],
    ['an integer of more than 64 bits', 'invalid_value', { x: 2n ** 63n }],
    ['text with NUL', 'invalid_value', { x: 'a\0b' }],
    ['undefined', 'invalid_value', { x: undefined as unknown as Value }],
    ['a date', 'invalid_value', { x: new Date() as unknown as Value }],
  ];
  for (const [what, code, bins] of bad) {
    test(`refuses ${what}`, async () => {
      const { store, key } = place();
      await assert.rejects(store.put(key('a'), bins), refusal(code));
    });
  }
});
