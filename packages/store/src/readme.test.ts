/** The examples of the README are those that are compiled, and do what they say. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { othersOnItsDevices } from './graph/testing/readme-graph.ts';
import { openMemoryStore } from './ordered/open-ordered-store.ts';
import { openEmbeddedRecords } from './records/embedded/embedded-records.ts';
import { seenCards } from './records/testing/readme-cards.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the examples of the README are those that are compiled', () => {
  for (const path of ['records/testing/readme-cards.ts', 'graph/testing/readme-graph.ts']) {
    const source = textOf(path);
    const example = source.slice(source.indexOf('import')).replace('../../index.ts', '@millrace/store');
    assert.ok(textOf('../README.md').includes(`\`\`\`ts\n${example}\`\`\`\n`), path);
  }
});

test('the graph of the README finds the accounts that share a device', async () => {
  await using records = await openEmbeddedRecords({ store: openMemoryStore() });
  await othersOnItsDevices(records, 'alice');
  assert.deepEqual(await othersOnItsDevices(records, 'bob'), ['alice']);
});

test('the example of the README counts a payment and finds the card', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-readme-'));
  try {
    assert.equal(await seenCards(directory), '1 payment, 1 card, limit 900');
  } finally {
    await rm(directory, { recursive: true });
  }
});
