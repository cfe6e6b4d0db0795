/** The examples of the README are those that are compiled, and do what they say. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { seenCards } from './records/testing/readme-cards.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the example of the README is the one that is compiled', () => {
  const source = textOf('records/testing/readme-cards.ts');
  const example = source.slice(source.indexOf('import')).replace('../../index.ts', '@millrace/store');
  assert.ok(textOf('../README.md').includes(`\`\`\`ts\n${example}\`\`\`\n`));
});

test('the example of the README counts a payment and finds the card', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-readme-'));
  try {
    assert.equal(await seenCards(directory), '1 payment, 1 card, limit 900');
  } finally {
    await rm(directory, { recursive: true });
  }
});
