/**
 * rate, increase and delta: how much a series changed over a range. From the first to the last sample, extrapolated to
 * the ends of the range where samples come near enough to them.
 */
import type { RangeFunction } from '../engine/range-function.ts';
import type { Window } from '../engine/ranges.ts';
import { multiplied } from '../histogram/arithmetic.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { addRemarked } from './add-remarked.ts';
import { extendedChange } from './extended-rate.ts';
import { histogramIncrease } from './histogram-rate.ts';
import { remarks } from './remarks.ts';
import { overlaps, stampedAt, startsAnew } from './start-times.ts';

export interface ChangeKind {
  /** It only grows, and what looks like less is a new beginning. */
  readonly isCounter: boolean;
  readonly isPerSecond: boolean;
}

export function change(kind: ChangeKind): RangeFunction {
  return (window) => (window.mode === undefined ? extrapolated(window, kind) : extendedChange(window, kind));
}

/** Samples from the first to the last of a window, of one kind. */
interface Stretch {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Gaps between samples. */
  readonly gaps: number;
  readonly startTimes: Float64Array | undefined;
  readonly from: number;
}

function extrapolated(window: Window, kind: ChangeKind): number | NativeHistogram | undefined {
  if (window.count > 0 && window.histogramCount > 0) {
    remarks.mixedSamples(window.notes, window.metricName, window.place);
    return undefined;
  }
  return window.count > 0 ? numberChange(window, kind) : histogramChange(window, kind);
}

function numberChange(window: Window, { isCounter, isPerSecond }: ChangeKind): number | undefined {
  const { values, times, from, to } = window;
  const startTimes = isCounter ? window.startTimes : undefined;
  const isAlone = to - from === 1;
  if (isAlone && startTimes === undefined) return undefined;
  const first = values[from] as number;
  let result = (values[to - 1] as number) - first;
  if (isCounter) result += startTimes === undefined ? lostInResets(values, from, to) : lostSince(window, startTimes);
  const stretch: Stretch = {
    firstMs: times[from] as number,
    lastMs: times[to - 1] as number,
    gaps: to - from - 1,
    startTimes,
    from,
  };
  const startMs = startWithin(window, stretch);
  if (startMs !== undefined) return (result + first) * factorFrom(startMs, window, stretch, isPerSecond);
  if (isAlone) return undefined;
  const zeroAt = isCounter && result > 0 && first >= 0 ? first / result : Infinity;
  return result * extrapolation(window, stretch, zeroAt, isPerSecond);
}

function histogramChange(window: Window, kind: ChangeKind): NativeHistogram | undefined {
  const { histogramTimes, histograms, histogramsFrom: from, histogramsTo: to } = window;
  const stretch: Stretch = {
    firstMs: histogramTimes[from] as number,
    lastMs: histogramTimes[to - 1] as number,
    gaps: to - from - 1,
    startTimes: kind.isCounter ? window.histogramStartTimes : undefined,
    from,
  };
  const first = histograms[from] as NativeHistogram;
  let result: NativeHistogram | undefined;
  if (stretch.gaps > 0) {
    result = histogramIncrease(window, kind.isCounter);
    if (result === undefined) return undefined;
  }
  const startMs = startWithin(window, stretch);
  if (startMs !== undefined) {
    const whole = result === undefined ? first : addRemarked(result, first, window);
    return whole && multiplied(whole, factorFrom(startMs, window, stretch, kind.isPerSecond));
  }
  if (result === undefined) return undefined;
  const knowsZero = kind.isCounter && result.count > 0 && first.count >= 0;
  const zeroAt = knowsZero ? first.count / result.count : Infinity;
  return multiplied(result, extrapolation(window, stretch, zeroAt, kind.isPerSecond));
}

/** What the values were before they began anew, added up. */
function lostInResets(values: Float64Array, from: number, to: number): number {
  let lost = 0;
  let previous = values[from] as number;
  for (let at = from + 1; at < to; at++) {
    const current = values[at] as number;
    if (current < previous) lost += previous;
    previous = current;
  }
  return lost;
}

function lostSince({ values, times, from, to, notes, metricName, place }: Window, startTimes: Float64Array): number {
  let lost = 0;
  let isTold = false;
  for (let at = from + 1; at < to; at++) {
    const previous = stampedAt(times, startTimes, at - 1);
    const current = stampedAt(times, startTimes, at);
    if (!isTold && overlaps(previous, current)) {
      notes.overlap(metricName, place);
      isTold = true;
    }
    const before = values[at - 1] as number;
    if ((values[at] as number) < before || startsAnew(previous, current)) lost += before;
  }
  return lost;
}

/** When the first sample's counts began, if that lies in the range: then nothing before it need be guessed. */
function startWithin({ rangeStartMs }: Window, { startTimes, from, firstMs }: Stretch): number | undefined {
  const startMs = startTimes?.[from] ?? 0;
  return startMs !== 0 && startMs > rangeStartMs && startMs < firstMs ? startMs : undefined;
}

function factorFrom(startMs: number, window: Window, { lastMs, gaps, firstMs }: Stretch, isPerSecond: boolean): number {
  const sampled = (lastMs - startMs) / 1000;
  const toEnd = reach((window.rangeEndMs - lastMs) / 1000, gaps > 0 ? (lastMs - firstMs) / 1000 / gaps : 0);
  const factor = sampled === 0 ? 1 : (sampled + toEnd) / sampled;
  return isPerSecond ? factor / window.rangeSeconds : factor;
}

/**
 * By how much what lies between first and last sample becomes that of the whole range.
 *
 * @param zeroAt how far before the first sample a counter was zero, in parts of the time between first and last
 */
function extrapolation(
  { rangeStartMs, rangeEndMs, rangeSeconds }: Window,
  { firstMs, lastMs, gaps }: Stretch,
  zeroAt: number,
  isPerSecond: boolean,
): number {
  const sampled = (lastMs - firstMs) / 1000;
  const average = sampled / gaps;
  let toStart = reach((firstMs - rangeStartMs) / 1000, average);
  // Counters are never below zero.
  if (sampled * zeroAt < toStart) toStart = sampled * zeroAt;
  const toEnd = reach((rangeEndMs - lastMs) / 1000, average);
  const factor = sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
  return isPerSecond ? factor / rangeSeconds : factor;
}

/**
 * To an end that is no further than samples are apart, by a tenth more, or half of that where a series seems to end.
 */
function reach(distance: number, average: number): number {
  return distance >= average * 1.1 ? average / 2 : distance;
}
