/**
 * Sizes: which files and functions are longer than a reader wants, and the count of such exceptions, which only falls.
 *
 * The held count lies in `size-exceptions.json` beside this file. Callbacks of `describe` and `suite` are no functions
 * to this rule: they only hold tests.
 */
import { Visitor, type VisitorObject } from 'oxc-parser';
import type { Problem, SourceFile } from './source-file.ts';

const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;

/** How many files and functions are over. */
export interface SizeCounts {
  readonly files: number;
  readonly functions: number;
}

/** One file or function that is over. */
export interface Oversize extends Problem {
  readonly kind: 'file' | 'function';
}

/** What is too long in one file, largest part first. */
export function findOversize(file: SourceFile): Oversize[] {
  const found: Oversize[] = [];
  const lines = file.text.split('\n').length - 1;
  if (lines > FILE_LINES_MAX) {
    found.push({ kind: 'file', path: file.path, line: 1, sentence: `The file has ${lines} lines.` });
  }
  const exempt = new Set<number>();
  const check = (node: { start: number; end: number }): void => {
    const first = file.lineAt(node.start);
    const length = file.lineAt(node.end) - first + 1;
    if (length <= FUNCTION_LINES_MAX || exempt.has(node.start)) return;
    found.push({ kind: 'function', path: file.path, line: first, sentence: `The function has ${length} lines.` });
  };
  const rules: VisitorObject = {
    CallExpression(node) {
      if (node.callee.type !== 'Identifier' || !/^(?:describe|suite)$/.test(node.callee.name)) return;
      for (const argument of node.arguments) exempt.add(argument.start);
    },
    FunctionDeclaration: check,
    FunctionExpression: check,
    ArrowFunctionExpression: check,
  };
  new Visitor(rules).visit(file.program);
  return found;
}

/** Counts what is over. */
export function countOversize(found: readonly Oversize[]): SizeCounts {
  const files = found.filter(({ kind }) => kind === 'file').length;
  return { files, functions: found.length - files };
}

/** Compares the counts with the held ones; both more and fewer are a problem, so that a gain is kept. */
export function checkCounts(now: SizeCounts, held: SizeCounts, heldPath: string): Problem[] {
  const problems: Problem[] = [];
  for (const kind of ['files', 'functions'] as const) {
    const limit = kind === 'files' ? FILE_LINES_MAX : FUNCTION_LINES_MAX;
    const what = `${now[kind]} ${kind} have more than ${limit} lines, ${held[kind]} are allowed`;
    if (now[kind] > held[kind]) problems.push({ path: heldPath, line: 1, sentence: `${what}; split what grew.` });
    if (now[kind] < held[kind]) {
      const sentence = `${what}; run \`node tools/tidy.ts --update\` to keep the gain.`;
      problems.push({ path: heldPath, line: 1, sentence });
    }
  }
  return problems;
}
