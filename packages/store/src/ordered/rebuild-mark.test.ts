/** Which files of a rebuildable store are believed when it is opened. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openOrderedStore } from './open-ordered-store.ts';

async function valueIn(directory: string): Promise<string | undefined> {
  await using store = openOrderedStore({ directory, rebuildable: true });
  return store.space('one').get(Buffer.from('a'))?.toString();
}

/** A directory as a crash leaves it that did not sync: copied while its store was open. */
async function interrupted(folder: string): Promise<string> {
  const directory = join(folder, 'open');
  await using store = openOrderedStore({ directory, rebuildable: true });
  const batch = store.batch();
  batch.put(store.space('one'), Buffer.from('a'), Buffer.from('kept'));
  await store.write(batch);
  await cp(directory, join(folder, 'copy'), { recursive: true });
  return join(folder, 'copy');
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-mark-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a rebuildable store is as it was after the end of the process alone', async () => {
  await inFolder(async (folder) => assert.equal(await valueIn(await interrupted(folder)), 'kept'));
});

test('a rebuildable store is empty after the machine was started anew', async () => {
  await inFolder(async (folder) => {
    const directory = await interrupted(folder);
    await writeFile(join(directory, 'rebuildable'), 'id of another boot');
    assert.equal(await valueIn(directory), undefined);
  });
});

test('a rebuildable store that was closed is as it was after the machine was started anew', async () => {
  await inFolder(async (folder) => {
    const directory = await interrupted(folder);
    assert.equal(await valueIn(directory), 'kept');
    assert.equal(await readFile(join(directory, 'rebuildable'), 'utf8'), 'closed');
    assert.equal(await valueIn(directory), 'kept');
  });
});

test('a store that was synced so far opens empty as a rebuildable one', async () => {
  await inFolder(async (folder) => {
    const directory = join(folder, 'synced');
    const store = openOrderedStore({ directory });
    const batch = store.batch();
    batch.put(store.space('one'), Buffer.from('a'), Buffer.from('kept'));
    await store.write(batch, { durable: true });
    await store.close();
    assert.equal(await valueIn(directory), undefined);
  });
});
