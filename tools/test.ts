/**
 * The test runner behind `npm test`.
 *
 * `node tools/test.ts [--brief] [PATH ...]` runs all test files, or those whose path contains one of the arguments.
 * Files that start servers or compute for long (see `test/files.ts`) have a process each, all others share a few. A
 * file that hangs, crashes or runs no test counts as failed; one with a process of its own that failed has a second try
 * (`test/second-try.ts`). The last line is `N passed, N failed, N skipped`, before which folders say what they make of
 * their own results (`test/folder-lines.ts`); with `--brief` that is the last line, and little else is printed. The
 * exit code is 1 when anything failed.
 *
 * Environment: `CI=true` makes skips failures but where CI's machine cannot have what is needed; `MILLRACE_TEST_SCALE`
 * multiplies rounds and seeds (0.2 by hand and 1 in CI, unless set); `MILLRACE_TEST_RESULTS` names a file that gets a
 * line of JSON for every test, its file, its names, how it ended; and one without names for what failed of a file
 * outside of its tests.
 */
import { writeFileSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { findTestFiles, type TestFile } from './test/files.ts';
import { folderLines } from './test/folder-lines.ts';
import { endAllProcesses, type FileResult, TestProcess } from './test/process.ts';
import { fileLine, judge, summary } from './test/report.ts';
import { trySecondTime } from './test/second-try.ts';

/** Files that wait most of the time and are run at once, beside one that computes. */
const SERVING_AT_ONCE = 2;
const UNIT_FILE_MS_MAX = 60_000;
/** Clusters of other programs, killed and started again by seeds, take minutes. */
const OWN_PROCESS_FILE_MS_MAX = 600_000;

const root = resolve(import.meta.dirname, '..');
const inCi = process.env['CI'] === 'true';
const scale = process.env['MILLRACE_TEST_SCALE'] ?? (inCi ? '1' : '0.2');
const environment = {
  ...process.env,
  MILLRACE_TEST_SCALE: scale,
  // Every file of servers, and every process that it starts, loads much of the code.
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? resolve(root, 'node_modules/.cache/millrace-compiled'),
  PATH: [resolve(root, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter),
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    endAllProcesses();
    process.exit(130);
  });
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const filters = args.filter((arg) => arg !== '--brief');
  const brief = filters.length < args.length;
  let files: TestFile[];
  try {
    files = findTestFiles(root, filters);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  let results: FileResult[] = [];
  const add = (result: FileResult): void => {
    results.push(result);
    process.stdout.write(`${fileLine(result, inCi)}\n`);
  };
  await runAll(files, add);
  const { unsteady, ...tried } = await trySecondTime(results, {
    mayTry: ({ path }) => files.some((file) => file.path === path && file.kind !== 'brief'),
    hasFailed: (result) => judge([result], inCi).failed > 0,
    run: async (path) => {
      const again: FileResult[] = [];
      await runAlone([path], (result) => {
        again.push(result);
        process.stdout.write(`${fileLine(result, inCi)}, at its second try\n`);
      });
      return again[0] as FileResult;
    },
  });
  results = tried.results;
  results.sort((a, b) => (a.path < b.path ? -1 : 1));
  const lines = resultLines(results);
  const target = process.env['MILLRACE_TEST_RESULTS'];
  if (target !== undefined && target !== '') writeFileSync(target, lines);
  const said = folderLines({ root, environment, paths: results.map(({ path }) => path), lines });
  results.push(...said.failures);
  process.stdout.write(summary(results, { inCi, brief, folderLines: said.lines, unsteady }));
  return judge(results, inCi).failed > 0 || results.length === 0 ? 1 : 0;
}

function resultLines(results: readonly FileResult[]): string {
  const lines = results.flatMap(({ path, tests, problems }) => [
    ...tests.map(({ name, outcome }) => ({ path, name, outcome })),
    ...problems.map(() => ({ path, name: [], outcome: 'failed' })),
  ]);
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * Runs each file once. Those that compute are run one after the other beside those that wait, as long as there are
 * both; the brief ones come last, and even out at what time the processes end.
 */
async function runAll(files: readonly TestFile[], add: (result: FileResult) => void): Promise<void> {
  const queueOf = (wanted: TestFile['kind']) => files.filter(({ kind }) => kind === wanted).map(({ path }) => path);
  const [serving, computing, brief] = [queueOf('serving'), queueOf('computing'), queueOf('brief')];
  const runQueues = async (first: string[], second: string[]): Promise<void> => {
    await runAlone(first, add);
    await runAlone(second, add);
    await runTogether(brief, add);
  };
  const waiting = Array.from({ length: SERVING_AT_ONCE }, () => runQueues(serving, computing));
  await Promise.all([runQueues(computing, serving), ...waiting]);
}

/** Takes files from the front of `queue`, each in a process of its own. */
async function runAlone(queue: string[], add: (result: FileResult) => void): Promise<void> {
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const testProcess = new TestProcess({ root, environment });
    const result = await testProcess.run(path, limitMs(OWN_PROCESS_FILE_MS_MAX));
    const problem = await testProcess.close();
    add(problem === undefined ? result : { ...result, problems: [...result.problems, problem] });
  }
}

/** Takes files from the front of `queue`, all in one process for as long as it can be trusted. */
async function runTogether(queue: string[], add: (result: FileResult) => void): Promise<void> {
  let testProcess: TestProcess | undefined;
  let ran: string[] = [];
  const close = async (): Promise<void> => {
    const problem = await testProcess?.close();
    testProcess = undefined;
    if (problem !== undefined) {
      add({
        path: ran.at(-1) ?? '',
        durationMs: 0,
        tests: [],
        problems: [`${problem}\nRan in this process: ${ran.join(', ')}`],
        notes: [],
        output: '',
      });
    }
    ran = [];
  };
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    testProcess ??= new TestProcess({ root, environment });
    ran.push(path);
    add(await testProcess.run(path, limitMs(UNIT_FILE_MS_MAX)));
    if (!testProcess.reusable) await close();
  }
  await close();
}

function limitMs(base: number): number {
  return base * Math.max(1, Number(scale) || 1);
}
