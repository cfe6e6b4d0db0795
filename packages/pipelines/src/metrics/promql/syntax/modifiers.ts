/** What stands behind a selector or a subquery: `offset`, `@`, `anchored`, `smoothed`. */
import type { Expression, VectorSelector } from './expression.ts';
import { syntaxError } from './tokens.ts';

type Shift = Partial<Pick<VectorSelector, 'offset' | 'at'>>;

/** The expression, looking at another time; `to` is where it ends then. */
export function shifted(
  text: string,
  expression: Expression,
  what: '@' | 'offset',
  shift: Shift,
  to: number,
): Expression {
  const target = expression.kind === 'range' ? expression.selector : expression;
  if (target.kind !== 'selector' && target.kind !== 'subquery') {
    const wanted = 'an instant vector selector or range vector selector or a subquery';
    throw syntaxError(text, expression.from, `${what} modifier must be preceded by ${wanted}`);
  }
  if ((what === '@' ? target.at : target.offset) !== undefined) {
    const name = what === '@' ? '@ <timestamp>' : 'offset';
    throw syntaxError(text, expression.from, `${name} may not be set multiple times`);
  }
  if (expression.kind === 'range') return { ...expression, selector: { ...expression.selector, ...shift }, to };
  return { ...target, ...shift, to };
}

/** The expression, taking samples outside of its range into account; `to` is where it ends then. */
export function extended(text: string, expression: Expression, mode: 'anchored' | 'smoothed', to: number): Expression {
  const { from } = expression;
  const selector = expression.kind === 'range' ? expression.selector : expression;
  if (selector.kind !== 'selector') {
    const of = selector.kind === 'subquery' ? 'not supported for subqueries' : 'not implemented';
    throw syntaxError(text, from, `${mode} modifier ${selector.kind === 'subquery' ? 'is ' : ''}${of}`);
  }
  if (selector.mode !== undefined && selector.mode !== mode) {
    throw syntaxError(text, from, 'anchored and smoothed modifiers cannot be used together');
  }
  const changed: VectorSelector = { ...selector, mode };
  if (expression.kind === 'range') return { ...expression, selector: changed, to: to };
  return { ...changed, to: to };
}
