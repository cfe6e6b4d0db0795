/** The part of the suite about times to live. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add } from '../operation.ts';
import { refusal, suite } from './suite.ts';

export const lifetimes = suite('times to live', (place) => {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  test('tells the seconds that a record has left', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { ttl: 100 });
    const ttl = (await store.get(key('a')))?.ttl ?? 0;
    assert.ok(ttl > 95 && ttl <= 100, `${ttl}`);
  });

  test('keeps the time to live over changes that name none', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { ttl: 100 });
    await store.put(key('a'), { x: 2 });
    const { ttl = 0 } = await store.operate(key('a'), [add('x', 1)]);
    assert.ok(ttl > 95 && ttl <= 100, `${ttl}`);
  });

  test('changes the time to live with the record, or alone', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { ttl: 100 });
    await store.put(key('a'), { x: 2 }, { ttl: 'never' });
    assert.equal((await store.get(key('a')))?.ttl, undefined);
    assert.equal(await store.touch(key('a'), 50), 3);
    const ttl = (await store.get(key('a')))?.ttl ?? 0;
    assert.ok(ttl > 45 && ttl <= 50, `${ttl}`);
    await assert.rejects(store.touch(key('b'), 50), refusal('not_found'));
  });

  test('has no record any more that has expired', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { ttl: 1 });
    await sleep(2_100);
    assert.equal(await store.get(key('a')), undefined);
    await assert.rejects(store.put(key('a'), { x: 1 }, { mode: 'update' }), refusal('not_found'));
    assert.equal(await store.put(key('a'), { y: 1 }, { mode: 'create' }), 1);
    const found = await store.get(key('a'));
    assert.deepEqual(found?.bins, { y: 1 });
    assert.equal(found?.ttl, undefined);
  });

  for (const ttl of [0, -1, 1.5, 1e10]) {
    test(`refuses ${ttl} as a time to live`, async () => {
      const { store, key } = place();
      await assert.rejects(store.put(key('a'), { x: 1 }, { ttl }), refusal('invalid_operation'));
    });
  }
});
