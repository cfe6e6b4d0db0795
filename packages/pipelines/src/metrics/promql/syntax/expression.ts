/** A parsed PromQL expression as plain data. Places are offsets in the query's text, `to` behind the last character. */
import type { Matcher } from '../model/matcher.ts';

export interface Place {
  readonly from: number;
  readonly to: number;
}

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

export interface NumberLiteral extends Place {
  readonly kind: 'number';
  readonly value: number;
}

export interface StringLiteral extends Place {
  readonly kind: 'string';
  readonly value: string;
}

/** When a selector or a subquery looks, instead of at the time of each step. */
export type At = number | 'start' | 'end';

/** What shifts the time that a selector or a subquery looks at. */
export interface Shift {
  readonly offset?: DurationExpression | undefined;
  /** Milliseconds since 1970. */
  readonly at?: At | undefined;
}

export interface VectorSelector extends Place, Shift {
  readonly kind: 'selector';
  /** The name before the braces, which is among the matchers too; empty without one. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** `anchored` takes the sample before a range too; `smoothed` interpolates at both ends. */
  readonly mode?: 'anchored' | 'smoothed' | undefined;
}

export interface RangeSelector extends Place {
  readonly kind: 'range';
  readonly selector: VectorSelector;
  readonly range: DurationExpression;
}

export interface Subquery extends Place, Shift {
  readonly kind: 'subquery';
  readonly inner: Expression;
  readonly range: DurationExpression;
  readonly step?: DurationExpression | undefined;
}

export interface Call extends Place {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expression[];
}

export type AggregationOperator =
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'count'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'limitk'
  | 'limit_ratio'
  | 'quantile'
  | 'count_values';

export interface Aggregation extends Place {
  readonly kind: 'aggregation';
  readonly operator: AggregationOperator;
  readonly inner: Expression;
  readonly param?: Expression | undefined;
  readonly grouping: readonly string[];
  /** `without` in place of `by`. */
  readonly isWithout: boolean;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2' | '</' | '>/';
export type ComparisonOperator = '==' | '!=' | '>' | '<' | '>=' | '<=';
export type SetOperator = 'and' | 'or' | 'unless';
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator;

/** Which series of both sides belong together. */
export interface Matching {
  readonly on: boolean;
  readonly labels: readonly string[];
  /** The side that may have many: `left` for group_left. */
  readonly many?: 'left' | 'right' | undefined;
  /** Labels that the result takes from the side that has one. */
  readonly include: readonly string[];
  /** Values in place of a partner that is missing. */
  readonly fillLeft?: number | undefined;
  readonly fillRight?: number | undefined;
}

export interface Binary extends Place {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly isBool: boolean;
  readonly matching: Matching;
}

export interface Unary extends Place {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  readonly inner: Expression;
}

export interface Parenthesised extends Place {
  readonly kind: 'parenthesised';
  readonly inner: Expression;
}

export type Expression =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Call
  | Aggregation
  | Binary
  | Unary
  | Parenthesised;

/** A length of time that may depend on the query's own. Numbers are seconds. */
export type DurationExpression = Place &
  (
    | { readonly kind: 'seconds'; readonly value: number }
    | { readonly kind: 'step' | 'range' }
    | { readonly kind: 'negative'; readonly inner: DurationExpression }
    | {
        readonly kind: 'of-two';
        readonly operator: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of';
        readonly left: DurationExpression;
        readonly right: DurationExpression;
      }
  );

/** Without the parentheses around it. */
export function bare(expression: Expression): Exclude<Expression, Parenthesised> {
  let inner = expression;
  while (inner.kind === 'parenthesised') inner = inner.inner;
  return inner;
}
