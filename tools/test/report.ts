/**
 * What a test run prints: a line a file while it goes, then failures in full, skipped tests with their reasons, the
 * slowest files, and the counts as the last line. It also rules what counts as failed.
 */
import type { TestEnd } from './messages.ts';
import type { FileResult } from './process.ts';

const SLOWEST_FILES = 20;

/** How the reasons begin of skips that stand in CI too, because CI's machine cannot have what they need. */
const ABSENT_IN_CI = ['needs Aerospike'];

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

/** Everything that follows the last file; the last line is `N passed, N failed, N skipped`. */
export function summary(results: readonly FileResult[], inCi: boolean): string {
  const verdict = judge(results, inCi);
  const slowest = results.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST_FILES);
  const skips = results.flatMap(({ tests }) => tests.filter(({ outcome }) => outcome === 'skipped'));
  const notes = results.filter((result) => result.notes.length > 0);
  return [
    ...section(
      'Notes',
      notes.map((result) => `${result.path}\n${indent(result.notes.join('\n'))}`),
    ),
    ...section(
      `Slowest files`,
      slowest.map((result) => `${seconds(result.durationMs)}  ${result.path}`),
    ),
    ...section(
      'Skipped',
      skips.map((test) => `${test.location} ${test.name.join(' > ')}: ${test.detail}`),
    ),
    ...section('Failed', verdict.failures),
    '',
    `${verdict.passed} passed, ${verdict.failed} failed, ${verdict.skipped} skipped`,
    '',
  ].join('\n');
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
