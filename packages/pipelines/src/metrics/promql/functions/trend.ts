/** Functions that see a trend in a range: deriv, predict_linear, double_exponential_smoothing. */
import type { RangeFunction } from '../engine/range-function.ts';
import type { Window } from '../engine/ranges.ts';
import { CompensatedSum } from '../histogram/compensated-sum.ts';
import { queryFailed } from '../query-error.ts';
import { remarks } from './remarks.ts';

/** At least two numbers; that there are histograms too is remarked. */
function ofTrend(apply: (window: Window) => number): RangeFunction {
  return (window) => {
    if (window.count > 0 && window.histogramCount > 0) {
      remarks.histogramsIgnored(window.notes, window.metricName, window.place);
    }
    return window.count < 2 ? undefined : apply(window);
  };
}

interface Line {
  /** Per second. */
  readonly slope: number;
  /** The value at the time in question. */
  readonly intercept: number;
}

/** The line with the least squares. */
function regression({ times, values, from, to }: Window, timeMs: number): Line {
  const first = values[from] as number;
  if (values.subarray(from, to).every((value) => value === first)) {
    return Number.isFinite(first) ? { slope: 0, intercept: first } : { slope: NaN, intercept: NaN };
  }
  const x = new CompensatedSum();
  const y = new CompensatedSum();
  const xy = new CompensatedSum();
  const xx = new CompensatedSum();
  for (let at = from; at < to; at++) {
    const seconds = ((times[at] as number) - timeMs) / 1000;
    const value = values[at] as number;
    x.add(seconds);
    y.add(value);
    xy.add(seconds * value);
    xx.add(seconds * seconds);
  }
  const count = to - from;
  const slope = (xy.total - (x.total * y.total) / count) / (xx.total - (x.total * x.total) / count);
  return { slope, intercept: y.total / count - (slope * x.total) / count };
}

/** Seen from the first sample, since large numbers would cost digits. */
export const deriv = ofTrend((window) => regression(window, window.times[window.from] as number).slope);

export const predictLinear = ofTrend((window) => {
  const { slope, intercept } = regression(window, window.timeMs);
  return slope * (window.params[0] as number) + intercept;
});

export const doubleExponentialSmoothing: RangeFunction = (window) => {
  const [smoothing, trendFactor] = window.params as [number, number];
  checkFactor('smoothing', smoothing);
  checkFactor('trend', trendFactor);
  return smooth(window);
};

const smooth = ofTrend(({ values, from, to, params }) => {
  const [smoothing, trendFactor] = params as [number, number];
  let before = 0;
  let level = values[from] as number;
  let trend = (values[from + 1] as number) - level;
  for (let at = from + 1; at < to; at++) {
    if (at > from + 1) trend = trendFactor * (level - before) + (1 - trendFactor) * trend;
    before = level;
    level = smoothing * (values[at] as number) + (1 - smoothing) * (level + trend);
  }
  return level;
});

function checkFactor(name: string, value: number): void {
  if (value > 0 && value < 1) return;
  const symbol = name === 'smoothing' ? 'sf' : 'tf';
  throw queryFailed(`invalid ${name} factor. Expected: 0 < ${symbol} < 1, got: ${value.toFixed(6)}`);
}
