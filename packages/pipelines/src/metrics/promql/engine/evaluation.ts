/** What the parts of one query's evaluation share, and what expressions evaluate to. */
import type { SeriesSource } from '../series-source.ts';
import { durationMs } from '../syntax/duration-expression.ts';
import type { DurationExpression, Expression, Shift } from '../syntax/expression.ts';
import type { Budget } from './budget.ts';
import type { Column } from './column.ts';
import { type Grid, timeAt } from './grid.ts';
import type { Notes } from './notes.ts';

/** The times of the whole query, to which `start()`, `step()` and the like refer, also within subqueries. */
export interface QueryTimes {
  readonly startMs: number;
  readonly endMs: number;
  /** 0 for an instant. */
  readonly stepMs: number;
}

export interface Evaluation {
  readonly source: SeriesSource;
  readonly query: QueryTimes;
  /** Where this part is evaluated: within a subquery at other times than the query. */
  readonly grid: Grid;
  readonly notes: Notes;
  readonly budget: Budget;
  /** How long after a sample a series still has its value. */
  readonly lookbackMs: number;
  /** The step of a subquery that names none. */
  readonly subqueryStepMs: number;
  /** Whether counters take the times at which their counts began for resets. */
  readonly usesStartTimes: boolean;
  evaluate(expression: Expression, evaluation: Evaluation): Promise<Value>;
}

export type Value =
  | { readonly type: 'scalar'; readonly values: Float64Array }
  | { readonly type: 'vector'; readonly columns: Column[] }
  | { readonly type: 'string'; readonly text: string };

export async function evaluateVector(expression: Expression, evaluation: Evaluation): Promise<Column[]> {
  const value = await evaluation.evaluate(expression, evaluation);
  return value.type === 'vector' ? value.columns : [];
}

/** A number for each time. */
export async function evaluateScalar(expression: Expression, evaluation: Evaluation): Promise<Float64Array> {
  const value = await evaluation.evaluate(expression, evaluation);
  return value.type === 'scalar' ? value.values : new Float64Array(evaluation.grid.count).fill(NaN);
}

/** Of a string, which is the same at all times. */
export function textOf(expression: Expression | undefined): string {
  let inner = expression;
  while (inner?.kind === 'parenthesised') inner = inner.inner;
  return inner?.kind === 'string' ? inner.value : '';
}

/** Milliseconds. */
export function lengthOf({ query }: Evaluation, duration: DurationExpression): number {
  return durationMs(duration, { step: query.stepMs / 1000, range: (query.endMs - query.startMs) / 1000 });
}

/** At which time a selector or subquery looks for each time of the grid. */
export interface Look {
  /** The same for all, where it is pinned. */
  readonly pinnedMs: number | undefined;
  readonly offsetMs: number;
  /** The first and the last. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export function lookOf({ grid, query }: Evaluation, { at, offset }: Shift): Look {
  const span = { step: query.stepMs / 1000, range: (query.endMs - query.startMs) / 1000 };
  const offsetMs = offset === undefined ? 0 : durationMs(offset, span, true);
  const pinned = at === 'start' ? query.startMs : at === 'end' ? query.endMs : at;
  const pinnedMs = pinned === undefined ? undefined : pinned - offsetMs;
  return {
    pinnedMs,
    offsetMs,
    firstMs: pinnedMs ?? grid.startMs - offsetMs,
    lastMs: pinnedMs ?? timeAt(grid, Math.max(grid.count - 1, 0)) - offsetMs,
  };
}

export function lookAt(look: Look, grid: Grid, index: number): number {
  return look.pinnedMs ?? timeAt(grid, index) - look.offsetMs;
}
