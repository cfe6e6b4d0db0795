/**
 * What a test run prints: a line a file while it goes, then failures in full, skipped tests with their reasons, the
 * slowest files, what folders say of their own results, and the counts as the last line. A brief run leaves out what is
 * there for who tends the tests, and the counts where a folder has said its own. It also rules what counts as failed.
 */
import type { TestEnd } from './messages.ts';
import type { FileResult } from './process.ts';

const SLOWEST_FILES = 20;

/** How the reasons begin of skips that stand in CI too, because CI's machine cannot have what they need. */
const ABSENT_IN_CI = ['needs Aerospike', "needs the sample of Nexmark's events"];

/** Counts of a run, and its failures in words. */
export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One text a failure: where, what, the whole error. */
  readonly failures: readonly string[];
}

/**
 * Judges the files of a run.
 *
 * @param inCi true makes a failure of every skip whose reason does not begin as `ABSENT_IN_CI` has it
 */
export function judge(results: readonly FileResult[], inCi: boolean): Verdict {
  let passed = 0;
  let skipped = 0;
  const failures: string[] = [];
  for (const result of results) {
    const before = failures.length;
    for (const test of result.tests) {
      if (test.outcome === 'passed') passed += 1;
      else if (test.outcome === 'failed') failures.push(failureText(result, test, test.detail));
      else if (inCi && !ABSENT_IN_CI.some((start) => test.detail.startsWith(start))) {
        failures.push(failureText(result, test, `It was skipped in CI, where it must run: ${test.detail}`));
      } else skipped += 1;
    }
    for (const problem of result.problems) failures.push(`${result.path}\n${indent(problem)}`);
    if (failures.length > before && result.output.trim() !== '') {
      failures[failures.length - 1] += `\n  The process wrote meanwhile:\n${indent(indent(result.output.trimEnd()))}`;
    }
  }
  return { passed, failed: failures.length, skipped, failures };
}

/** The line for one file that has just ended. */
export function fileLine(result: FileResult, inCi: boolean): string {
  const { passed, failed, skipped } = judge([result], inCi);
  const counts = [`${passed} passed`, failed > 0 ? `${failed} FAILED` : '', skipped > 0 ? `${skipped} skipped` : ''];
  return `${seconds(result.durationMs)}  ${result.path}: ${counts.filter((text) => text !== '').join(', ')}`;
}

export interface SummaryOptions {
  /** As `judge` has it. */
  readonly inCi: boolean;
  readonly brief?: boolean;
  /** What folders of tests say of their own results, a line each. */
  readonly folderLines?: readonly string[];
  /** What failed and then passed. */
  readonly unsteady?: readonly FileResult[];
}

/** Everything that follows the last file; the last line is `N passed, N failed, N skipped`, unless it is brief. */
export function summary(results: readonly FileResult[], options: SummaryOptions): string {
  const { inCi, brief = false, folderLines = [], unsteady = [] } = options;
  const verdict = judge(results, inCi);
  const counts = `${verdict.passed} passed, ${verdict.failed} failed, ${verdict.skipped} skipped`;
  const said = folderLines.length === 0 ? [] : ['', ...folderLines];
  const skipped = section('Skipped', skips(results));
  const failed = [
    ...section('Unsteady: failed, and passed when tried a second time', judge(unsteady, inCi).failures),
    ...section('Failed', verdict.failures),
  ];
  if (brief) return [...skipped, ...failed, ...(said.length === 0 ? ['', counts] : said), ''].join('\n');
  return [...notesAndSlowest(results), ...skipped, ...failed, ...said, '', counts, ''].join('\n');
}

function notesAndSlowest(results: readonly FileResult[]): string[] {
  const slowest = results.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST_FILES);
  const notes = results.filter((result) => result.notes.length > 0);
  return [
    ...section(
      'Notes',
      notes.map((result) => `${result.path}\n${indent(result.notes.join('\n'))}`),
    ),
    ...section(
      'Slowest files',
      slowest.map((result) => `${seconds(result.durationMs)}  ${result.path}`),
    ),
  ];
}

function skips(results: readonly FileResult[]): string[] {
  return results
    .flatMap(({ tests }) => tests.filter(({ outcome }) => outcome === 'skipped'))
    .map((test) => `${test.location} ${test.name.join(' > ')}: ${test.detail}`);
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : ['', `${title}:`, ...entries.map((entry) => indent(entry))];
}

function failureText(result: FileResult, test: TestEnd, detail: string): string {
  return `${result.path}: ${test.name.join(' > ')}\n  at ${test.location}\n${indent(detail)}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1).padStart(6)} s`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
