/** How much native histograms grew from the first to the last of a window. */
import type { Window } from '../engine/ranges.ts';
import { compacted, withHint } from '../histogram/arithmetic.ts';
import { isReset } from '../histogram/compare.ts';
import { HistogramSum } from '../histogram/histogram-sum.ts';
import { hasCustomBounds, type NativeHistogram, noBuckets } from '../model/native-histogram.ts';
import { remarks } from './remarks.ts';
import { overlaps, stampedAt, startsAnew } from './start-times.ts';

/** Undefined, with a remark, where some do not go with others. At least two are there. */
export function histogramIncrease(window: Window, isCounter: boolean): NativeHistogram | undefined {
  const { histograms, histogramsFrom: from, histogramsTo: to, notes, metricName, place } = window;
  const last = histograms[to - 1] as NativeHistogram;
  let first = histograms[from] as NativeHistogram;
  if (isCounter) {
    tellOfGauges(window);
    // What is given up at once need not go with the others.
    if (beganAnew(window, from + 1)) first = nothingLike(histograms[from + 1] as NativeHistogram);
  } else if (first.resetHint !== 'gauge' || last.resetHint !== 'gauge') {
    remarks.notGauge(notes, metricName, place);
  }
  for (let at = from + 1; at < to; at++) {
    const isLooked = isCounter || at === to - 1;
    if (!isLooked || hasCustomBounds(histograms[at] as NativeHistogram) === hasCustomBounds(first)) continue;
    remarks.mixedBounds(notes, metricName, place);
    return undefined;
  }
  const sum = new HistogramSum(last);
  sum.add(first, -1);
  if (sum.boundsReconciled) remarks.boundsReconciled(notes, 'subtraction', place);
  if (isCounter) addLost(sum, first, window);
  return compacted(withHint(sum.result(), 'gauge'));
}

/** Adds what histograms were before they began anew. */
function addLost(sum: HistogramSum, first: NativeHistogram, window: Window): void {
  const { histograms, histogramsFrom: from, histogramsTo: to, notes, metricName, place } = window;
  const startTimes = window.histogramStartTimes;
  let isTold = false;
  let previous = first;
  sum.boundsReconciled = false;
  for (let at = from + 1; at < to; at++) {
    if (startTimes !== undefined && !isTold) {
      const before = stampedAt(window.histogramTimes, startTimes, at - 1);
      if (overlaps(before, stampedAt(window.histogramTimes, startTimes, at))) {
        notes.overlap(metricName, place);
        isTold = true;
      }
    }
    const current = histograms[at] as NativeHistogram;
    if (isNewStart(window, at) || isReset(current, previous)) sum.add(previous);
    previous = current;
  }
  if (sum.boundsReconciled) remarks.boundsReconciled(notes, 'addition', place);
}

function beganAnew(window: Window, at: number): boolean {
  const { histograms } = window;
  return isNewStart(window, at) || isReset(histograms[at] as NativeHistogram, histograms[at - 1] as NativeHistogram);
}

function isNewStart({ histogramTimes, histogramStartTimes }: Window, at: number): boolean {
  if (histogramStartTimes === undefined) return false;
  return startsAnew(
    stampedAt(histogramTimes, histogramStartTimes, at - 1),
    stampedAt(histogramTimes, histogramStartTimes, at),
  );
}

function tellOfGauges({ histograms, histogramsFrom, histogramsTo, notes, metricName, place }: Window): void {
  for (let at = histogramsFrom; at < histogramsTo; at++) {
    if (histograms[at]?.resetHint !== 'gauge') continue;
    remarks.notCounter(notes, metricName, place);
    return;
  }
}

function nothingLike({ schema, customBounds, zeroThreshold }: NativeHistogram): NativeHistogram {
  return {
    schema,
    count: 0,
    sum: 0,
    zeroThreshold,
    zeroCount: 0,
    positive: noBuckets,
    negative: noBuckets,
    customBounds,
    resetHint: 'unknown',
  };
}
