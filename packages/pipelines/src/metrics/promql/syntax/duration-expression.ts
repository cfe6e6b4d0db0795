/** Lengths of time as queries write them: numbers of seconds, durations, and sums of them with the query's own. */
import { queryFailed } from '../query-error.ts';
import type { DurationExpression } from './expression.ts';
import type { TokenReader } from './token-reader.ts';

type OfTwo = Extract<DurationExpression, { readonly kind: 'of-two' }>['operator'];

const precedence: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 };

/** What stands between brackets. */
export function parseDurationExpression(tokens: TokenReader, above = 0, depth = 0): DurationExpression {
  if (depth > 100) throw tokens.unexpected(tokens.next, 'expected fewer levels');
  let left = signed(tokens, depth);
  for (;;) {
    const { next } = tokens;
    const level = next.kind === 'sign' ? (precedence[next.text] ?? 0) : 0;
    if (next.kind !== 'sign' || level <= above) return left;
    tokens.take();
    const right = parseDurationExpression(tokens, next.text === '^' ? level - 1 : level, depth + 1);
    left = { kind: 'of-two', operator: next.text as OfTwo, left, right, from: left.from, to: right.to };
  }
}

/** What stands after `offset`: more than one number only between parentheses. */
export function parseOffset(tokens: TokenReader): DurationExpression {
  const { from } = tokens.next;
  if (tokens.takeSign('-')) {
    const inner = primary(tokens, 0);
    return { kind: 'negative', inner, from, to: inner.to };
  }
  tokens.takeSign('+');
  return primary(tokens, 0);
}

function signed(tokens: TokenReader, depth: number): DurationExpression {
  const { from } = tokens.next;
  if (tokens.takeSign('+')) return parseDurationExpression(tokens, 2, depth + 1);
  if (!tokens.takeSign('-')) return primary(tokens, depth);
  const inner = parseDurationExpression(tokens, 2, depth + 1);
  return { kind: 'negative', inner, from, to: inner.to };
}

function primary(tokens: TokenReader, depth: number): DurationExpression {
  const token = tokens.take();
  const { from } = token;
  if (token.kind === 'number' || token.kind === 'duration') {
    return { kind: 'seconds', value: token.value, from, to: token.to };
  }
  if (token.kind === 'sign' && token.text === '(') {
    const inner = parseDurationExpression(tokens, 0, depth + 1);
    return { ...inner, from, to: tokens.expectSign(')') };
  }
  const word = token.kind === 'word' ? token.text.toLowerCase() : '';
  if (word === 'step' || word === 'range') {
    tokens.expectSign('(');
    return { kind: word, from, to: tokens.expectSign(')') };
  }
  if (word === 'min_of' || word === 'max_of') {
    tokens.expectSign('(');
    const left = parseDurationExpression(tokens, 0, depth + 1);
    tokens.expectSign(',');
    const right = parseDurationExpression(tokens, 0, depth + 1);
    return { kind: 'of-two', operator: word, left, right, from, to: tokens.expectSign(')') };
  }
  throw tokens.unexpected(token, 'expected number, duration, step(), or range()');
}

/** What a duration may depend on, in seconds. */
export interface QuerySpan {
  readonly step: number;
  readonly range: number;
}

/**
 * In whole milliseconds.
 *
 * @throws QueryError `query_failed` where it is no length of time
 */
export function durationMs(expression: DurationExpression, span: QuerySpan, mayBeNegative = false): number {
  const seconds = secondsOf(expression, span);
  const place = `${expression.from}:${expression.to}`;
  if (!Number.isFinite(seconds)) throw queryFailed(`${place}: duration is NaN or infinite`);
  if (seconds <= 0 && !mayBeNegative) throw queryFailed(`${place}: duration must be greater than 0`);
  if (Math.abs(seconds) > 2 ** 63 / 1e9) throw queryFailed(`${place}: duration is out of range`);
  const milliseconds = seconds * 1000;
  const nearest = Math.round(milliseconds);
  // 1.001 s are 1000.9999999999999 ms as numbers go.
  return Math.abs(milliseconds - nearest) < 1e-6 ? nearest : Math.trunc(milliseconds);
}

function secondsOf(expression: DurationExpression, span: QuerySpan): number {
  switch (expression.kind) {
    case 'seconds':
      return expression.value;
    case 'step':
      return span.step;
    case 'range':
      return span.range;
    case 'negative':
      return -secondsOf(expression.inner, span);
    case 'of-two': {
      const left = secondsOf(expression.left, span);
      const right = secondsOf(expression.right, span);
      return ofTwo(expression.operator, left, right, `${expression.from}:${expression.to}`);
    }
  }
}

function ofTwo(operator: OfTwo, left: number, right: number, place: string): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      if (right === 0) throw queryFailed(`${place}: division by zero`);
      return left / right;
    case '%':
      if (right === 0) throw queryFailed(`${place}: modulo by zero`);
      return left % right;
    case '^':
      return left ** right;
    case 'min_of':
      return Math.min(left, right);
    case 'max_of':
      return Math.max(left, right);
  }
}
