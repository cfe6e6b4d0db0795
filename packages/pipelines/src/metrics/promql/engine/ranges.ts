/**
 * What functions of ranges get: series in columns without stale markers, numbers and histograms apart, and a window
 * that moves over them. It comes from a selector or from a subquery.
 */
import type { Labels } from '../model/labels.ts';
import { metricNameLabel } from '../model/labels.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { isStale } from '../model/stale-marker.ts';
import type { StoredSeries } from '../series-source.ts';
import type { Place, RangeSelector, Subquery, VectorSelector } from '../syntax/expression.ts';
import { type Column, kinds } from './column.ts';
import { type Evaluation, evaluateVector, type Look, lengthOf, lookAt, lookOf } from './evaluation.ts';
import { type Grid, gridOf, timeAt } from './grid.ts';
import { selectSeries } from './instant-selector.ts';
import type { Notes } from './notes.ts';

/** Numbers or histograms of a series, in columns; times ascending. */
export interface Samples<T> {
  readonly times: Float64Array;
  readonly values: T;
  readonly startTimes: Float64Array | undefined;
}

export interface RangeSeries {
  readonly labels: Labels;
  readonly dropsName: boolean;
  readonly numbers: Samples<Float64Array>;
  readonly histograms: Samples<readonly NativeHistogram[]>;
}

export interface Ranges {
  readonly series: readonly RangeSeries[];
  readonly rangeMs: number;
  readonly look: Look;
  readonly mode: VectorSelector['mode'];
  readonly isSubquery: boolean;
}

const noTimes = new Float64Array(0);
const noHistograms: Samples<readonly NativeHistogram[]> = { times: noTimes, values: [], startTimes: undefined };

export async function evaluateRanges(expression: RangeSelector | Subquery, evaluation: Evaluation): Promise<Ranges> {
  return expression.kind === 'range' ? ofSelector(expression, evaluation) : ofSubquery(expression, evaluation);
}

async function ofSelector({ selector, range }: RangeSelector, evaluation: Evaluation): Promise<Ranges> {
  const look = lookOf(evaluation, selector);
  const rangeMs = lengthOf(evaluation, range);
  const { mode } = selector;
  const before = rangeMs + (mode === undefined ? 0 : evaluation.lookbackMs);
  const after = mode === 'smoothed' ? evaluation.lookbackMs : 0;
  const stored = await selectSeries(evaluation, selector, look.firstMs - before + 1, look.lastMs + after);
  const series: RangeSeries[] = [];
  for (const each of stored) {
    if (evaluation.budget.isDue) await evaluation.budget.yield();
    series.push(rangeSeries(each));
  }
  return { series, rangeMs, look, mode, isSubquery: false };
}

async function ofSubquery(subquery: Subquery, evaluation: Evaluation): Promise<Ranges> {
  const look = lookOf(evaluation, subquery);
  const rangeMs = lengthOf(evaluation, subquery.range);
  const { step } = subquery;
  const stepMs = step === undefined ? evaluation.subqueryStepMs : lengthOf(evaluation, step);
  // Its times are multiples of its step, and lie behind the start of the first range.
  const startMs = (Math.floor((look.firstMs - rangeMs) / stepMs) + 1) * stepMs;
  const grid = gridOf(startMs, look.lastMs, stepMs);
  evaluation.budget.take(grid.count);
  const columns = await evaluateVector(subquery.inner, { ...evaluation, grid });
  const series = columns.map((column) => ofColumn(column, grid));
  return { series, rangeMs, look, mode: undefined, isSubquery: true };
}

/** Without stale markers, numbers and histograms apart. */
function rangeSeries(stored: StoredSeries): RangeSeries {
  const { labels, times, values, histograms, startTimes } = stored;
  const parts = { labels, dropsName: false };
  if (histograms === undefined && !hasStale(values)) {
    return { ...parts, numbers: { times, values, startTimes }, histograms: noHistograms };
  }
  const isHistogram = (at: number): boolean => histograms?.[at] !== undefined;
  const ofNumbers: number[] = [];
  const ofHistograms: number[] = [];
  for (let at = 0; at < times.length; at++) {
    if (isHistogram(at)) ofHistograms.push(at);
    else if (!isStale(values, at)) ofNumbers.push(at);
  }
  const pick = (from: Float64Array, indexes: number[]): Float64Array =>
    Float64Array.from(indexes, (at) => from[at] as number);
  return {
    ...parts,
    numbers: {
      times: pick(times, ofNumbers),
      values: pick(values, ofNumbers),
      startTimes: startTimes && pick(startTimes, ofNumbers),
    },
    histograms: {
      times: pick(times, ofHistograms),
      values: ofHistograms.map((at) => histograms?.[at] as NativeHistogram),
      startTimes: startTimes && pick(startTimes, ofHistograms),
    },
  };
}

