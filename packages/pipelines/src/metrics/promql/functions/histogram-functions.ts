/** Functions of histograms, native and classic: quantiles, fractions, and single figures of native ones. */
import { Column } from '../engine/column.ts';
import { type Evaluation, evaluateScalar, evaluateVector, textOf } from '../engine/evaluation.ts';
import { timeAt } from '../engine/grid.ts';
import { type ClassicBucket, classicFraction, classicQuantile } from '../histogram/classic.ts';
import { histogramFraction, histogramQuantile, type NanEffect } from '../histogram/quantile.ts';
import { histogramVariance } from '../histogram/variance.ts';
import { metricNameLabel } from '../model/labels.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { openMetricsNumber } from '../model/number-text.ts';
import type { Call, Expression } from '../syntax/expression.ts';
import { histogramAt, histogramGroups } from './bucket-groups.ts';
import { remarkQuantile } from './over-time.ts';
import { remarks } from './remarks.ts';

export const histogramFigures: Readonly<Record<string, (histogram: NativeHistogram) => number>> = {
  histogram_avg: ({ sum, count }) => sum / count,
  histogram_count: ({ count }) => count,
  histogram_sum: ({ sum }) => sum,
  histogram_stddev: (histogram) => Math.sqrt(histogramVariance(histogram)),
  histogram_stdvar: histogramVariance,
};

/** Of the histogram of a group at a time; remarks go to the group's name. */
type Figure = (histogram: NativeHistogram | ClassicBucket[], at: number, metricName: string) => number;

export async function evaluateQuantile(call: Call, evaluation: Evaluation): Promise<Column[]> {
  const [ofQuantile, ofHistograms] = call.args as [Expression, Expression];
  const quantiles = await evaluateScalar(ofQuantile, evaluation);
  const columns = await evaluateVector(ofHistograms, evaluation);
  remarkQuantiles(quantiles, ofQuantile, evaluation);
  return eachGroup(columns, ofHistograms, evaluation, quantileFigure(quantiles, ofHistograms, evaluation));
}

/** Several quantiles, each with its own value of a label. */
export async function evaluateQuantiles(call: Call, evaluation: Evaluation): Promise<Column[]> {
  const [ofHistograms, label, ...ofQuantiles] = call.args as [Expression, Expression, ...Expression[]];
  const columns = await evaluateVector(ofHistograms, evaluation);
  const name = textOf(label);
  const results: Column[] = [];
  for (const ofQuantile of ofQuantiles) {
    const quantiles = await evaluateScalar(ofQuantile, evaluation);
    remarkQuantiles(quantiles, ofQuantile, evaluation);
    const figure = quantileFigure(quantiles, ofHistograms, evaluation);
    for (const column of await eachGroup(columns, ofHistograms, evaluation, figure)) {
      results.push(...labelledByValue(column, name, quantiles));
    }
  }
  return results;
}

export async function evaluateFraction(call: Call, evaluation: Evaluation): Promise<Column[]> {
  const [ofLower, ofUpper, ofHistograms] = call.args as [Expression, Expression, Expression];
  const lower = await evaluateScalar(ofLower, evaluation);
  const upper = await evaluateScalar(ofUpper, evaluation);
  const columns = await evaluateVector(ofHistograms, evaluation);
  return eachGroup(columns, ofHistograms, evaluation, (histogram, at, metricName) => {
    if (Array.isArray(histogram)) return classicFraction(lower[at] as number, upper[at] as number, histogram);
    const { value, nanEffect } = histogramFraction(histogram, lower[at] as number, upper[at] as number);
    remarkNan(nanEffect, metricName, ofHistograms, evaluation);
    return value;
  });
}

function quantileFigure(quantiles: Float64Array, place: Expression, evaluation: Evaluation): Figure {
  return (histogram, at, metricName) => {
    const q = quantiles[at] as number;
    if (!Array.isArray(histogram)) {
      const { value, nanEffect } = histogramQuantile(histogram, q);
      remarkNan(nanEffect, metricName, place, evaluation);
      return value;
    }
    const { value, repair } = classicQuantile(q, histogram);
    if (repair !== undefined) {
      evaluation.notes.repaired(metricName, { ...repair, timeMs: timeAt(evaluation.grid, at) }, place);
    }
    return value;
  };
}

async function eachGroup(
  columns: readonly Column[],
  place: Expression,
  { grid, notes, budget }: Evaluation,
  figure: Figure,
): Promise<Column[]> {
  const results: Column[] = [];
  for (const group of histogramGroups(columns, notes, place)) {
    if (budget.isDue) await budget.yield();
    budget.take(grid.count);
    const metricName = group.labels.get(metricNameLabel);
    const column = new Column(group.labels, grid.count, true);
    for (let at = 0; at < grid.count; at++) {
      const histogram = histogramAt(group, at, notes, place);
      if (histogram !== undefined) column.setNumber(at, figure(histogram, at, metricName));
    }
    if (!column.isEmpty) results.push(column);
  }
  return results;
}

/** A quantile may change from time to time, and its label with it. */
function labelledByValue(column: Column, name: string, quantiles: Float64Array): Column[] {
  const byText = new Map<string, Column>();
  for (let at = 0; at < quantiles.length; at++) {
    if (!column.has(at)) continue;
    const text = openMetricsNumber(quantiles[at] as number);
    let labelled = byText.get(text);
    if (labelled === undefined) {
      labelled = new Column(column.labels.with(name, text), quantiles.length, true);
      byText.set(text, labelled);
    }
    labelled.copyFrom(column, at);
  }
  return [...byText.values()];
}

function remarkQuantiles(quantiles: Float64Array, place: Expression, { notes }: Evaluation): void {
  for (const q of new Set(quantiles)) remarkQuantile(q, notes, place);
}

function remarkNan(effect: NanEffect, metricName: string, place: Expression, { notes }: Evaluation): void {
  if (effect === 'result_is_nan') remarks.nanResult(notes, metricName, place);
  else if (effect === 'result_is_higher') remarks.nanSkew(notes, metricName, place);
  else if (effect === 'left_out') remarks.nanLeftOut(notes, metricName, place);
}
