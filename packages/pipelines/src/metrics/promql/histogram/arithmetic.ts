/** What expressions do with whole histograms. Nothing here changes its arguments. */
import { type BucketCounts, type NativeHistogram, noBuckets, type ResetHint } from '../model/native-histogram.ts';
import { bucketCounts } from './buckets.ts';
import { HistogramSum } from './histogram-sum.ts';

/** A histogram made of two, and what had to be given up for it. */
export interface Combined {
  readonly histogram: NativeHistogram;
  readonly boundsReconciled: boolean;
  readonly resetsCollided: boolean;
}

/** The sum; undefined where the kinds of bounds differ. */
export function added(one: NativeHistogram, other: NativeHistogram): Combined | undefined {
  return combined(one, other, 1);
}

/** The difference, whose counts may be below zero; undefined where the kinds of bounds differ. */
export function subtracted(one: NativeHistogram, other: NativeHistogram): Combined | undefined {
  return combined(one, other, -1);
}

export function multiplied(histogram: NativeHistogram, factor: number): NativeHistogram {
  const scaled = mapped(histogram, (count) => count * factor);
  return factor < 0 ? withHint(scaled, 'gauge') : scaled;
}

export function divided(histogram: NativeHistogram, divisor: number): NativeHistogram {
  const scaled = mapped(histogram, (count) => count / divisor);
  // Buckets of infinities and of nothing tell as little as none.
  if (divisor === 0) return { ...scaled, positive: noBuckets, negative: noBuckets };
  return divisor < 0 ? withHint(scaled, 'gauge') : scaled;
}

export function withHint(histogram: NativeHistogram, resetHint: ResetHint): NativeHistogram {
  return histogram.resetHint === resetHint ? histogram : { ...histogram, resetHint };
}

/** The same without buckets that count nothing. */
export function compacted(histogram: NativeHistogram): NativeHistogram {
  const positive = compactedSide(histogram.positive);
  const negative = compactedSide(histogram.negative);
  if (positive === histogram.positive && negative === histogram.negative) return histogram;
  return { ...histogram, positive, negative };
}

function combined(one: NativeHistogram, other: NativeHistogram, factor: number): Combined | undefined {
  const sum = new HistogramSum(one);
  if (!sum.add(other, factor)) return undefined;
  return {
    histogram: sum.result(),
    boundsReconciled: sum.boundsReconciled,
    resetsCollided: sum.resetsCollided,
  };
}

function mapped(histogram: NativeHistogram, change: (count: number) => number): NativeHistogram {
  return {
    ...histogram,
    count: change(histogram.count),
    sum: change(histogram.sum),
    zeroCount: change(histogram.zeroCount),
    positive: { indexes: histogram.positive.indexes, counts: histogram.positive.counts.map(change) },
    negative: { indexes: histogram.negative.indexes, counts: histogram.negative.counts.map(change) },
  };
}

function compactedSide(side: BucketCounts): BucketCounts {
  if (!side.counts.includes(0)) return side;
  return bucketCounts(new Map(Array.from(side.indexes, (index, at) => [index, side.counts[at] as number])));
}