function hasStale(values: Float64Array): boolean {
  for (let at = 0; at < values.length; at++) {
    if (Number.isNaN(values[at]) && isStale(values, at)) return true;
  }
  return false;
}

/** What a subquery saw tells nothing of resets in between. */
function ofColumn(column: Column, grid: Grid): RangeSeries {
  const { labels, dropsName, values } = column;
  if (column.histograms === undefined && !column.kinds.includes(kinds.none)) {
    const times = new Float64Array(grid.count);
    for (let at = 0; at < times.length; at++) times[at] = timeAt(grid, at);
    return { labels, dropsName, numbers: { times, values, startTimes: undefined }, histograms: noHistograms };
  }
  const indexes = (kind: number): number[] => {
    const found: number[] = [];
    for (let at = 0; at < column.kinds.length; at++) if (column.kinds[at] === kind) found.push(at);
    return found;
  };
  const numbers = indexes(kinds.number);
  const histograms = indexes(kinds.histogram);
  const timesOf = (at: readonly number[]): Float64Array => Float64Array.from(at, (index) => timeAt(grid, index));
  return {
    labels,
    dropsName,
    numbers: {
      times: timesOf(numbers),
      values: Float64Array.from(numbers, (at) => values[at] as number),
      startTimes: undefined,
    },
    histograms: {
      times: timesOf(histograms),
      values: histograms.map((at) => {
        const histogram = column.histograms?.[at] as NativeHistogram;
        return histogram.resetHint === 'gauge' ? histogram : { ...histogram, resetHint: 'unknown' };
      }),
      startTimes: undefined,
    },
  };
}

/** The samples of one series in one range: those from `from` up to, but without, `to`. It moves, and only forwards. */
export class Window {
  readonly #ranges: Ranges;
  readonly #evaluation: Evaluation;
  readonly #place: Place;
  readonly #before: number;
  readonly #after: number;
  readonly series: RangeSeries;
  readonly times: Float64Array;
  readonly values: Float64Array;
  from = 0;
  to = 0;
  readonly histogramTimes: Float64Array;
  readonly histograms: readonly NativeHistogram[];
  histogramsFrom = 0;
  histogramsTo = 0;
  /** The time of the step. */
  timeMs = 0;
  /** Where the range begins, which does not belong to it, and where it ends, which does. */
  rangeStartMs = 0;
  rangeEndMs = 0;
  /** The other arguments at this step. */
  readonly params: number[] = [];

  constructor(series: RangeSeries, ranges: Ranges, evaluation: Evaluation, place: Place) {
    this.series = series;
    this.#ranges = ranges;
    this.#evaluation = evaluation;
    this.#place = place;
    this.times = series.numbers.times;
    this.values = series.numbers.values;
    this.histogramTimes = series.histograms.times;
    this.histograms = series.histograms.values;
    this.#before = ranges.mode === undefined ? 0 : evaluation.lookbackMs;
    this.#after = ranges.mode === 'smoothed' ? evaluation.lookbackMs : 0;
  }

  /** Moves to a step; answers whether there is any sample. */
  moveTo(step: number): boolean {
    const { grid } = this.#evaluation;
    const { look, rangeMs } = this.#ranges;
    this.timeMs = timeAt(grid, step);
    this.rangeEndMs = lookAt(look, grid, step);
    this.rangeStartMs = this.rangeEndMs - rangeMs;
    const after = this.rangeStartMs - this.#before;
    const until = this.rangeEndMs + this.#after;
    this.to = firstAfter(this.times, this.to, until);
    this.from = firstAfter(this.times, this.from, after);
    if (this.histograms.length > 0) {
      this.histogramsTo = firstAfter(this.histogramTimes, this.histogramsTo, until);
      this.histogramsFrom = firstAfter(this.histogramTimes, this.histogramsFrom, after);
    }
    return this.count + this.histogramCount > 0;
  }

  get count(): number {
    return this.to - this.from;
  }

  get histogramCount(): number {
    return this.histogramsTo - this.histogramsFrom;
  }

  get rangeSeconds(): number {
    return this.#ranges.rangeMs / 1000;
  }

  get mode(): VectorSelector['mode'] {
    return this.#ranges.mode;
  }

  get metricName(): string {
    return this.series.labels.get(metricNameLabel);
  }

  get notes(): Notes {
    return this.#evaluation.notes;
  }

  /** Where the range stands in the query. */
  get place(): Place {
    return this.#place;
  }

  /** When what the numbers count began, where that matters. */
  get startTimes(): Float64Array | undefined {
    return this.#evaluation.usesStartTimes ? this.series.numbers.startTimes : undefined;
  }

  get histogramStartTimes(): Float64Array | undefined {
    return this.#evaluation.usesStartTimes ? this.series.histograms.startTimes : undefined;
  }
}

function firstAfter(times: Float64Array, from: number, time: number): number {
  let at = from;
  while (at < times.length && (times[at] as number) <= time) at++;
  return at;
}
