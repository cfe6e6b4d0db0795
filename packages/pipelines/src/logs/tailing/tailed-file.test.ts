import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FilePosition } from './file-position.ts';
import { TailedFile } from './tailed-file.ts';

function newLog(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-tailed-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'app.log');
}

class Tail {
  readonly file: TailedFile;
  readonly warnings: string[] = [];
  position: FilePosition | undefined;

  constructor(
    t: TestContext,
    path: string,
    given: { position?: FilePosition | undefined; from?: 'start' | 'end' } = {},
  ) {
    const options = { path, joining: 'none', joinMs: 0, graceMs: 40, isOnce: false } as const;
    const { position, from = 'start' } = given;
    this.file = new TailedFile({ ...options, position, from, warn: (message) => this.warnings.push(message) });
    t.after(() => this.file[Symbol.asyncDispose]());
  }

  /** What comes within a while. */
  async read(forMs = 0): Promise<string[]> {
    const records: string[] = [];
    const until = performance.now() + forMs;
    for (let idle = 0; idle < 4 || performance.now() < until; idle++) {
      const read = await this.file.read();
      if (read === undefined) {
        await sleep(2);
        continue;
      }
      records.push(...read.records);
      this.file.advance(read);
      this.position = read.position;
    }
    return records;
  }
}

test('lines come once as the file grows, halves of them when they are whole', async (t) => {
  const path = newLog(t);
  const tail = new Tail(t, path);
  assert.deepEqual(await tail.read(), []);
  writeFileSync(path, 'one\ntw');
  assert.deepEqual(await tail.read(), ['one']);
  appendFileSync(path, 'o\n');
  assert.deepEqual(await tail.read(), ['two']);
  assert.deepEqual(await tail.read(), []);
});

test('a file that was truncated and has grown past where it was read begins anew', async (t) => {
  const path = newLog(t);
  writeFileSync(path, 'one\ntwo\n');
  const tail = new Tail(t, path);
  assert.deepEqual(await tail.read(), ['one', 'two']);
  writeFileSync(path, 'ten\neleven\ntwelve\n');
  assert.deepEqual(await tail.read(), ['ten', 'eleven', 'twelve']);
});

test('a renamed file is read to its end before the next', async (t) => {
  const path = newLog(t);
  writeFileSync(path, 'one\n');
  const tail = new Tail(t, path);
  await tail.read();
  renameSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, 'two\n');
  writeFileSync(path, 'four\n');
  assert.deepEqual(await tail.read(), ['two']);
  appendFileSync(`${path}.1`, 'three');
  assert.deepEqual(await tail.read(150), ['three', 'four']);
});

test('what was copied before a truncation is read from the copy', async (t) => {
  const path = newLog(t);
  writeFileSync(path, 'one\n');
  const tail = new Tail(t, path);
  await tail.read();
  appendFileSync(path, 'two\n');
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
  appendFileSync(path, 'three\n');
  assert.deepEqual(await tail.read(150), ['two', 'three']);
  assert.deepEqual(tail.warnings, []);
});

test('a restart finds its file among rotated ones, and reads those that came between', async (t) => {
  const path = newLog(t);
  writeFileSync(path, 'one\n');
  const before = new Tail(t, path);
  await before.read();
  appendFileSync(path, 'two\n');
  renameSync(path, `${path}.2`);
  await sleep(10);
  writeFileSync(`${path}.1`, 'three\n');
  await sleep(10);
  writeFileSync(path, 'four\n');
  const after = new Tail(t, path, { position: before.position });
  assert.deepEqual(await after.read(200), ['two', 'three', 'four']);
});

test('a file that is gone is told, and its successor read', async (t) => {
  const path = newLog(t);
  writeFileSync(path, 'one\n');
  const before = new Tail(t, path);
  await before.read();
  rmSync(path);
  writeFileSync(path, 'other lines\n');
  const after = new Tail(t, path, { position: before.position });
  assert.deepEqual(await after.read(), ['other lines']);
  assert.match(after.warnings.join(), /is gone; lines at its end may be missing/);
});

test('from its end, a file begins with the next line', async (t) => {
  const path = newLog(t);
  writeFileSync(path, 'one\ntwo\nhal');
  const tail = new Tail(t, path, { from: 'end' });
  assert.deepEqual(await tail.read(), []);
  appendFileSync(path, 'f\nthree\n');
  assert.deepEqual(await tail.read(), ['half', 'three']);
});
