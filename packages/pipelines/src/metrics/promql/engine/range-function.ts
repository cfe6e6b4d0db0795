/** Functions of ranges at each time of the grid, series by series. */

import { absentLabels } from '../functions/absent.ts';
import { rangeFunctions } from '../functions/range-functions.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { queryFailed } from '../query-error.ts';
import { bare, type Call, type RangeSelector, type Subquery } from '../syntax/expression.ts';
import { Column, kinds } from './column.ts';
import { type Evaluation, evaluateScalar } from './evaluation.ts';
import { evaluateRanges, type Ranges, Window } from './ranges.ts';

/** What a function makes of the samples in a window; nothing where there are too few. */
export type RangeFunction = (window: Window) => number | NativeHistogram | undefined;

/** Which functions know what to do with samples outside of the range. */
const anchored = ['changes', 'delta', 'increase', 'rate', 'resets'];
const smoothed = ['delta', 'increase', 'rate'];
/** The metric's name still fits what these answer with. */
const keepsName: ReadonlySet<string> = new Set(['first_over_time', 'last_over_time']);

export function rangeArgument({ args }: Call): RangeSelector | Subquery | undefined {
  for (const arg of args) {
    const inner = bare(arg);
    if (inner.kind === 'range' || inner.kind === 'subquery') return inner;
  }
  return undefined;
}

export async function evaluateRangeFunction(
  call: Call,
  argument: RangeSelector | Subquery,
  evaluation: Evaluation,
): Promise<Column[]> {
  const { name, args } = call;
  const apply = rangeFunctions[name];
  if (apply === undefined) throw queryFailed(`${name} is not a function of ranges`);
  const mode = argument.kind === 'range' ? argument.selector.mode : undefined;
  const allowed = mode === 'anchored' ? anchored : smoothed;
  if (mode !== undefined && !allowed.includes(name)) {
    throw queryFailed(`${mode} modifier can only be used with: ${allowed.join(', ')} - not with ${name}`);
  }
  const others = args.filter((arg) => bare(arg) !== argument);
  const params: Float64Array[] = [];
  for (const other of others) params.push(await evaluateScalar(other, evaluation));
  const ranges = await evaluateRanges(argument, evaluation);
  const columns: Column[] = [];
  for (const series of ranges.series) {
    const window = new Window(series, ranges, evaluation, args[0] as Call);
    const column = new Column(series.labels, evaluation.grid.count, series.dropsName || !keepsName.has(name));
    evaluation.budget.take(evaluation.grid.count);
    if (await fill(column, window, apply, params, ranges, evaluation)) columns.push(column);
    if (name === 'rate' || name === 'increase') tellOfGauge(column, window);
  }
  return name === 'absent_over_time' ? absentOf(columns, argument, evaluation) : columns;
}

async function fill(
  column: Column,
  window: Window,
  apply: RangeFunction,
  params: readonly Float64Array[],
  ranges: Ranges,
  { grid, budget }: Evaluation,
): Promise<boolean> {
  let isFilled = false;
  // What is pinned to a time and depends on nothing else is the same at every step.
  const isConstant = ranges.look.pinnedMs !== undefined && params.length === 0;
  for (let step = 0; step < grid.count; step++) {
    if ((step & 63) === 0 && budget.isDue) await budget.yield();
    if (isConstant && step > 0) {
      column.set(step, column.at(0));
      continue;
    }
    if (!window.moveTo(step)) continue;
    for (let index = 0; index < params.length; index++) window.params[index] = params[index]?.[step] as number;
    const result = apply(window);
    if (result === undefined) continue;
    column.set(step, result);
    isFilled = true;
  }
  return isFilled;
}

function tellOfGauge(column: Column, { metricName, notes, place }: Window): void {
  if (metricName === '' || /_(?:total|sum|count|bucket)$/.test(metricName)) return;
  if (!column.kinds.includes(kinds.number)) return;
  const text = 'metric might not be a counter, name does not end in _total/_sum/_count/_bucket:';
  notes.inform(`${text} ${JSON.stringify(metricName)}`, place);
}

/** 1 where no series has anything. */
function absentOf(columns: readonly Column[], argument: RangeSelector | Subquery, { grid }: Evaluation): Column[] {
  const selector = argument.kind === 'range' ? argument.selector : undefined;
  const absent = new Column(absentLabels(selector), grid.count, true);
  let isFilled = false;
  for (let step = 0; step < grid.count; step++) {
    if (columns.some((column) => column.has(step))) continue;
    absent.setNumber(step, 1);
    isFilled = true;
  }
  return isFilled ? [absent] : [];
}
