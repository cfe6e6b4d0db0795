/**
 * A query's text as tokens: numbers and durations with their values, strings without their quotes, words, and signs.
 * What is a keyword depends on where it stands, so that the parser tells. White space and comments are gone.
 */
import { QueryError } from '../query-error.ts';
import { lineAndColumn } from '../text-place.ts';
import { durationSeconds } from './duration-text.ts';
import type { Place } from './expression.ts';
import { unquoted } from './string-literal.ts';

export type Token = Place &
  (
    | { readonly kind: 'number' | 'duration'; readonly value: number }
    | { readonly kind: 'string'; readonly text: string }
    | { readonly kind: 'word' | 'sign'; readonly text: string }
    | { readonly kind: 'end' }
  );

const space = /(?:\s+|#[^\n]*)+/y;
const duration = /(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?/y;
const number = /0[xX][0-9a-fA-F_]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const word = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
/** Between brackets a colon stands between range and step. */
const wordInBrackets = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const sign = /=~|!~|==|!=|<=|<\/|>=|>\/|[-+*/%^=<>(){}[\],@:]/y;
const afterNumber = /[a-zA-Z0-9_.]/y;

/** Names under which numbers stand that have no digits. */
const namedNumbers: Readonly<Record<string, number>> = { inf: Infinity, nan: NaN };

/** @throws QueryError `query_invalid` */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let brackets = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    return found === '' ? undefined : found;
  };
  for (;;) {
    at += match(space)?.length ?? 0;
    if (at >= text.length) break;
    const from = at;
    const token = numberToken(match) ?? stringToken(text, at) ?? wordToken(match, brackets > 0) ?? signToken(match);
    if (token === undefined) throw syntaxError(text, from, `unexpected character: ${JSON.stringify(text[from])}`);
    at += token.length;
    if (token.kind === 'sign') brackets += token.text === '[' ? 1 : token.text === ']' ? -1 : 0;
    const isNumber = token.kind === 'number' || token.kind === 'duration';
    if (isNumber && match(afterNumber) !== undefined) {
      throw syntaxError(text, from, `bad number or duration syntax: ${JSON.stringify(text.slice(from, at + 1))}`);
    }
    const { length: _, ...rest } = token;
    tokens.push({ ...rest, from, to: at });
  }
  tokens.push({ kind: 'end', from: text.length, to: text.length });
  return tokens;
}

/** An error of the text, with its line and column. */
export function syntaxError(text: string, at: number, what: string): QueryError {
  return new QueryError('query_invalid', `${lineAndColumn(text, at)}: parse error: ${what}`);
}

type Unplaced = (Token extends infer T ? (T extends Token ? Omit<T, keyof Place> : never) : never) & {
  readonly length: number;
};

type Match = (pattern: RegExp) => string | undefined;

function numberToken(match: Match): Unplaced | undefined {
  const asNumber = match(number);
  const asDuration = match(duration);
  if (asDuration !== undefined && asDuration.length >= (asNumber?.length ?? 0)) {
    return { kind: 'duration', value: durationSeconds(asDuration), length: asDuration.length };
  }
  if (asNumber === undefined) return undefined;
  return { kind: 'number', value: Number(asNumber.replaceAll('_', '')), length: asNumber.length };
}

function stringToken(text: string, at: number): Unplaced | undefined {
  const quote = text[at];
  if (quote !== '"' && quote !== "'" && quote !== '`') return undefined;
  let end = at + 1;
  while (end < text.length && text[end] !== quote) {
    if (quote !== '`' && text[end] === '\n') break;
    end += quote !== '`' && text[end] === '\\' ? 2 : 1;
  }
  if (text[end] !== quote) throw syntaxError(text, at, 'unterminated quoted string');
  const value = unquoted(text.slice(at, end + 1));
  if (value === undefined)
    throw syntaxError(text, at, `error unquoting string ${text.slice(at, end + 1)}: invalid syntax`);
  return { kind: 'string', text: value, length: end + 1 - at };
}

function wordToken(match: Match, inBrackets: boolean): Unplaced | undefined {
  const text = match(inBrackets ? wordInBrackets : word);
  if (text === undefined) return undefined;
  const value = namedNumbers[text.toLowerCase()];
  if (value !== undefined) return { kind: 'number', value, length: text.length };
  return { kind: 'word', text, length: text.length };
}

function signToken(match: Match): Unplaced | undefined {
  const text = match(sign);
  return text === undefined ? undefined : { kind: 'sign', text, length: text.length };
}
