/** Lists of labels, matchers, and what is said of how two sides of an operator match. */

import { metricNameLabel } from '../model/labels.ts';
import { type Matcher, type MatchOperator, matcher } from '../model/matcher.ts';
import { QueryError } from '../query-error.ts';
import type { Matching } from './expression.ts';
import type { TokenReader } from './token-reader.ts';
import { syntaxError } from './tokens.ts';

/** What stands between an operator and its right side. */
export function parseMatching(tokens: TokenReader): Matching {
  const on = tokens.takeWord('on');
  let labels: readonly string[] = [];
  let many: Matching['many'];
  let include: readonly string[] = [];
  if (on || tokens.takeWord('ignoring')) {
    labels = parseLabelList(tokens);
    if (tokens.takeWord('group_left')) many = 'left';
    else if (tokens.takeWord('group_right')) many = 'right';
    if (many !== undefined && tokens.isSign('(')) include = parseLabelList(tokens);
  }
  return { on, labels, many, include, ...fills(tokens) };
}

function fills(tokens: TokenReader): Pick<Matching, 'fillLeft' | 'fillRight'> {
  let fillLeft: number | undefined;
  let fillRight: number | undefined;
  for (;;) {
    const word = tokens.wordBefore('(');
    if (word === 'fill') fillLeft = fillRight = fillValue(tokens);
    else if (word === 'fill_left') fillLeft = fillValue(tokens);
    else if (word === 'fill_right') fillRight = fillValue(tokens);
    else return { fillLeft, fillRight };
  }
}

function fillValue(tokens: TokenReader): number {
  tokens.take();
  tokens.expectSign('(');
  const value = tokens.signedNumber('fill value');
  tokens.expectSign(')');
  return value;
}

/** Labels in parentheses. */
export function parseLabelList(tokens: TokenReader): readonly string[] {
  tokens.expectSign('(');
  const labels: string[] = [];
  while (!tokens.isSign(')')) {
    const token = tokens.take();
    if (token.kind === 'number') labels.push(tokens.text.slice(token.from, token.to));
    else if (token.kind === 'word' || token.kind === 'string') labels.push(token.text);
    else throw tokens.unexpected(token, 'in grouping opts, expected label');
    if (token.kind !== 'string' && !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(labels.at(-1) as string)) {
      throw tokens.unexpected(token, 'in grouping opts, expected label');
    }
    if (!tokens.takeSign(',')) break;
  }
  tokens.expectSign(')');
  return labels;
}

/** Matchers in braces. */
export function parseMatchers(tokens: TokenReader): Matcher[] {
  tokens.expectSign('{');
  const matchers: Matcher[] = [];
  while (!tokens.isSign('}')) {
    const token = tokens.take();
    const name =
      token.kind === 'number' ? tokens.text.slice(token.from, token.to) : 'text' in token ? token.text : undefined;
    if (name === undefined || token.kind === 'sign' || (token.kind === 'word' && name.includes(':'))) {
      throw tokens.unexpected(token, 'in label matching, expected identifier or "}"');
    }
    const isNameAlone = token.kind === 'string' && (tokens.isSign(',') || tokens.isSign('}'));
    matchers.push(isNameAlone ? matcher(metricNameLabel, '=', name) : parseMatcher(tokens, name, token.from));
    if (!tokens.takeSign(',')) break;
  }
  tokens.expectSign('}');
  return matchers;
}

function parseMatcher(tokens: TokenReader, name: string, from: number): Matcher {
  const operator = tokens.take();
  if (operator.kind !== 'sign' || !/^(?:=|!=|=~|!~)$/.test(operator.text)) {
    throw tokens.unexpected(operator, 'in label matching, expected label matching operator');
  }
  const value = tokens.take();
  if (value.kind !== 'string') throw tokens.unexpected(value, 'in label matching, expected string');
  try {
    return matcher(name, operator.text as MatchOperator, value.text);
  } catch (error) {
    throw error instanceof QueryError ? syntaxError(tokens.text, from, error.message) : error;
  }
}
