/**
 * `node tests/conformance/compatibility/main.ts` tries all behaviours on the embedded broker and writes the tables of
 * the broker's README from what came of it, and from what the broker answered. With `--check FILE` it runs nothing: it
 * compares the table of clients with the results in FILE, as the test runner writes them, and says what to do when they
 * differ.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { apiTable } from './api-table.ts';
import { askVersions } from './ask-versions.ts';
import { clientTable, type TestResult } from './client-table.ts';
import { readSection, writeSection } from './readme-section.ts';

const [option, file] = process.argv.slice(2);
if (option === '--check' && file !== undefined) process.exitCode = check(readResults(file));
else if (option === undefined) process.exitCode = await write();
else {
  process.stderr.write('Usage: node tests/conformance/compatibility/main.ts [--check FILE]\n');
  process.exitCode = 2;
}

function check(results: readonly TestResult[]): number {
  if (clientTable(results) === readSection('clients')) return 0;
  process.stderr.write(
    'The table of clients in packages/broker/README.md is not what the tests say; ' +
      "run 'node tests/conformance/compatibility/main.ts'.\n",
  );
  return 1;
}

async function write(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-compatibility-'));
  try {
    const target = join(directory, 'results.jsonl');
    const root = resolve(import.meta.dirname, '../../..');
    const environment = { ...process.env, MILLRACE_TEST_RESULTS: target };
    // First, because a test compares it.
    writeSection('apis', apiTable(await askVersions()));
    const run = spawnSync(process.execPath, ['tools/test.ts', 'tests/conformance/embedded-'], {
      cwd: root,
      env: environment,
      stdio: 'inherit',
    });
    if (run.status !== 0) return 1;
    writeSection('clients', clientTable(readResults(target)));
    return 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function readResults(path: string): TestResult[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as TestResult);
}
