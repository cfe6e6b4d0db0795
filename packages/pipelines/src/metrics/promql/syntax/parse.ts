/**
 * PromQL's text to an expression, by precedence climbing. Every feature of Prometheus 3 is on, those too that it keeps
 * behind flags: duration expressions, `anchored` and `smoothed`, `fill`, experimental functions.
 *
 * An own parser, since the kept grammar of Prometheus is for editors: it reads `a + b offset 5m * c` as
 * `(a + b offset 5m) * c`.
 */

import { metricNameLabel } from '../model/labels.ts';
import { type Matcher, matcher } from '../model/matcher.ts';
import { QueryError } from '../query-error.ts';
import { checkExpression } from './check.ts';
import { parseDurationExpression, parseOffset } from './duration-expression.ts';
import type {
  Aggregation,
  AggregationOperator,
  At,
  Binary,
  BinaryOperator,
  Expression,
  VectorSelector,
} from './expression.ts';
import { functionSignatures } from './functions.ts';
import { extended, shifted } from './modifiers.ts';
import { aggregations, precedence, unaryPrecedence, withParam } from './operator-table.ts';
import { parseLabelList, parseMatchers, parseMatching } from './parse-labels.ts';
import { TokenReader } from './token-reader.ts';
import { syntaxError } from './tokens.ts';

/** Levels within each other; whoever reads expressions recurses. */
const depthMax = 200;

/** Operators, or modifiers, one after the other. */
const chainMax = 500;

/** Words that can't be the name of a metric where an expression begins. */
const reserved = new Set(['bool', 'on', 'ignoring', 'group_left', 'group_right']);

/** @throws QueryError `query_invalid`, with line and column */
export function parseQuery(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.whole();
  checkExpression(expression, text);
  return expression;
}

/** Only a selector, as `match[]` has them. */
export function parseSelector(text: string): readonly Matcher[] {
  const expression = parseQuery(text);
  if (expression.kind !== 'selector' || expression.offset !== undefined || expression.at !== undefined) {
    throw syntaxError(text, 0, 'a series selector is wanted, such as up{job="api"}');
  }
  return expression.matchers;
}

