/**
 * Style that a program can check: `node tools/tidy.ts` prints each problem as `file:line: sentence` and ends with exit
 * code 1 when there is one.
 *
 * It checks import directions against a written list, what the simulated packages must not touch, casts to any, empty
 * catches, words of unfinished work, line width, names, and sizes. Longer files and functions are printed, and their
 * number is held in `tidy/size-exceptions.json`: `--update` lowers it to what is found, `--allow-raise` sets it to what
 * is found, also when that is more; the commit that does so says why. `--fix [PATH ...]` first wraps comments that are
 * too wide in all files, or in those whose path contains one of the arguments.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkDeclared, checkImports } from './tidy/import-rules.ts';
import { checkCounts, countOversize, findOversize, type SizeCounts } from './tidy/size.ts';
import { type Problem, parseSource, type SourceFile } from './tidy/source-file.ts';
import { checkSyntax } from './tidy/syntax-rules.ts';
import { checkHandlerNames, checkText } from './tidy/text-rules.ts';
import { readWorkspaces, type Workspace } from './tidy/workspace.ts';
import { wrapComments } from './tidy/wrap-comments.ts';
import { SOURCE_FOLDERS, walk } from './walk.ts';

const HELD_PATH = 'tools/tidy/size-exceptions.json';
const OPTIONS = new Set(['--fix', '--update', '--allow-raise']);
const root = resolve(import.meta.dirname, '..');

process.exitCode = main(process.argv.slice(2));

function main(options: readonly string[]): number {
  const fix = options.includes('--fix');
  const unknown = options.find((option) => !OPTIONS.has(option) && (option.startsWith('-') || !fix));
  if (unknown !== undefined) {
    process.stderr.write(`tidy knows no '${unknown}'; its options are ${[...OPTIONS].join(', ')}.\n`);
    return 2;
  }
  const paths = SOURCE_FOLDERS.flatMap((folder) => walk(root, folder)).filter((path) => /\.(?:ts|mjs|js)$/.test(path));
  if (fix)
    wrapFiles(
      paths,
      options.filter((option) => !OPTIONS.has(option)),
    );
  const files = paths.map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
  const oversize = files.flatMap(findOversize).sort(byPlace);
  for (const each of oversize) process.stdout.write(`${each.path}:${each.line}: ${each.sentence}\n`);
  const counts = heldCounts(countOversize(oversize), options);
  const problems = [...checkAll(files), ...counts].sort(byPlace);
  for (const { path, line, sentence } of problems) process.stderr.write(`${path}:${line}: ${sentence}\n`);
  process.stdout.write(`${files.length} files, ${oversize.length} over size, ${problems.length} problems\n`);
  return problems.length > 0 ? 1 : 0;
}

function wrapFiles(paths: readonly string[], filters: readonly string[]): void {
  for (const path of paths) {
    if (filters.length > 0 && !filters.some((filter) => path.includes(filter))) continue;
    const text = readFileSync(join(root, path), 'utf8');
    const wrapped = wrapComments(text);
    if (wrapped !== text) writeFileSync(join(root, path), wrapped);
  }
}

function checkAll(files: readonly SourceFile[]): Problem[] {
  const problems = checkHandlerNames(files.map(({ path }) => path));
  const workspaces = readWorkspaces(root);
  for (const workspace of workspaces) {
    const own = files.filter(({ path }) => path.startsWith(`${workspace.folder}/`));
    for (const file of own) problems.push(...checkFile(file, workspace));
    problems.push(...checkDeclared(workspace, own));
  }
  return problems;
}

function checkFile(file: SourceFile, workspace: Workspace): Problem[] {
  return [...checkImports(file, workspace), ...checkText(file), ...checkSyntax(file, workspace)];
}

function heldCounts(now: SizeCounts, options: readonly string[]): Problem[] {
  const held: SizeCounts = JSON.parse(readFileSync(join(root, HELD_PATH), 'utf8'));
  const lowered = { files: Math.min(now.files, held.files), functions: Math.min(now.functions, held.functions) };
  let kept = held;
  if (options.includes('--allow-raise')) kept = now;
  else if (options.includes('--update')) kept = lowered;
  if (kept !== held) writeFileSync(join(root, HELD_PATH), `${JSON.stringify(kept, null, 2)}\n`);
  return checkCounts(now, kept, HELD_PATH);
}

function byPlace(a: Problem, b: Problem): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.line - b.line;
}
