/** Conditions on values, by Gremlin's names. Values of different types differ, and neither is less. */
import type { Value } from '../../records/value.ts';

export type Predicate =
  | { readonly op: 'eq' | 'neq' | 'lt' | 'lte' | 'gt' | 'gte'; readonly value: Scalar }
  | { readonly op: 'within' | 'without'; readonly values: readonly Scalar[] }
  | { readonly op: 'between' | 'inside' | 'outside'; readonly low: Scalar; readonly high: Scalar }
  | { readonly op: 'startingWith' | 'endingWith' | 'containing'; readonly value: string };

export type Scalar = string | number | boolean;

/** Makes predicates. `between` has its low end and not its high one, `inside` neither. */
export const P = {
  eq: (value: Scalar): Predicate => ({ op: 'eq', value }),
  neq: (value: Scalar): Predicate => ({ op: 'neq', value }),
  lt: (value: Scalar): Predicate => ({ op: 'lt', value }),
  lte: (value: Scalar): Predicate => ({ op: 'lte', value }),
  gt: (value: Scalar): Predicate => ({ op: 'gt', value }),
  gte: (value: Scalar): Predicate => ({ op: 'gte', value }),
  within: (...values: readonly Scalar[]): Predicate => ({ op: 'within', values }),
  without: (...values: readonly Scalar[]): Predicate => ({ op: 'without', values }),
  between: (low: Scalar, high: Scalar): Predicate => ({ op: 'between', low, high }),
  inside: (low: Scalar, high: Scalar): Predicate => ({ op: 'inside', low, high }),
  outside: (low: Scalar, high: Scalar): Predicate => ({ op: 'outside', low, high }),
  startingWith: (value: string): Predicate => ({ op: 'startingWith', value }),
  endingWith: (value: string): Predicate => ({ op: 'endingWith', value }),
  containing: (value: string): Predicate => ({ op: 'containing', value }),
} as const;

export function holds(predicate: Predicate, value: Value): boolean {
  switch (predicate.op) {
    case 'eq':
      return value === predicate.value;
    case 'neq':
      return value !== predicate.value;
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return compared(predicate.op, value, predicate.value);
    case 'within':
      return predicate.values.includes(value as Scalar);
    case 'without':
      return !predicate.values.includes(value as Scalar);
    case 'between':
      return compared('gte', value, predicate.low) && compared('lt', value, predicate.high);
    case 'inside':
      return compared('gt', value, predicate.low) && compared('lt', value, predicate.high);
    case 'outside':
      return compared('lt', value, predicate.low) || compared('gt', value, predicate.high);
    case 'startingWith':
      return typeof value === 'string' && value.startsWith(predicate.value);
    case 'endingWith':
      return typeof value === 'string' && value.endsWith(predicate.value);
    case 'containing':
      return typeof value === 'string' && value.includes(predicate.value);
  }
}

function compared(op: 'lt' | 'lte' | 'gt' | 'gte', value: Value, bound: Scalar): boolean {
  if (!comparable(value, bound)) return false;
  const left = value as Scalar;
  switch (op) {
    case 'lt':
      return left < bound;
    case 'lte':
      return left <= bound;
    case 'gt':
      return left > bound;
    case 'gte':
      return left >= bound;
  }
}

/** A 64-bit integer compares with numbers. */
function comparable(value: Value, bound: Scalar): boolean {
  return typeof value === typeof bound || (typeof value === 'bigint' && typeof bound === 'number');
}
