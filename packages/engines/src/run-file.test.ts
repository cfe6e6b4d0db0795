import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findRunning } from './data-directory.ts';
import { writeRunFile } from './run-file.ts';

const addresses = { purpose: 'millrace up', startedAt: '2026-01-31T09:00:00Z', url: null, collectorUrl: null };
const elsewhere = { pid: 1, started: 'x', place: 'another place' };

test('a run file tells what this process runs', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-run-'));
  t.after(() => rm(directory, { recursive: true }));
  await writeRunFile(directory, { ...addresses, clusters: [] });
  assert.deepEqual(await findRunning(directory), { ...addresses, clusters: [], pid: process.pid });
});

for (const [what, text] of [
  ['is cut', '{"process":{"pid"'],
  ['holds no object', 'null'],
  ['names no process', JSON.stringify({ ...addresses, clusters: [] })],
  ['lists no clusters', JSON.stringify({ ...addresses, process: elsewhere })],
  [
    'lists a cluster without an address',
    JSON.stringify({ ...addresses, process: elsewhere, clusters: [{ name: 'x' }] }),
  ],
] as const) {
  test(`a run file that ${what} is told as damaged`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-run-'));
    t.after(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, 'run.json'), text);
    await assert.rejects(findRunning(directory), { code: 'data_directory_damaged', message: /run\.json .* remove it/ });
  });
}
