import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AssertionFailure } from './assert.ts';
import { DiskError } from './disk.ts';
import { isMillraceError } from './millrace-error.ts';
import { nodeDisk } from './node-disk.ts';

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-disk-'));
});
after(() => rm(directory, { recursive: true, force: true }));

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

test('what is written at a position is read there, also beyond the end', async () => {
  const file = await nodeDisk.open(join(directory, 'positional'), { create: true });
  await file.write([bytes('hello')], 0);
  await file.write([bytes('j'), bytes(''), bytes('umbo')], 0);
  await file.write([bytes('!')], 7);
  await file.write([], 3);
  assert.equal(await file.size(), 8);
  const target = new Uint8Array(20);
  assert.equal(await file.read(target, 0), 8);
  assert.equal(Buffer.from(target.subarray(0, 8)).toString(), 'jumbo\0\0!');
  assert.equal(await file.read(target, 8), 0);
  await file.sync();
  await file.truncate(2);
  assert.equal(await file.size(), 2);
  await file.close();
});

test('more chunks than one system call takes are written in order', async () => {
  const path = join(directory, 'many-chunks');
  const file = await nodeDisk.open(path, { create: true });
  const chunks = Array.from({ length: 2500 }, (_, index) => bytes(`${index};`));
  await file.write(chunks, 0);
  await file.close();
  assert.equal(await readFile(path, 'utf8'), chunks.map((chunk) => Buffer.from(chunk).toString()).join(''));
});

test('a file keeps its content when it is opened again', async () => {
  const path = join(directory, 'kept');
  await writeFile(path, 'kept');
  const file = await nodeDisk.open(path, { create: true });
  assert.equal(await file.size(), 4);
  await file.close();
});

test('an absent file is an error to open, and undefined to read', async () => {
  const path = join(directory, 'absent');
  await assert.rejects(
    nodeDisk.open(path, { create: false }),
    (error) => error instanceof DiskError && error.code === 'disk_failed' && error.path === path,
  );
  assert.equal(await nodeDisk.readFile(path), undefined);
  assert.deepEqual(await nodeDisk.list(path), []);
  await nodeDisk.remove(path);
});

test('an atomic write replaces the content and leaves no other file behind', async () => {
  const folder = join(directory, 'atomic');
  await nodeDisk.makeDirectory(folder);
  await nodeDisk.makeDirectory(folder);
  await nodeDisk.writeFileAtomic(join(folder, 'state'), bytes('a longer first content'), { sync: false });
  await nodeDisk.writeFileAtomic(join(folder, 'state'), bytes('second'), { sync: true });
  assert.equal(Buffer.from((await nodeDisk.readFile(join(folder, 'state'))) ?? []).toString(), 'second');
  assert.deepEqual(await readdir(folder), ['state']);
});

test('an atomic write that fails leaves the old content', async () => {
  const folder = join(directory, 'blocked');
  await nodeDisk.makeDirectory(join(folder, 'state.tmp'));
  await writeFile(join(folder, 'state'), 'old');
  await assert.rejects(nodeDisk.writeFileAtomic(join(folder, 'state'), bytes('new'), { sync: true }), (error) =>
    isMillraceError(error, 'disk_failed'),
  );
  assert.equal(await readFile(join(folder, 'state'), 'utf8'), 'old');
});

test('a directory is listed by name with the sizes of its files', async () => {
  const folder = join(directory, 'listed');
  await nodeDisk.makeDirectory(join(folder, 'b', 'below'));
  await writeFile(join(folder, 'c'), 'four');
  await writeFile(join(folder, 'a'), '');
  assert.deepEqual(await nodeDisk.list(folder), [
    { name: 'a', isDirectory: false, size: 0 },
    { name: 'b', isDirectory: true, size: 0 },
    { name: 'c', isDirectory: false, size: 4 },
  ]);
});

test('an entry that is gone when its size is asked for hides none of the others', async () => {
  const folder = join(directory, 'vanishing');
  await nodeDisk.makeDirectory(folder);
  await writeFile(join(folder, 'stays'), 'here');
  // To who asks for its size, a link to nowhere looks like a file removed a moment ago.
  await symlink(join(folder, 'nowhere'), join(folder, 'gone'));
  assert.deepEqual(await nodeDisk.list(folder), [{ name: 'stays', isDirectory: false, size: 4 }]);
});

test('removing a directory removes all below it, and renaming moves it whole', async () => {
  const folder = join(directory, 'moved');
  await nodeDisk.makeDirectory(join(folder, 'below'));
  await writeFile(join(folder, 'below', 'file'), 'x');
  await nodeDisk.rename(folder, `${folder}-away`);
  await nodeDisk.syncDirectory(directory);
  assert.deepEqual(await readdir(`${folder}-away`), ['below']);
  await nodeDisk.remove(`${folder}-away`);
  assert.deepEqual(await nodeDisk.list(`${folder}-away`), []);
});

const noProc = process.platform !== 'linux' && 'only Linux has /dev/full and /proc';

test('a full disk is told as such', { skip: noProc }, async () => {
  const file = await nodeDisk.open('/dev/full', { create: false });
  for (const chunks of [[bytes('x')], [bytes('x'), bytes('y')]]) {
    await assert.rejects(file.write(chunks, 0), (error) => isMillraceError(error, 'disk_full'));
  }
  await file.close();
});

test('a file without permission is told as such', { skip: noProc }, async () => {
  // Not even root may open it for writing.
  const path = '/proc/sys/kernel/osrelease';
  await assert.rejects(nodeDisk.open(path, { create: false }), (error) => isMillraceError(error, 'no_access'));
});

test('a closed file is never used again, since its number may be that of another by then', async () => {
  const file = await nodeDisk.open(join(directory, 'closed'), { create: true });
  await file.close();
  const other = await nodeDisk.open(join(directory, 'other'), { create: true });
  await assert.rejects(file.write([bytes('x')], 0), AssertionFailure);
  await assert.rejects(file.read(new Uint8Array(1), 0), AssertionFailure);
  await assert.rejects(file.truncate(9), AssertionFailure);
  await assert.rejects(file.size(), AssertionFailure);
  await assert.rejects(file.sync(), AssertionFailure);
  await assert.rejects(file.close(), AssertionFailure);
  assert.equal(await other.size(), 0);
  await other.close();
});