class Parser {
  readonly #text: string;
  readonly #tokens: TokenReader;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = new TokenReader(text);
  }

  whole(): Expression {
    if (this.#tokens.isAtEnd) {
      throw new QueryError('query_invalid', 'unknown position: parse error: no expression found in input');
    }
    const expression = this.#expression(0);
    if (!this.#tokens.isAtEnd) throw this.#tokens.unexpected();
    return expression;
  }

  #expression(above: number): Expression {
    if (++this.#depth > depthMax)
      throw syntaxError(this.#text, this.#tokens.next.from, 'the expression nests too deep');
    let left = this.#unary();
    for (let operators = 0; ; operators++) {
      const operator = this.#operator();
      if (operator === undefined || precedence[operator] <= above) break;
      // Each is a level of the tree, if only on one side.
      if (operators === chainMax) throw syntaxError(this.#text, this.#tokens.next.from, 'too many operators in a row');
      left = this.#binary(left, operator);
    }
    this.#depth--;
    return left;
  }

  #operator(): BinaryOperator | undefined {
    const { next } = this.#tokens;
    if (next.kind === 'sign' && next.text in precedence) return next.text as BinaryOperator;
    if (next.kind !== 'word') return undefined;
    const word = next.text.toLowerCase();
    return /^(?:and|or|unless|atan2)$/.test(word) ? (word as BinaryOperator) : undefined;
  }

  #binary(left: Expression, operator: BinaryOperator): Binary {
    this.#tokens.take();
    const isBool = this.#tokens.takeWord('bool');
    const matching = parseMatching(this.#tokens);
    // What follows a power may be another: 2^3^2 is 2^9.
    const level = precedence[operator];
    const right = this.#expression(operator === '^' ? level - 1 : level);
    return { kind: 'binary', operator, left, right, isBool, matching, from: left.from, to: right.to };
  }

  #unary(): Expression {
    const { next } = this.#tokens;
    if (next.kind !== 'sign' || (next.text !== '-' && next.text !== '+')) return this.#postfix(this.#primary());
    this.#tokens.take();
    const inner = this.#expression(unaryPrecedence);
    const place = { from: next.from, to: inner.to };
    if (inner.kind === 'number') return { ...inner, ...place, value: next.text === '-' ? -inner.value : inner.value };
    return { kind: 'unary', operator: next.text, inner, ...place };
  }

  #primary(): Expression {
    const token = this.#tokens.next;
    switch (token.kind) {
      case 'number':
      case 'duration':
        this.#tokens.take();
        return { kind: 'number', value: token.value, from: token.from, to: token.to };
      case 'string':
        this.#tokens.take();
        return { kind: 'string', value: token.text, from: token.from, to: token.to };
      case 'word':
        return this.#word(token.text, token.from);
      case 'sign':
        if (token.text === '{') return this.#selector('', token.from);
        if (token.text === '(') return this.#parenthesised(token.from);
    }
    throw this.#tokens.unexpected();
  }

  #parenthesised(from: number): Expression {
    this.#tokens.take();
    const inner = this.#expression(0);
    return { kind: 'parenthesised', inner, from, to: this.#tokens.expectSign(')') };
  }

  #word(text: string, from: number): Expression {
    const lower = text.toLowerCase();
    const follows = this.#tokens.second;
    if (aggregations.has(lower)) {
      const isModifier = follows.kind === 'word' && /^(?:by|without)$/i.test(follows.text);
      if (isModifier || (follows.kind === 'sign' && follows.text === '(')) {
        return this.#aggregation(lower as AggregationOperator, from);
      }
    }
    if (follows.kind === 'sign' && follows.text === '(') return this.#call(text, from);
    if (reserved.has(lower)) throw this.#tokens.unexpected();
    this.#tokens.take();
    return this.#selector(text, from);
  }

  #call(name: string, from: number): Expression {
    const signature = functionSignatures.get(name);
    if (signature === undefined) {
      throw syntaxError(this.#text, from, `unknown function with name ${JSON.stringify(name)}`);
    }
    this.#tokens.take();
    const args = this.#arguments();
    return { kind: 'call', name, args, from, to: this.#tokens.lastEnd };
  }

  #arguments(): Expression[] {
    this.#tokens.expectSign('(');
    const args: Expression[] = [];
    if (this.#tokens.takeSign(')')) return args;
    for (;;) {
      args.push(this.#expression(0));
      if (!this.#tokens.takeSign(',')) break;
      if (this.#tokens.isSign(')')) {
        throw syntaxError(this.#text, this.#tokens.next.from, 'trailing commas not allowed in function call args');
      }
    }
    this.#tokens.expectSign(')');
    return args;
  }

  #aggregation(operator: AggregationOperator, from: number): Aggregation {
    this.#tokens.take();
    let modifier = this.#aggregationModifier();
    const args = this.#arguments();
    modifier ??= this.#aggregationModifier();
    const wanted = withParam.has(operator) ? 2 : 1;
    if (args.length !== wanted) {
      const what = 'wrong number of arguments for aggregate expression provided';
      throw syntaxError(this.#text, from, `${what}, expected ${wanted}, got ${args.length}`);
    }
    return {
      kind: 'aggregation',
      operator,
      inner: args[wanted - 1] as Expression,
      param: wanted === 2 ? args[0] : undefined,
      grouping: modifier?.labels ?? [],
      isWithout: modifier?.isWithout ?? false,
      from,
      to: this.#tokens.lastEnd,
    };
  }

  #aggregationModifier(): { labels: readonly string[]; isWithout: boolean } | undefined {
    const isWithout = this.#tokens.takeWord('without');
    if (!isWithout && !this.#tokens.takeWord('by')) return undefined;
    return { labels: parseLabelList(this.#tokens), isWithout };
  }

  #selector(name: string, from: number): VectorSelector {
    const matchers: Matcher[] = this.#tokens.isSign('{') ? parseMatchers(this.#tokens) : [];
    if (name !== '') {
      const twice = matchers.find((each) => each.name === metricNameLabel);
      if (twice !== undefined) {
        const names = `${JSON.stringify(name)} or ${JSON.stringify(twice.value)}`;
        throw syntaxError(this.#text, from, `metric name must not be set twice: ${names}`);
      }
      matchers.push(matcher(metricNameLabel, '=', name));
    }
    return { kind: 'selector', name, matchers, from, to: this.#tokens.lastEnd };
  }

  /** Ranges, offsets and the like, which hold closer than any operator. */
  #postfix(primary: Expression): Expression {
    let expression = primary;
    for (let modifiers = 0; ; modifiers++) {
      if (modifiers === chainMax) throw syntaxError(this.#text, this.#tokens.next.from, 'too many modifiers in a row');
      const { next } = this.#tokens;
      if (next.kind === 'sign' && next.text === '[') expression = this.#range(expression);
      else if (next.kind === 'sign' && next.text === '@') expression = this.#at(expression);
      else if (next.kind === 'word' && /^(?:offset)$/i.test(next.text)) expression = this.#offset(expression);
      else if (this.#tokens.takeWord('anchored')) expression = this.#extended(expression, 'anchored');
      else if (this.#tokens.takeWord('smoothed')) expression = this.#extended(expression, 'smoothed');
      else return expression;
    }
  }

  #range(inner: Expression): Expression {
    this.#tokens.take();
    const { from } = inner;
    const range = parseDurationExpression(this.#tokens);
    if (this.#tokens.takeSign(':')) {
      const step = this.#tokens.isSign(']') ? undefined : parseDurationExpression(this.#tokens);
      return { kind: 'subquery', inner, range, step, from, to: this.#tokens.expectSign(']') };
    }
    const to = this.#tokens.expectSign(']');
    if (inner.kind !== 'selector') throw syntaxError(this.#text, from, 'ranges only allowed for vector selectors');
    for (const part of ['offset', 'at'] as const) {
      if (inner[part] === undefined) continue;
      const what = part === 'at' ? '@' : 'offset';
      throw syntaxError(this.#text, from, `no ${what} modifiers allowed before range`);
    }
    return { kind: 'range', selector: inner, range, from, to };
  }

  #offset(expression: Expression): Expression {
    this.#tokens.take();
    const offset = parseOffset(this.#tokens);
    return shifted(this.#text, expression, 'offset', { offset }, this.#tokens.lastEnd);
  }

  #at(expression: Expression): Expression {
    this.#tokens.take();
    const word = this.#tokens.wordBefore('(');
    let at: At;
    if (word === 'start' || word === 'end') {
      this.#tokens.take();
      this.#tokens.expectSign('(');
      this.#tokens.expectSign(')');
      at = word;
    } else {
      const { next } = this.#tokens;
      const seconds = this.#tokens.signedNumber('timestamp');
      if (!(Math.abs(seconds) < 2 ** 63)) {
        throw syntaxError(this.#text, next.from, `timestamp out of bounds for @ modifier: ${seconds}`);
      }
      at = Math.round(seconds * 1000);
    }
    return shifted(this.#text, expression, '@', { at }, this.#tokens.lastEnd);
  }

  #extended(expression: Expression, mode: 'anchored' | 'smoothed'): Expression {
    return extended(this.#text, expression, mode, this.#tokens.lastEnd);
  }
}
