/** Keys that are longer than any that a space can have: reads answer as if it had them not, on both engines. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openMemoryStore, openOrderedStore } from './open-ordered-store.ts';

for (const engine of ['memory', 'lmdb'] as const) {
  test(`a space has nothing under keys beyond the limit, and ranges that they bound (${engine})`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-space-'));
    t.after(() => rm(directory, { recursive: true }));
    await using store = engine === 'memory' ? openMemoryStore() : openOrderedStore({ directory });
    const space = store.space('one');
    const { keyBytesMax } = store.traits;
    for (const byte of [0, 7, 255]) {
      const longest = Buffer.alloc(keyBytesMax, byte);
      const longer = Buffer.alloc(keyBytesMax + 1, byte);
      const batch = store.batch();
      batch.deleteRange(space);
      for (const each of [longest.subarray(1), longest]) batch.put(space, each, Buffer.from('there'));
      batch.put(store.space('two'), Buffer.from('key'), Buffer.from('of another'));
      await store.write(batch);
      assert.equal(space.get(longer), undefined);
      assert.deepEqual(space.getMany([longer]), [undefined]);
      assert.equal(space.has(longer), false);
      assert.equal([...space.range({ to: longer })].length, 2);
      assert.equal([...space.range({ from: longer })].length, 0);
    }
  });
}
