import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { folderLines } from './folder-lines.ts';
import { summary } from './report.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-runner-'));
after(() => rmSync(root, { recursive: true, force: true }));

const plant = (folder: string, program: string): void => {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, 'summarize.ts'), program);
};

test('a folder of which a file ran says a line of the results, which ends a brief run', () => {
  plant('tests/counting', `process.stdin.once('data', (data) => console.log('results of', data.toString().trim()));`);
  plant('tests/failing', `throw new Error('of a bug');`);
  const run = (paths: readonly string[]) => folderLines({ root, environment: process.env, paths, lines: 'all\n' });
  assert.deepEqual(run(['packages/some/src/a.test.ts', 'tests/other/deep/a.test.ts']), { lines: [], failures: [] });
  const { lines, failures } = run([
    'tests/counting/deep/a.test.ts',
    'tests/counting/b.test.ts',
    'tests/failing/c.test.ts',
  ]);
  assert.deepEqual(lines, ['results of all']);
  assert.deepEqual(
    failures.map(({ path, problems }) => [path, ...problems]),
    [['tests/failing/summarize.ts', 'It ended with exit code 1.']],
  );
  const brief = { inCi: false, brief: true };
  assert.equal(summary([], { ...brief, folderLines: lines }), '\nresults of all\n');
  assert.equal(summary([], brief), '\n0 passed, 0 failed, 0 skipped\n');
  assert.match(
    summary(failures, { inCi: false, folderLines: lines }),
    /of a bug.*results of all\n\n0 passed, 1 failed/s,
  );
});
