/** Compares what an engine answers with what a test script expects, to within a millionth. */

import { labelsText } from '../engine/vector-matching.ts';
import { compacted } from '../histogram/arithmetic.ts';
import { histogramText } from '../histogram/histogram-text.ts';
import { sameBounds } from '../histogram/layout.ts';
import { type BucketCounts, hasCustomBounds, type NativeHistogram } from '../model/native-histogram.ts';
import type { NotedHistogram } from '../notation/histogram-notation.ts';
import type { NotedSeries } from '../notation/series-notation.ts';
import type { QueryResult, ResultSeries } from '../query-engine.ts';
import type { EvalCommand } from './script.ts';

export function differenceOf(result: QueryResult, command: EvalCommand): string | undefined {
  const { result: wanted } = command;
  if (typeof wanted === 'object') {
    if ('text' in wanted) return result.type === 'string' && result.text === wanted.text ? undefined : 'another text';
    if (result.type !== 'scalar') return `a scalar was expected, not a ${result.type}`;
    return isAlmost(result.value, wanted.scalar) ? undefined : `${wanted.scalar} was expected, not ${result.value}`;
  }
  if (result.type !== 'vector' && result.type !== 'matrix') return `series were expected, not a ${result.type}`;
  const isOrdered = command.expectations.some(({ kind }) => kind === 'ordered');
  const found = new Map(result.series.map((series) => [series.labels.key, series]));
  if (found.size < result.series.length) return 'series with the same labels';
  for (const [at, expected] of command.series.entries()) {
    const series = found.get(expected.labels.key);
    if (series === undefined) return `${labelsText(expected.labels)} is missing`;
    if (isOrdered && result.series[at] !== series) return `${labelsText(expected.labels)} is at another place`;
    const difference = seriesDifference(series, expected, command);
    if (difference !== undefined) return `${labelsText(expected.labels)}: ${difference}`;
    found.delete(expected.labels.key);
  }
  const [surplus] = found.values();
  return surplus && `${labelsText(surplus.labels)} was not expected: ${[...surplus.values]}`;
}

function seriesDifference(series: ResultSeries, { samples }: NotedSeries, command: EvalCommand): string | undefined {
  const { startMs, stepMs } = command.range ?? command;
  let next = 0;
  for (const [at, expected] of samples.entries()) {
    if (expected === undefined) continue;
    const time = startMs + at * stepMs;
    if (series.times[next] !== time) return `nothing at ${time}, but at ${[...series.times]}: ${[...series.values]}`;
    const histogram = series.histograms?.[next];
    const value = series.values[next] as number;
    next++;
    if (typeof expected === 'object') {
      if (histogram === undefined) return `a histogram was expected at ${time}, not ${value}`;
      const difference = histogramDifference(histogram, expected);
      if (difference !== undefined) return `at ${time} ${difference}`;
    } else if (histogram !== undefined) return `a number was expected at ${time}, not ${histogramText(histogram)}`;
    else if (!isAlmost(value, Number(expected))) return `${expected} was expected at ${time}, not ${value}`;
  }
  return next === series.times.length
    ? undefined
    : `${series.times.length} samples, not ${next}: ${[...series.values]}`;
}

function histogramDifference(found: NativeHistogram, { histogram, hasHint }: NotedHistogram): string | undefined {
  const [a, b] = [compacted(found), compacted(histogram)];
  const isSame =
    a.schema === b.schema &&
    isAlmost(a.count, b.count) &&
    isAlmost(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    isAlmost(a.zeroCount, b.zeroCount) &&
    (!hasCustomBounds(a) || sameBounds(a.customBounds ?? new Float64Array(0), b.customBounds ?? new Float64Array(0))) &&
    sameSide(a.positive, b.positive) &&
    sameSide(a.negative, b.negative);
  if (!isSame) return `${described(b)} was expected, not ${described(a)}`;
  if (hasHint && a.resetHint !== b.resetHint) return `hint ${b.resetHint} was expected, not ${a.resetHint}`;
  return undefined;
}

function described(histogram: NativeHistogram): string {
  return `schema ${histogram.schema} zero ${histogram.zeroThreshold} ${histogramText(histogram)}`;
}

function sameSide(one: BucketCounts, other: BucketCounts): boolean {
  return (
    one.indexes.length === other.indexes.length &&
    one.indexes.every((index, at) => {
      return index === other.indexes[at] && isAlmost(one.counts[at] as number, other.counts[at] as number);
    })
  );
}

function isAlmost(one: number, other: number): boolean {
  if (one === other || (Number.isNaN(one) && Number.isNaN(other))) return true;
  const difference = Math.abs(one - other);
  const sum = Math.abs(one) + Math.abs(other);
  if (one === 0 || other === 0 || sum < 2 ** -1022) return difference < 1e-6 * 2 ** -1022;
  return difference / Math.min(sum, Number.MAX_VALUE) < 1e-6;
}
