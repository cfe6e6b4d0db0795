import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { installToken } from './install-token.ts';

test('an installation has one token for good, which only its owner can read', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-token-'));
  t.after(() => rm(directory, { recursive: true }));
  const token = await installToken(directory);
  assert.match(token, /^millrace_[\w-]{43}$/);
  assert.equal((await stat(join(directory, 'token'))).mode & 0o777, 0o600);
  await chmod(join(directory, 'token'), 0o644);
  assert.equal(await installToken(directory), token);
  assert.equal((await stat(join(directory, 'token'))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(directory), ['token']);
});

test('a damaged token is told, and never taken', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-token-'));
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'token'), '\n');
  await assert.rejects(installToken(directory), { code: 'data_directory_damaged', message: /remove it/ });
});
