/**
 * Wraps comment lines that are too wide, which the formatter leaves as they are.
 *
 * What does not fit goes to the front of the comment's next line where that continues the sentence, else to a line of
 * its own. A comment behind code on the same line is left to its author.
 */
import { LINE_WIDTH_MAX } from './text-rules.ts';

/** The front of a line that is all comment, and its text. */
const COMMENT_LINE = /^(\s*(?:\*|\/\/) )(.*)$/;
const ONE_LINE_BLOCK = /^(\s*)\/\*\*? (.*) \*\/$/;
/** Text that begins something of its own: a list item, a tag, a table row, code, an indented line. */
const OWN_LINE = /^(?:[-*|>@#]|\d+\.|```|\s)/;

/**
 * Returns `text` with every comment line of at most `LINE_WIDTH_MAX` characters, as far as it has spaces to break at.
 */
export function wrapComments(text: string): string {
  const queue = text.split('\n').flatMap(openBlock);
  const done: string[] = [];
  for (let line = queue.shift(); line !== undefined; line = queue.shift()) {
    const comment = COMMENT_LINE.exec(line);
    const at = comment === null ? -1 : breakAt(line, comment[1] ?? '');
    if (comment === null || at === -1) {
      done.push(line);
      continue;
    }
    const prefix = continuation(comment[1] ?? '', comment[2] ?? '');
    const rest = line.slice(at + 1);
    done.push(line.slice(0, at));
    const next = queue[0] === undefined ? null : COMMENT_LINE.exec(queue[0]);
    const nextText = next?.[2] ?? '';
    const continues = next !== null && next[1] === comment[1] && nextText !== '' && !OWN_LINE.test(nextText);
    const hangs = next !== null && prefix !== comment[1] && `${next[1]}${nextText}`.startsWith(`${prefix}`);
    if (continues && prefix === comment[1]) queue[0] = `${prefix}${rest} ${nextText}`;
    else if (hangs) queue[0] = `${prefix}${rest} ${nextText.trimStart()}`;
    else queue.unshift(`${prefix}${rest}`);
  }
  return done.join('\n');
}

/** Turns a block comment on one line that is too wide into one on several. */
function openBlock(line: string): string[] {
  const block = ONE_LINE_BLOCK.exec(line);
  if (block === null || line.length <= LINE_WIDTH_MAX) return [line];
  return [`${block[1]}/**`, `${block[1]} * ${block[2]}`, `${block[1]} */`];
}

/** Where to break a line that is too wide, -1 when it is not or cannot be. */
function breakAt(line: string, prefix: string): number {
  if (line.length <= LINE_WIDTH_MAX) return -1;
  const at = line.lastIndexOf(' ', LINE_WIDTH_MAX);
  return at > prefix.length ? at : -1;
}

/** The prefix of what goes on from a line: list items and tags hang by two columns. */
function continuation(prefix: string, text: string): string {
  const indent = /^\s*/.exec(text)?.[0] ?? '';
  return prefix + indent + (/^\s*(?:[-*] |@)/.test(text) ? '  ' : '');
}
