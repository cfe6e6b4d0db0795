/** A range on its own, as an instant query may ask: the samples themselves, or those of a subquery. */
import { interpolate } from '../functions/interpolate.ts';
import { compareLabels } from '../model/labels.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import type { ResultSeries } from '../query-engine.ts';
import { queryFailed } from '../query-error.ts';
import type { RangeSelector, Subquery } from '../syntax/expression.ts';
import type { Evaluation } from './evaluation.ts';
import { evaluateRanges, type RangeSeries, Window } from './ranges.ts';

/** By labels ascending. */
export async function evaluateWholeRanges(
  expression: RangeSelector | Subquery,
  evaluation: Evaluation,
): Promise<ResultSeries[]> {
  const ranges = await evaluateRanges(expression, evaluation);
  const results: ResultSeries[] = [];
  for (const series of ranges.series) {
    const window = new Window(series, ranges, evaluation, expression);
    if (!window.moveTo(0)) continue;
    const result = ranges.mode === undefined ? samplesOf(window, series) : boundedSamples(window, series);
    if (result !== undefined) results.push(result);
  }
  return results.sort((a, b) => compareLabels(a.labels, b.labels));
}

function samplesOf(window: Window, { labels, dropsName }: RangeSeries): ResultSeries {
  const { times, values, from, to, histogramTimes, histograms, histogramsFrom, histogramsTo } = window;
  const own = dropsName ? labels.withoutMetric : labels;
  if (window.histogramCount === 0) return { labels: own, times: times.slice(from, to), values: values.slice(from, to) };
  const samples: { time: number; value: number; histogram: NativeHistogram | undefined }[] = [];
  for (let at = from; at < to; at++) {
    samples.push({ time: times[at] as number, value: values[at] as number, histogram: undefined });
  }
  for (let at = histogramsFrom; at < histogramsTo; at++) {
    samples.push({ time: histogramTimes[at] as number, value: NaN, histogram: histograms[at] });
  }
  samples.sort((a, b) => a.time - b.time);
  return {
    labels: own,
    times: Float64Array.from(samples, ({ time }) => time),
    values: Float64Array.from(samples, ({ value }) => value),
    histograms: samples.map(({ histogram }) => histogram),
  };
}

/** `anchored` and `smoothed` have a value at both ends of the range. */
function boundedSamples(window: Window, { labels }: RangeSeries): ResultSeries | undefined {
  const { times, values, to, rangeStartMs: start, rangeEndMs: end, mode } = window;
  if (window.histogramCount > 0) throw queryFailed(`${mode} modifier is not supported with histograms`);
  const timeOf = (at: number): number => times[at] as number;
  const numberAt = (at: number): number => values[at] as number;
  let behind = window.from;
  while (behind < to - 1 && timeOf(behind) <= start) behind++;
  let first = Math.max(window.from, behind - 1);
  let last = to - 1;
  if (mode === 'smoothed') {
    last = window.from;
    while (last < to - 1 && timeOf(last) < end) last++;
  }
  if (timeOf(last) <= start) return undefined;
  const between = (at: number, time: number): number =>
    interpolate(timeOf(at), numberAt(at), timeOf(at + 1), numberAt(at + 1), time, false);
  const isSmooth = mode === 'smoothed';
  const left = isSmooth && timeOf(first) < start ? between(first, start) : numberAt(first);
  const right = isSmooth && last > window.from && timeOf(last) > end ? between(last - 1, end) : numberAt(last);
  if (timeOf(first) <= start) first++;
  if (timeOf(last) >= end) last--;
  const bounded = (from: Float64Array, atStart: number, atEnd: number): Float64Array => {
    const middle = from.subarray(first, Math.max(first, last + 1));
    const result = new Float64Array(middle.length + 2);
    result[0] = atStart;
    result.set(middle, 1);
    result[result.length - 1] = atEnd;
    return result;
  };
  return { labels, times: bounded(times, start, end), values: bounded(values, left, right) };
}
