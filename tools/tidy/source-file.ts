/** A parsed source file, as tidy's rules see it, and what a rule answers. */
import { type Comment, type ParseResult, parseSync } from 'oxc-parser';

/** One thing that is wrong, with its place. */
export interface Problem {
  /** Path from the root. */
  readonly path: string;
  /** Beginning at 1. */
  readonly line: number;
  /** One sentence that says what is wrong and what to do. */
  readonly sentence: string;
}

/** One import or re-export of another module, static or dynamic. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** One file of JavaScript or TypeScript. */
export interface SourceFile {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: ParseResult['program'];
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  /** True for test files and for what lies in a `testing` folder: code that runs in tests only. */
  readonly isTest: boolean;
  /** The line, beginning at 1, of an offset in `text`. */
  lineAt(offset: number): number;
}

/**
 * Parses one file.
 *
 * @throws Error when the file is no valid TypeScript; its message names file and line
 */
export function parseSource(path: string, text: string): SourceFile {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  const lineAt = (offset: number): number => {
    let low = 0;
    let high = lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
  const { program, comments, module, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}:${lineAt(error.labels[0]?.start ?? 0)}: ${error.message}`);
  const imports: Import[] = [];
  const add = (specifier: string, offset: number): void => {
    imports.push({ specifier, line: lineAt(offset) });
  };
  for (const each of module.staticImports) add(each.moduleRequest.value, each.start);
  for (const each of module.staticExports) {
    const request = each.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (request) add(request.value, each.start);
  }
  for (const each of module.dynamicImports) {
    const argument = /^(['"`])([^$]*)\1$/.exec(text.slice(each.moduleRequest.start, each.moduleRequest.end));
    if (argument?.[2] !== undefined) add(argument[2], each.start);
  }
  return { path, text, program, comments, imports, isTest: isTestPath(path), lineAt };
}

/** True for paths of code that runs in tests only: tests, type tests (`.test-d.ts`), and what supports them. */
export function isTestPath(path: string): boolean {
  return /\.test(?:-d)?\.ts$|\/testing\//.test(path) || path.startsWith('tests/');
}
