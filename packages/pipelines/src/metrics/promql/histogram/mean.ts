/** Sums and means of many histograms. */
import type { NativeHistogram } from '../model/native-histogram.ts';
import { compacted, divided } from './arithmetic.ts';
import { HistogramSum } from './histogram-sum.ts';

/** Sum or mean of some histograms, and what had to be given up for it. */
export interface Aggregate {
  /** Undefined where some had custom bounds and others not. */
  readonly histogram: NativeHistogram | undefined;
  readonly boundsReconciled: boolean;
  /** Whether some had begun anew and others had not. */
  readonly resetsCollided: boolean;
  /** Index of the first that did not go with those before. */
  readonly misfit?: number | undefined;
}

/** @param histograms at least one */
export function sumOfHistograms(histograms: readonly NativeHistogram[]): Aggregate {
  const sum = new HistogramSum(histograms[0] as NativeHistogram);
  for (let at = 1; at < histograms.length; at++) {
    if (!sum.add(histograms[at] as NativeHistogram)) return misfit(histograms, sum, at);
  }
  return aggregate(histograms, sum, sum.result());
}

/**
 * The sum divided by the count; where the sum would be infinite, a mean that moves with each histogram.
 *
 * @param histograms at least one
 */
export function meanOfHistograms(histograms: readonly NativeHistogram[]): Aggregate {
  const sum = new HistogramSum(histograms[0] as NativeHistogram);
  let mean: HistogramSum | undefined;
  for (let at = 1; at < histograms.length; at++) {
    const next = histograms[at] as NativeHistogram;
    if (mean === undefined) {
      if (!sum.add(next)) return misfit(histograms, sum, at);
      if (!sum.overflows) continue;
      mean = meanOfFirst(histograms, at);
    }
    mean.scale(at / (at + 1));
    if (!mean.add(divided(next, at + 1))) return misfit(histograms, mean, at);
  }
  if (mean !== undefined) return aggregate(histograms, mean, mean.result());
  return aggregate(histograms, sum, divided(sum.result(), histograms.length));
}

/** The mean of those before the one with which the sum became infinite. */
function meanOfFirst(histograms: readonly NativeHistogram[], count: number): HistogramSum {
  const sum = new HistogramSum(histograms[0] as NativeHistogram);
  for (let at = 1; at < count; at++) sum.add(histograms[at] as NativeHistogram);
  sum.scale(1 / count);
  return sum;
}

function misfit(histograms: readonly NativeHistogram[], sum: HistogramSum, at: number): Aggregate {
  const { boundsReconciled, resetsCollided } = aggregate(histograms.slice(0, at), sum, undefined);
  return { histogram: undefined, boundsReconciled, resetsCollided, misfit: at };
}

function aggregate(
  histograms: readonly NativeHistogram[],
  sum: HistogramSum,
  histogram: NativeHistogram | undefined,
): Aggregate {
  const hints = new Set(histograms.map(({ resetHint }) => resetHint));
  return {
    histogram: histogram && compacted(histogram),
    boundsReconciled: sum.boundsReconciled,
    resetsCollided: hints.has('reset') && hints.has('not_reset'),
  };
}
