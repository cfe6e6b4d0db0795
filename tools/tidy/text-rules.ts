/** The rules that read a file as lines and comments: width, words, suppressions, file names. */
import { posix } from 'node:path';
import type { Problem, SourceFile } from './source-file.ts';

export const LINE_WIDTH_MAX = 120;
/** Split, so that this file passes its own rule. */
const WORDS = new RegExp(
  `\\b(?:${['TO', 'FIX', 'XX'].map((start, index) => start + ['DO', 'ME', 'X'][index]).join('|')})\\b`,
);
const UNFINISHED = new RegExp(`\\b${['for', 'now'].join(' ')}\\b`, 'i');
const LONG_ADDRESS = /https?:\/\/\S{40,}/;
const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*\.(?:ts|mjs|js)$/;
const CATCH_ALL_NAME = /^(?:utils?|helpers?|common|shared|misc|manager|data|info)\.ts$/;

/** Checks the lines, comments and the name of one file. */
export function checkText(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  const add = (line: number, sentence: string): void => {
    problems.push({ path: file.path, line, sentence });
  };
  const name = posix.basename(file.path);
  if (!NAME.test(name)) add(1, `The file name '${name}' is not kebab-case; rename it.`);
  if (CATCH_ALL_NAME.test(name)) add(1, `The name '${name}' says nothing; name the file for its main export.`);
  for (const [index, line] of file.text.split('\n').entries()) {
    if (line.length > LINE_WIDTH_MAX && !LONG_ADDRESS.test(line)) {
      add(index + 1, `The line has ${line.length} characters, ${LINE_WIDTH_MAX} are allowed; break it.`);
    }
    const word = WORDS.exec(line)?.[0];
    if (word !== undefined) add(index + 1, `${word} marks unfinished work; finish it or open an issue.`);
  }
  for (const comment of file.comments) {
    const line = file.lineAt(comment.start);
    if (/@ts-(?:ignore|nocheck)/.test(comment.value)) add(line, 'The comment switches type checks off; mend the type.');
    if (/@ts-expect-error/.test(comment.value) && !file.isTest) {
      add(line, '@ts-expect-error belongs in tests of what must not compile; mend the type.');
    }
    if (UNFINISHED.test(comment.value))
      add(line, 'The comment speaks of unfinished work; finish it or say what holds.');
  }
  return problems;
}

/**
 * Checks that every handler of the broker (but not `index.ts`, their table) has the same basename as a message of the
 * wire protocol.
 */
export function checkHandlerNames(paths: readonly string[]): Problem[] {
  const messages = new Set(
    paths.filter((path) => path.startsWith('packages/wire/src/messages/')).map((path) => posix.basename(path)),
  );
  return paths
    .filter((path) => /^packages\/broker\/src\/handlers\/[^/]+\.ts$/.test(path))
    .filter((path) => !path.endsWith('.test.ts') && !path.endsWith('/index.ts'))
    .filter((path) => !messages.has(posix.basename(path)))
    .map((path) => ({
      path,
      line: 1,
      sentence: `packages/wire/src/messages has no ${posix.basename(path)}; handlers bear their message's name.`,
    }));
}
