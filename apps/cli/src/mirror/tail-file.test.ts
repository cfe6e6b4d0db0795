import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TailRecord } from '@millrace/mirror';
import { TailFile } from './tail-file.ts';

const record: TailRecord = {
  topic: 'orders',
  partition: 1,
  offset: 7,
  timestamp: 5,
  key: null,
  value: Buffer.from([0, 255]),
  headers: [['trace', Buffer.from('x')]],
};

async function directoryFor(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-tail-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

test('the file is there when all is in it, and not before', async (t) => {
  const directory = await directoryFor(t);
  const told: unknown[] = [];
  const file = join(directory, 'tail.jsonl');
  await using tail = new TailFile(file, (...kept) => void told.push(kept));
  for (let offset = 0; offset < 20_000; offset++) await tail.record({ ...record, offset });
  assert.deepEqual(await readdir(directory), ['tail.jsonl.partial']);
  await tail.done();
  assert.deepEqual(await readdir(directory), ['tail.jsonl']);
  assert.deepEqual(told, [[file, 20_000]]);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  assert.equal(lines.length, 20_000);
  assert.deepEqual(JSON.parse(lines[7] ?? ''), { ...record, value: 'AP8=', headers: [['trace', 'eA==']] });
});

test('a file that is there already stays, and without records there is none', async (t) => {
  const directory = await directoryFor(t);
  const file = join(directory, 'tail.jsonl');
  await writeFile(file, 'kept');
  await writeFile(`${file}.2`, 'kept too');
  await using none = new TailFile(file, () => assert.fail('nothing was kept'));
  await none.done();
  await using tail = new TailFile(file, () => undefined);
  await tail.record(record);
  await tail.done();
  assert.deepEqual((await readdir(directory)).sort(), ['tail.jsonl', 'tail.jsonl.2', 'tail.jsonl.3']);
  assert.equal(await readFile(file, 'utf8'), 'kept');
});
