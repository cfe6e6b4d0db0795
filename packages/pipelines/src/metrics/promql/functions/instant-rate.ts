/** irate and idelta: between the last two samples of a range. */
import type { RangeFunction } from '../engine/range-function.ts';
import type { Window } from '../engine/ranges.ts';
import { compacted, divided, withHint } from '../histogram/arithmetic.ts';
import { isReset } from '../histogram/compare.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { subtractRemarked } from './add-remarked.ts';
import { remarks } from './remarks.ts';
import { type Stamped, startsAnew } from './start-times.ts';

type Value = number | NativeHistogram;

interface Sample extends Stamped {
  readonly value: Value;
}

export function instantChange(isRate: boolean): RangeFunction {
  return (window) => {
    const [previous, current] = lastTwo(window, isRate);
    if (previous === undefined || current === undefined || current.timeMs === previous.timeMs) return undefined;
    const change = changeOf(previous, current, isRate, window);
    if (change === undefined || !isRate) return change;
    const seconds = (current.timeMs - previous.timeMs) / 1000;
    return typeof change === 'number' ? change / seconds : divided(change, seconds);
  };
}

function changeOf(previous: Sample, current: Sample, isRate: boolean, window: Window): Value | undefined {
  const { notes, metricName, place } = window;
  const { value: before } = previous;
  const { value: after } = current;
  if (typeof before === 'number' && typeof after === 'number') {
    const isNew = isRate && (after < before || startsAnew(previous, current));
    return isNew ? after : after - before;
  }
  if (typeof before === 'number' || typeof after === 'number') {
    remarks.mixedSamples(notes, metricName, place);
    return undefined;
  }
  const isGauge = before.resetHint === 'gauge' && after.resetHint === 'gauge';
  const hasGauge = before.resetHint === 'gauge' || after.resetHint === 'gauge';
  if (isRate && hasGauge) remarks.notCounter(notes, metricName, place);
  if (!isRate && !isGauge) remarks.notGauge(notes, metricName, place);
  const isNew = isRate && (startsAnew(previous, current) || isReset(after, before));
  const change = isNew ? after : subtractRemarked(after, before, window);
  return change && compacted(withHint(change, 'gauge'));
}

/** Of both kinds, by time. */
function lastTwo(window: Window, isRate: boolean): Sample[] {
  const samples: Sample[] = [];
  for (let at = Math.max(window.from, window.to - 2); at < window.to; at++) {
    const startMs = isRate ? (window.startTimes?.[at] ?? 0) : 0;
    samples.push({ timeMs: window.times[at] as number, startMs, value: window.values[at] as number });
  }
  for (let at = Math.max(window.histogramsFrom, window.histogramsTo - 2); at < window.histogramsTo; at++) {
    const startMs = isRate ? (window.histogramStartTimes?.[at] ?? 0) : 0;
    const value = window.histograms[at] as NativeHistogram;
    samples.push({ timeMs: window.histogramTimes[at] as number, startMs, value });
  }
  samples.sort((a, b) => a.timeMs - b.timeMs);
  return samples.slice(-2);
}
