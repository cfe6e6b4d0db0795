/**
 * rate, increase and delta with `anchored` (from the last sample before the range) or `smoothed` (between values
 * interpolated at both ends of it), which need no extrapolation.
 */
import type { Window } from '../engine/ranges.ts';
import { compacted, divided, withHint } from '../histogram/arithmetic.ts';
import { isReset } from '../histogram/compare.ts';
import { hasCustomBounds, type NativeHistogram } from '../model/native-histogram.ts';
import { addRemarked, subtractRemarked } from './add-remarked.ts';
import { interpolate, interpolateHistogram } from './interpolate.ts';
import type { ChangeKind } from './rate.ts';
import { remarks } from './remarks.ts';

export function extendedChange(window: Window, kind: ChangeKind): number | NativeHistogram | undefined {
  if (window.count > 0 && window.histogramCount > 0) {
    remarks.mixedSamples(window.notes, window.metricName, window.place);
    return undefined;
  }
  return window.count > 0 ? numberChange(window, kind) : histogramChange(window, kind);
}

/** Indexes of the first and the last sample that matter; undefined where none of them lies behind the range's start. */
function extent(
  times: Float64Array,
  from: number,
  to: number,
  window: Window,
): { readonly first: number; readonly last: number } | undefined {
  const { rangeStartMs, rangeEndMs, mode } = window;
  let behind = from;
  while (behind < to - 1 && (times[behind] as number) <= rangeStartMs) behind++;
  const first = Math.max(from, behind - 1);
  let last = to - 1;
  if (mode === 'smoothed') {
    last = from;
    while (last < to - 1 && (times[last] as number) < rangeEndMs) last++;
  }
  if ((times[last] as number) <= rangeStartMs) return undefined;
  if (mode === 'smoothed' && (times[first] as number) > rangeEndMs) return undefined;
  return { first, last };
}

function numberChange(window: Window, { isCounter, isPerSecond }: ChangeKind): number | undefined {
  const { times, values, rangeStartMs, rangeEndMs, mode } = window;
  const found = extent(times, window.from, window.to, window);
  if (found === undefined) return undefined;
  let { first, last } = found;
  const timeOf = (at: number): number => times[at] as number;
  const numberAt = (at: number): number => values[at] as number;
  const between = (at: number, time: number): number =>
    interpolate(timeOf(at), numberAt(at), timeOf(at + 1), numberAt(at + 1), time, isCounter);
  const isSmooth = mode === 'smoothed';
  const left = isSmooth && timeOf(first) < rangeStartMs ? between(first, rangeStartMs) : numberAt(first);
  const right =
    isSmooth && last > window.from && timeOf(last) > rangeEndMs ? between(last - 1, rangeEndMs) : numberAt(last);
  let result = right - left;
  if (isCounter) {
    // What was interpolated knows of resets at the ends.
    if (timeOf(first) <= rangeStartMs) first++;
    if (timeOf(last) >= rangeEndMs) last--;
    let previous = left;
    for (let at = first; at <= last; at++) {
      if (numberAt(at) < previous) result += previous;
      previous = numberAt(at);
    }
    if (right < previous) result += previous;
  }
  return isPerSecond ? result / window.rangeSeconds : result;
}

function histogramChange(window: Window, { isCounter, isPerSecond }: ChangeKind): NativeHistogram | undefined {
  const { histograms, histogramTimes: times, rangeStartMs, rangeEndMs, notes, metricName, place } = window;
  const found = extent(times, window.histogramsFrom, window.histogramsTo, window);
  if (found === undefined) return undefined;
  const { first, last } = found;
  if (!goTogether(window, first, last, isCounter)) return undefined;
  const isSmooth = window.mode === 'smoothed';
  const at = (index: number): NativeHistogram => histograms[index] as NativeHistogram;
  const timeOf = (index: number): number => times[index] as number;
  const between = (index: number, time: number): NativeHistogram | undefined =>
    interpolateHistogram(timeOf(index), at(index), timeOf(index + 1), at(index + 1), time, isCounter, window);
  const left = isSmooth && timeOf(first) < rangeStartMs ? between(first, rangeStartMs) : at(first);
  const isRightBetween = isSmooth && last > window.histogramsFrom && timeOf(last) > rangeEndMs;
  const right = isRightBetween ? between(last - 1, rangeEndMs) : at(last);
  if (left === undefined || right === undefined) return undefined;
  if (!isCounter && (left.resetHint !== 'gauge' || right.resetHint !== 'gauge')) {
    remarks.notGauge(notes, metricName, place);
  }
  let result = subtractRemarked(right, left, window);
  if (result === undefined) return undefined;
  if (isCounter) {
    for (const lost of lostInResets(window, first, last, left, right)) {
      result = addRemarked(result, lost, window);
      if (result === undefined) return undefined;
    }
  }
  if (isPerSecond) result = divided(result, window.rangeSeconds);
  return compacted(withHint(result, 'gauge'));
}

/** Whether all have the same kind of bounds; tells where not, and of gauges among counters. */
function goTogether(window: Window, first: number, last: number, isCounter: boolean): boolean {
  const { histograms, notes, metricName, place } = window;
  const isCustom = hasCustomBounds(histograms[first] as NativeHistogram);
  for (let at = first; at <= last; at++) {
    const histogram = histograms[at] as NativeHistogram;
    if (hasCustomBounds(histogram) !== isCustom) {
      remarks.mixedBounds(notes, metricName, place);
      return false;
    }
    if (isCounter && histogram.resetHint === 'gauge') remarks.notCounter(notes, metricName, place);
  }
  return true;
}

/** What the histograms were before each new beginning between the two ends. */
function lostInResets(
  window: Window,
  first: number,
  last: number,
  left: NativeHistogram,
  right: NativeHistogram,
): NativeHistogram[] {
  const { histograms, histogramTimes, rangeStartMs, mode } = window;
  const at = (index: number): NativeHistogram => histograms[index] as NativeHistogram;
  let next = first + 1;
  let previous = left;
  const isLeftBetween = mode === 'smoothed' && (histogramTimes[first] as number) < rangeStartMs;
  if (isLeftBetween && isReset(at(first + 1), at(first))) {
    // The reset lies before the interpolated left end's own sample: it is counted already.
    previous = at(first + 1);
    next++;
  }
  // The right end is the last sample, or lies before it.
  if (next > last) return [];
  const lost: NativeHistogram[] = [];
  for (let index = next; index < last; index++) {
    if (isReset(at(index), previous)) lost.push(previous);
    previous = at(index);
  }
  if (isReset(right, previous)) lost.push(previous);
  return lost;
}
