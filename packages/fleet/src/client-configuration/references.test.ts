import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveReferences } from './references.ts';

test('references become what they name, other values stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-references-'));
  try {
    const file = join(folder, 'secret');
    await writeFile(file, 'two\nlines\n');
    const settings = { a: 'env:USER_NAME', b: `file:${file}`, c: 'environment: x', d: 'env:' };
    assert.deepEqual(
      [...(await resolveReferences(settings, { USER_NAME: 'alice' }, 'here'))],
      [
        ['a', 'alice'],
        ['b', 'two\nlines'],
        ['c', 'environment: x'],
        ['d', 'env:'],
      ],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what a reference names and is not there is told by key and reference', async () => {
  await assert.rejects(resolveReferences({ k: 'env:NONE' }, {}, 'cluster a'), {
    code: 'reference_unresolved',
    message: 'cluster a: k: env:NONE: the environment has no such variable; set it',
  });
  await assert.rejects(resolveReferences({ k: 'file:/nonexistent/x' }, {}, 'cluster a'), {
    code: 'reference_unresolved',
    message: /^cluster a: k: file:\/nonexistent\/x: the file can't be read: /,
  });
});
