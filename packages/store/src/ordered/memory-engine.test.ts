/** Crashes of a store in memory, as simulations make them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { MemoryVolume } from './memory-engine.ts';
import { openMemoryStore } from './open-ordered-store.ts';
import type { OrderedStore } from './ordered-store.ts';

async function put(store: OrderedStore, key: string, durable: boolean): Promise<void> {
  const batch = store.batch();
  batch.put(store.space('one'), Buffer.from(key), Buffer.from('value'));
  await store.write(batch, { durable });
}

function keysOf(store: OrderedStore): string[] {
  return [...store.space('one').range()].map(({ key }) => key.toString());
}

for (const [surviving, expected] of [
  [0, ['a', 'b']],
  [1, ['a', 'b', 'c']],
  [undefined, ['a', 'b', 'c', 'd']],
] as const) {
  test(`a crash that ${surviving ?? 'all'} of the batches survive leaves what was durable and those`, async () => {
    const volume = new MemoryVolume();
    const store = openMemoryStore({ volume });
    await put(store, 'a', false);
    await put(store, 'b', true);
    await put(store, 'c', false);
    await put(store, 'd', false);
    assert.equal(volume.pendingBatches, 2);
    volume.crash(surviving);
    assert.deepEqual(keysOf(openMemoryStore({ volume })), expected);
  });
}

test('a store that crashed refuses all calls, and its writes on the way are lost', async () => {
  const volume = new MemoryVolume();
  const store = openMemoryStore({ volume });
  const writing = put(store, 'a', true);
  volume.crash();
  await assert.rejects(writing, (error) => isMillraceError(error, 'store_closed'));
  assert.throws(
    () => keysOf(store),
    (error) => isMillraceError(error, 'store_closed'),
  );
  assert.deepEqual(keysOf(openMemoryStore({ volume })), []);
});

test('a flush makes what was written durable', async () => {
  const volume = new MemoryVolume();
  const store = openMemoryStore({ volume });
  await put(store, 'a', false);
  await store.flush();
  volume.crash(0);
  assert.deepEqual(keysOf(openMemoryStore({ volume })), ['a']);
});

test('a batch is not there before its write has returned', async () => {
  const store = openMemoryStore();
  const writing = put(store, 'a', false);
  assert.deepEqual(keysOf(store), []);
  await writing;
  assert.deepEqual(keysOf(store), ['a']);
});

test('what was put is a copy', async () => {
  const store = openMemoryStore();
  const value = Buffer.from('before');
  const batch = store.batch();
  batch.put(store.space('one'), Buffer.from('a'), value);
  await store.write(batch);
  value.fill('x');
  assert.equal(store.space('one').get(Buffer.from('a'))?.toString(), 'before');
});
