/** Functions that put all samples of a range into one value. */
import type { RangeFunction } from '../engine/range-function.ts';
import type { Window } from '../engine/ranges.ts';
import { CompensatedSum, meanOf } from '../histogram/compensated-sum.ts';
import { type Aggregate, meanOfHistograms, sumOfHistograms } from '../histogram/mean.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { quantileOfSorted, sortedNumbers } from './quantile-of.ts';
import { remarks } from './remarks.ts';

export const countOverTime: RangeFunction = ({ count, histogramCount }) => count + histogramCount;

export const presentOverTime: RangeFunction = () => 1;

export const sumOverTime: RangeFunction = (window) => {
  if (window.histogramCount > 0) return ofHistograms(window, sumOfHistograms);
  const sum = new CompensatedSum();
  for (let at = window.from; at < window.to; at++) sum.add(window.values[at] as number);
  return sum.isInfinite ? sum.sum : sum.total;
};

export const avgOverTime: RangeFunction = (window) => {
  if (window.histogramCount > 0) return ofHistograms(window, meanOfHistograms);
  return meanOf(window.values, window.from, window.to);
};

/** Histograms alone; nothing where there are numbers too. */
function ofHistograms(
  window: Window,
  combine: (histograms: readonly NativeHistogram[]) => Aggregate,
): NativeHistogram | undefined {
  const { histograms, histogramsFrom, histogramsTo, notes, metricName, place } = window;
  if (window.count > 0) {
    remarks.mixedSamples(notes, metricName, place);
    return undefined;
  }
  const result = combine(histograms.slice(histogramsFrom, histogramsTo));
  if (result.histogram === undefined) {
    remarks.mixedBounds(notes, metricName, place);
    return undefined;
  }
  if (result.resetsCollided) remarks.resetsCollided(notes, 'aggregation', place);
  if (result.boundsReconciled) remarks.boundsReconciled(notes, 'aggregation', place);
  return result.histogram;
}

/** Of the first sample, whatever it is. */
export const firstOverTime: RangeFunction = (window) => {
  const numberMs = window.count > 0 ? (window.times[window.from] as number) : Infinity;
  const histogramMs = window.histogramCount > 0 ? (window.histogramTimes[window.histogramsFrom] as number) : Infinity;
  return numberMs < histogramMs ? window.values[window.from] : window.histograms[window.histogramsFrom];
};

export const lastOverTime: RangeFunction = (window) => {
  const numberMs = window.count > 0 ? (window.times[window.to - 1] as number) : -Infinity;
  const histogramMs = lastHistogramMs(window);
  return numberMs > histogramMs ? window.values[window.to - 1] : window.histograms[window.histogramsTo - 1];
};

export const tsOfFirstOverTime: RangeFunction = (window) => {
  const numberMs = window.count > 0 ? (window.times[window.from] as number) : Infinity;
  const histogramMs = window.histogramCount > 0 ? (window.histogramTimes[window.histogramsFrom] as number) : Infinity;
  return Math.min(numberMs, histogramMs) / 1000;
};

export const tsOfLastOverTime: RangeFunction = (window) => {
  const numberMs = window.count > 0 ? (window.times[window.to - 1] as number) : -Infinity;
  return Math.max(numberMs, lastHistogramMs(window)) / 1000;
};

function lastHistogramMs({ histogramCount, histogramTimes, histogramsTo }: Window): number {
  return histogramCount > 0 ? (histogramTimes[histogramsTo - 1] as number) : -Infinity;
}

/** Functions of numbers alone; that there are histograms too is remarked. */
function ofNumbers(apply: RangeFunction): RangeFunction {
  return (window) => {
    if (window.count === 0) return undefined;
    if (window.histogramCount > 0) remarks.histogramsIgnored(window.notes, window.metricName, window.place);
    return apply(window);
  };
}

/** Index of the sample that none of the others is preferred to. */
function best({ values, from, to }: Window, isBetter: (value: number, than: number) => boolean): number {
  let at = from;
  for (let index = from; index < to; index++) {
    const than = values[at] as number;
    if (isBetter(values[index] as number, than) || Number.isNaN(than)) at = index;
  }
  return at;
}

export const maxOverTime = ofNumbers((window) => window.values[best(window, (value, than) => value > than)]);
export const minOverTime = ofNumbers((window) => window.values[best(window, (value, than) => value < than)]);
export const tsOfMaxOverTime = ofNumbers(
  (window) => (window.times[best(window, (value, than) => value >= than)] as number) / 1000,
);
export const tsOfMinOverTime = ofNumbers(
  (window) => (window.times[best(window, (value, than) => value <= than)] as number) / 1000,
);

const variance: RangeFunction = ({ values, from, to }) => {
  let count = 0;
  const mean = new CompensatedSum();
  const squares = new CompensatedSum();
  for (let at = from; at < to; at++) {
    const value = values[at] as number;
    const difference = value - mean.total;
    mean.add(difference / ++count);
    squares.add(difference * (value - mean.total));
  }
  return squares.total / count;
};

export const stdvarOverTime = ofNumbers(variance);
export const stddevOverTime = ofNumbers((window) => Math.sqrt(variance(window) as number));

export const quantileOverTime = ofNumbers(({ values, from, to, params, notes, place }) => {
  const q = params[0] as number;
  remarkQuantile(q, notes, place);
  return quantileOfSorted(q, sortedNumbers(values.subarray(from, to)));
});

export function remarkQuantile(q: number, notes: Window['notes'], place: Window['place']): void {
  if (q >= 0 && q <= 1) return;
  remarks.badQuantile(notes, q, place);
}

/** The median of how far values are from their median. */
export const madOverTime = ofNumbers(({ values, from, to }) => {
  const part = values.subarray(from, to);
  if (part.some(Number.isNaN)) return NaN;
  const median = quantileOfSorted(0.5, sortedNumbers(part));
  return quantileOfSorted(0.5, sortedNumbers(part.map((value) => Math.abs(value - median))));
});
