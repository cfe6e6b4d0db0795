import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskError, isMillraceError } from '@millrace/base';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { FileCache, type FileLease } from './file-cache.ts';

/** A disk that counts, and on which a file can't be closed while it is used. */
class CountingDisk extends CrashingDisk {
  opened = 0;
  readonly openNow = new Set<string>();

  override async open(path: string, options: { readonly create: boolean }) {
    const file = await super.open(path, options);
    assert.ok(!this.openNow.has(path), `${path} is open already`);
    this.opened += 1;
    this.openNow.add(path);
    return {
      ...file,
      close: async () => {
        assert.ok(this.openNow.delete(path), `${path} is not open`);
      },
    };
  }
}

const create = { create: true };

async function useAll(cache: FileCache, paths: readonly string[]): Promise<void> {
  for (const path of paths) await (await cache.acquire(path, create)).release();
}

test('files are opened once and kept up to the bound, those used last', async () => {
  const disk = new CountingDisk();
  const cache = new FileCache(disk, 2);
  await useAll(cache, ['/a', '/b', '/a', '/b', '/a']);
  assert.equal(disk.opened, 2);
  await useAll(cache, ['/c']);
  assert.deepEqual([...disk.openNow].sort(), ['/a', '/c']);
  await useAll(cache, ['/a']);
  assert.equal(disk.opened, 3);
});

test('more files than the bound may be in use, and none of them is closed before it is released', async () => {
  const disk = new CountingDisk();
  const cache = new FileCache(disk, 1);
  const leases: FileLease[] = [];
  for (const path of ['/a', '/b', '/c']) leases.push(await cache.acquire(path, create));
  assert.equal(disk.openNow.size, 3);
  for (const lease of leases) await lease.release();
  assert.equal(disk.openNow.size, 1);
});

test('a file that was let go is closed by its last user', async () => {
  const disk = new CountingDisk();
  const cache = new FileCache(disk, 4);
  const one = await cache.acquire('/a', create);
  const other = await cache.acquire('/a', create);
  await cache.forget('/a');
  await one.release();
  assert.equal(disk.openNow.size, 1);
  await other.release();
  assert.equal(disk.openNow.size, 0);
  await useAll(cache, ['/b']);
  await cache.forget('/b');
  assert.equal(disk.openNow.size, 0);
});

test('closing waits for files in use, and what is taken later is not kept', async () => {
  const disk = new CountingDisk();
  const cache = new FileCache(disk, 4);
  await useAll(cache, ['/a', '/b']);
  const lease = await cache.acquire('/c', create);
  let closed = false;
  const closing = cache.close().then(() => {
    closed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(closed, false);
  assert.deepEqual([...disk.openNow], ['/c']);
  await lease.release();
  await closing;
  await useAll(cache, ['/d']);
  assert.equal(disk.openNow.size, 0);
});

test('a file that could not be opened is tried again', async () => {
  const disk = new CountingDisk();
  const cache = new FileCache(disk, 4);
  disk.failing.push('open');
  await assert.rejects(cache.acquire('/a', create), DiskError);
  await useAll(cache, ['/a']);
  await assert.rejects(cache.acquire('/absent', { create: false }), (error) => isMillraceError(error, 'disk_failed'));
  await cache.close();
  assert.equal(disk.openNow.size, 0);
});
