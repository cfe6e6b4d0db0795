/** What operators and aggregations there are, and how closely they hold. */
import type { AggregationOperator, BinaryOperator } from './expression.ts';

/** The higher, the closer it holds its operands. */
export const precedence: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};

/** Of a sign before an operand: it holds closer than sums, not closer than powers. */
export const unaryPrecedence = 5;

/** Words that begin an aggregation. */
export const aggregations: ReadonlySet<string> = new Set<AggregationOperator>([
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'limitk',
  'limit_ratio',
  'quantile',
  'count_values',
]);

/** Those whose first argument is a parameter. */
export const withParam: ReadonlySet<AggregationOperator> = new Set([
  'topk',
  'bottomk',
  'limitk',
  'limit_ratio',
  'quantile',
  'count_values',
]);
