import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileResult } from './process.ts';
import { summary } from './report.ts';
import { trySecondTime } from './second-try.ts';

const resultOf = (path: string, problem?: string): FileResult => ({
  ...{ path, durationMs: 1, tests: [], notes: [], output: '' },
  problems: problem === undefined ? [] : [problem],
});
const hasFailed = ({ problems }: FileResult): boolean => problems.length > 0;
const mayTry = ({ path }: FileResult): boolean => path.startsWith('server');

async function tried(first: readonly FileResult[], run: (path: string) => FileResult) {
  const ran: string[] = [];
  const outcome = await trySecondTime(first, {
    ...{ mayTry, hasFailed },
    run: async (path) => {
      ran.push(path);
      return run(path);
    },
  });
  return { ...outcome, ran };
}

test('a file of servers that failed is tried again, and told when it passes then', async () => {
  const first = [resultOf('server-1', 'it was late'), resultOf('unit-1')];
  const { results, unsteady, ran } = await tried(first, (path) => resultOf(path));
  assert.deepEqual(ran, ['server-1']);
  assert.deepEqual(results, [resultOf('server-1'), resultOf('unit-1')]);
  const text = summary(results, { inCi: true, unsteady });
  assert.match(text, /Unsteady: .*\n.*server-1\n.*it was late[\s\S]*0 failed/);
});

test('what fails again has failed', async () => {
  const { results, unsteady } = await tried([resultOf('server-1', 'once')], (path) => resultOf(path, 'twice'));
  assert.deepEqual(results, [resultOf('server-1', 'twice')]);
  assert.deepEqual(unsteady, []);
});

test('neither unit files nor many files are tried again', async () => {
  const unit = [resultOf('unit-1', 'wrong'), resultOf('server-1', 'late')];
  const many = ['server-1', 'server-2', 'server-3'].map((path) => resultOf(path, 'late'));
  for (const first of [unit, many]) {
    const { results, unsteady, ran } = await tried(first, (path) => resultOf(path));
    assert.deepEqual([results, unsteady, ran], [first, [], []]);
  }
});
