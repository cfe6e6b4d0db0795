/** A selector at each time of the grid: the newest sample of a series that is not older than the look-back. */
import { compareLabels } from '../model/labels.ts';
import { isStale } from '../model/stale-marker.ts';
import type { StoredSeries } from '../series-source.ts';
import type { VectorSelector } from '../syntax/expression.ts';
import { Column } from './column.ts';
import { type Evaluation, type Look, lookAt, lookOf } from './evaluation.ts';

/** The series that a selector names, by labels ascending. Both ends belong to the range. */
export async function selectSeries(
  { source, budget }: Evaluation,
  { matchers }: Pick<VectorSelector, 'matchers'>,
  fromMs: number,
  toMs: number,
): Promise<StoredSeries[]> {
  const { signal } = budget;
  const found = await source.select({ matchers, fromMs, toMs, signal, onSamples: (count) => budget.take(count) });
  return found.toSorted((a, b) => compareLabels(a.labels, b.labels));
}

/** What is taken of the sample that was found. */
type Take = (column: Column, at: number, series: StoredSeries, sample: number) => void;

const takeSample: Take = (column, at, series, sample) => {
  const histogram = series.histograms?.[sample];
  if (histogram === undefined) column.setNumber(at, series.values[sample] as number);
  else column.setHistogram(at, histogram);
};

const takeTime: Take = (column, at, series, sample) => {
  column.setNumber(at, (series.times[sample] as number) / 1000);
};

const takeStartTime: Take = (column, at, series, sample) => {
  column.setNumber(at, (series.startTimes?.[sample] ?? 0) / 1000);
};

export function evaluateSelector(selector: VectorSelector, evaluation: Evaluation): Promise<Column[]> {
  return lookUp(selector, evaluation, takeSample);
}

/** When the samples were taken, in seconds. */
export function evaluateTimestamps(selector: VectorSelector, evaluation: Evaluation): Promise<Column[]> {
  return lookUp(selector, evaluation, takeTime);
}

/** When their counts began, in seconds; 0 where that is not known. */
export function evaluateStartTimestamps(selector: VectorSelector, evaluation: Evaluation): Promise<Column[]> {
  return lookUp(selector, evaluation, takeStartTime);
}

async function lookUp(selector: VectorSelector, evaluation: Evaluation, take: Take): Promise<Column[]> {
  const look = lookOf(evaluation, selector);
  const { grid, budget, lookbackMs } = evaluation;
  if (grid.count === 0) return [];
  const columns: Column[] = [];
  // The sample at the very edge of the look-back is too old.
  for (const series of await selectSeries(evaluation, selector, look.firstMs - lookbackMs + 1, look.lastMs)) {
    if (budget.isDue) await budget.yield();
    budget.take(grid.count);
    const column = new Column(series.labels, grid.count);
    if (fill(column, series, look, evaluation, take)) columns.push(column);
  }
  return columns;
}

function fill(column: Column, series: StoredSeries, look: Look, evaluation: Evaluation, take: Take): boolean {
  const { grid, lookbackMs } = evaluation;
  const { times, values, histograms } = series;
  let next = 0;
  let isFilled = false;
  for (let at = 0; at < grid.count; at++) {
    const time = lookAt(look, grid, at);
    while (next < times.length && (times[next] as number) <= time) next++;
    const sample = next - 1;
    if (sample < 0 || (times[sample] as number) <= time - lookbackMs) continue;
    if (histograms?.[sample] === undefined && isStale(values, sample)) continue;
    take(column, at, series, sample);
    isFilled = true;
  }
  return isFilled;
}
