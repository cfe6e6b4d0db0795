/** changes and resets: how often a series changed, or began anew, within a range. */
import type { RangeFunction } from '../engine/range-function.ts';
import type { Window } from '../engine/ranges.ts';
import { equalHistograms, isReset } from '../histogram/compare.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { type Stamped, startsAnew } from './start-times.ts';

interface Sample extends Stamped {
  readonly value: number | NativeHistogram;
}

export const changes: RangeFunction = (window) => countPairs(window, hasChanged);

export const resets: RangeFunction = (window) => countPairs(window, hasReset);

function hasChanged({ value: before }: Sample, { value: after }: Sample): boolean {
  if (typeof before === 'number' && typeof after === 'number') {
    return before !== after && !(Number.isNaN(before) && Number.isNaN(after));
  }
  if (typeof before === 'number' || typeof after === 'number') return true;
  return !equalHistograms(before, after);
}

function hasReset(previous: Sample, current: Sample): boolean {
  const { value: before } = previous;
  const { value: after } = current;
  if (typeof before === 'number' && typeof after === 'number') return after < before || startsAnew(previous, current);
  if (typeof before === 'number' || typeof after === 'number') return true;
  return startsAnew(previous, current) || isReset(after, before);
}

function countPairs(window: Window, counts: (previous: Sample, current: Sample) => boolean): number | undefined {
  const first = firstOf(window);
  if (first === undefined) return undefined;
  let [number, histogram] = first;
  let previous: Sample | undefined;
  let count = 0;
  while (number < window.to || histogram < window.histogramsTo) {
    const numberMs = number < window.to ? (window.times[number] as number) : Infinity;
    const histogramMs = histogram < window.histogramsTo ? (window.histogramTimes[histogram] as number) : Infinity;
    const current: Sample =
      numberMs < histogramMs
        ? {
            timeMs: numberMs,
            startMs: window.startTimes?.[number] ?? 0,
            value: window.values[number++] as number,
          }
        : {
            timeMs: histogramMs,
            startMs: window.histogramStartTimes?.[histogram] ?? 0,
            value: window.histograms[histogram++] as NativeHistogram,
          };
    if (previous !== undefined && counts(previous, current)) count++;
    previous = current;
  }
  return count;
}

/** Where to begin: `anchored` with the newest sample that lies before the range, if others follow it. */
function firstOf(window: Window): [number: number, histogram: number] | undefined {
  const { from, to, times, histogramsFrom, histogramsTo, histogramTimes, rangeStartMs, mode } = window;
  if (mode !== 'anchored') return [from, histogramsFrom];
  let number = from;
  while (number < to && (times[number] as number) <= rangeStartMs) number++;
  let histogram = histogramsFrom;
  while (histogram < histogramsTo && (histogramTimes[histogram] as number) <= rangeStartMs) histogram++;
  if (number >= to && histogram >= histogramsTo) return undefined;
  const numberMs = number > from ? (times[number - 1] as number) : -Infinity;
  const histogramMs = histogram > histogramsFrom ? (histogramTimes[histogram - 1] as number) : -Infinity;
  if (numberMs === -Infinity && histogramMs === -Infinity) return [number, histogram];
  return numberMs >= histogramMs ? [number - 1, histogram] : [number, histogram - 1];
}
