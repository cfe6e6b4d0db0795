import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLogSettings } from './log-settings.ts';

test('a file sets what is masked and how long lines are kept, and what it has wrong is told by its name', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-settings-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'logs.yaml');
  const read = (text: string) => {
    writeFileSync(file, text);
    return readLogSettings(file);
  };
  const { masker, retentionMs, bytesMax } = await read(
    'retention: {days: 2, gigabytes: 0.5}\nmask:\n  rules:\n    - {name: order, pattern: "ORD-[0-9]+"}\n',
  );
  assert.deepEqual([retentionMs, bytesMax], [172_800_000, 2 ** 29]);
  assert.equal(masker?.text('ORD-17 password=x'), '[order] password=[secret]');
  assert.equal((await read('')).retentionMs, undefined);
  await assert.rejects(read('retention: {weeks: 1}'), /retention/);
  await assert.rejects(read('retention: {days: 0}'), /retention\/days/);
  await assert.rejects(read('mask: {rules: [{name: a, pattern: "("}]}'), /the pattern of the rule "a" is refused/);
  await assert.rejects(read('a: ['), /can't be used/);
  await assert.rejects(readLogSettings(join(directory, 'none')), /ENOENT/);
});
