/** Aggregations that make one series of a group: sum, avg, min, max, count, group, stddev, stdvar, quantile. */
import { remarkQuantile } from '../functions/over-time.ts';
import { quantileOfSorted, sortedNumbers } from '../functions/quantile-of.ts';
import { remarks } from '../functions/remarks.ts';
import { CompensatedSum, meanOf } from '../histogram/compensated-sum.ts';
import { type Aggregate, meanOfHistograms, sumOfHistograms } from '../histogram/mean.ts';
import { metricNameLabel } from '../model/labels.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import type { Aggregation } from '../syntax/expression.ts';
import { aggregateSelection } from './aggregate-selection.ts';
import { Column, kinds, nonEmpty } from './column.ts';
import { countValues } from './count-values.ts';
import { type Evaluation, evaluateScalar, evaluateVector, textOf } from './evaluation.ts';
import { groupsOf } from './grouping.ts';

/** Of the first `count` numbers, of which there is at least one. */
type Reduce = (numbers: Float64Array, count: number, param: number) => number;

const reductions: Readonly<Record<string, Reduce>> = {
  sum(numbers, count) {
    const sum = new CompensatedSum(numbers[0]);
    for (let at = 1; at < count; at++) sum.add(numbers[at] as number);
    return sum.total;
  },
  avg: (numbers, count) => meanOf(numbers, 0, count),
  min(numbers, count) {
    let least = numbers[0] as number;
    for (let at = 1; at < count; at++)
      if (least > (numbers[at] as number) || Number.isNaN(least)) least = numbers[at] as number;
    return least;
  },
  max(numbers, count) {
    let most = numbers[0] as number;
    for (let at = 1; at < count; at++)
      if (most < (numbers[at] as number) || Number.isNaN(most)) most = numbers[at] as number;
    return most;
  },
  count: (_, count) => count,
  group: () => 1,
  stdvar: variance,
  stddev: (numbers, count) => Math.sqrt(variance(numbers, count)),
  quantile: (numbers, count, q) => quantileOfSorted(q, sortedNumbers(numbers.subarray(0, count))),
};

export async function evaluateAggregation(aggregation: Aggregation, evaluation: Evaluation): Promise<Column[]> {
  const { operator, inner, param } = aggregation;
  if (operator === 'count_values') {
    return countValues(aggregation, textOf(param), await evaluateVector(inner, evaluation), evaluation);
  }
  const params = param && (await evaluateScalar(param, evaluation));
  const columns = await evaluateVector(inner, evaluation);
  const reduce = reductions[operator];
  if (reduce === undefined) {
    return aggregateSelection(aggregation, params as Float64Array, columns, evaluation);
  }
  if (operator === 'quantile' && params !== undefined && param !== undefined) {
    for (const q of new Set(params)) remarkQuantile(q, evaluation.notes, param);
  }
  const results: Column[] = [];
  for (const { labels, members } of groupsOf(columns, aggregation)) {
    if (evaluation.budget.isDue) await evaluation.budget.yield();
    evaluation.budget.take(evaluation.grid.count);
    const dropsName = members.some((member) => member.dropsName);
    const column = new Column(labels, evaluation.grid.count, dropsName);
    const hasHistograms = members.some((member) => member.histograms !== undefined);
    if (hasHistograms) await fillMixed(column, members, aggregation, params, evaluation);
    else await fillNumbers(column, members, reduce, params, evaluation);
    results.push(column);
  }
  return nonEmpty(results);
}

async function fillNumbers(
  column: Column,
  members: readonly Column[],
  reduce: Reduce,
  params: Float64Array | undefined,
  { budget }: Evaluation,
): Promise<void> {
  const numbers = new Float64Array(members.length);
  for (let at = 0; at < column.kinds.length; at++) {
    if ((at & 15) === 0 && budget.isDue) await budget.yield();
    let count = 0;
    for (const member of members) {
      if (member.kinds[at] === kinds.number) numbers[count++] = member.values[at] as number;
    }
    if (count > 0) column.setNumber(at, reduce(numbers, count, params?.[at] as number));
  }
}

async function fillMixed(
  column: Column,
  members: readonly Column[],
  aggregation: Aggregation,
  params: Float64Array | undefined,
  { budget, notes }: Evaluation,
): Promise<void> {
  const { operator, inner } = aggregation;
  const reduce = reductions[operator] as Reduce;
  const combine = operator === 'sum' ? sumOfHistograms : operator === 'avg' ? meanOfHistograms : undefined;
  const numbers = new Float64Array(members.length);
  for (let at = 0; at < column.kinds.length; at++) {
    if ((at & 15) === 0 && budget.isDue) await budget.yield();
    let count = 0;
    const histograms: NativeHistogram[] = [];
    const owners: Column[] = [];
    for (const member of members) {
      const sample = member.at(at);
      if (typeof sample === 'number') numbers[count++] = sample;
      else if (sample !== undefined) {
        histograms.push(sample);
        owners.push(member);
      }
    }
    if (operator === 'count' || operator === 'group') {
      const all = count + histograms.length;
      if (all > 0) column.setNumber(at, reduce(numbers, all, NaN));
    } else if (combine === undefined) {
      if (histograms.length > 0) remarks.aggregationIgnored(notes, operator, inner);
      if (count > 0) column.setNumber(at, reduce(numbers, count, params?.[at] as number));
    } else if (count > 0 && histograms.length > 0) remarks.mixedAggregation(notes, inner);
    else if (count > 0) column.setNumber(at, reduce(numbers, count, NaN));
    else if (histograms.length > 0) column.set(at, remarked(combine(histograms), owners, aggregation, notes));
  }
}

function remarked(
  result: Aggregate,
  owners: readonly Column[],
  { inner }: Aggregation,
  notes: Evaluation['notes'],
): NativeHistogram | undefined {
  const { misfit, resetsCollided, boundsReconciled } = result;
  if (misfit !== undefined) remarks.mixedBounds(notes, owners[misfit]?.labels.get(metricNameLabel) ?? '', inner);
  if (resetsCollided && misfit === undefined) remarks.resetsCollided(notes, 'aggregation', inner);
  if (boundsReconciled) remarks.boundsReconciled(notes, 'aggregation', inner);
  return result.histogram;
}

/** Welford's; without compensation, as others compute it. */
function variance(numbers: Float64Array, count: number): number {
  let mean = numbers[0] as number;
  let squares = Number.isFinite(mean) ? 0 : NaN;
  for (let at = 1; at < count; at++) {
    const value = numbers[at] as number;
    const difference = value - mean;
    mean += difference / (at + 1);
    squares += difference * (value - mean);
  }
  return squares / count;
}
