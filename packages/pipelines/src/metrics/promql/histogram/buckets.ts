/** Buckets of a histogram with their bounds, in the order of values. */
import { type BucketCounts, customBoundsSchema, type NativeHistogram, noBuckets } from '../model/native-histogram.ts';

/** Values in (lower, upper] of the positive side, [lower, upper) of the negative, [lower, upper] of the zero bucket. */
export interface Bucket {
  lower: number;
  upper: number;
  readonly count: number;
}

/** The upper bound of the bucket with an index, on the positive side. */
export function boundOf(index: number, schema: number, customBounds: Float64Array | undefined): number {
  if (schema === customBoundsSchema) {
    if (index < 0) return -Infinity;
    return customBounds?.[index] ?? Infinity;
  }
  if (schema < 0) {
    const exponent = index * 2 ** -schema;
    // The bucket before that of the infinities ends at the largest number there is.
    return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent;
  }
  const perPower = 2 ** schema;
  const power = Math.floor(index / perPower);
  const rest = index - power * perPower;
  if (rest === 0) return power === 1024 ? Number.MAX_VALUE : 2 ** power;
  const fraction = 2 ** (rest / perPower);
  // Two steps keep numbers near the smallest from vanishing in between.
  return power < -1000 ? fraction * 2 ** (power + 100) * 2 ** -100 : fraction * 2 ** power;
}

/**
 * All buckets that are there, by value ascending: negative ones, the zero bucket if anything is in it, positive ones.
 */
export function bucketsOf(histogram: NativeHistogram): Bucket[] {
  const { schema, customBounds, zeroCount, zeroThreshold } = histogram;
  const buckets: Bucket[] = [];
  const { negative, positive } = histogram;
  for (let at = negative.indexes.length - 1; at >= 0; at--) {
    const index = negative.indexes[at] as number;
    const lower = -boundOf(index, schema, undefined);
    const upper = -boundOf(index - 1, schema, undefined);
    buckets.push({ lower, upper, count: negative.counts[at] as number });
  }
  if (zeroCount > 0) buckets.push({ lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount });
  for (let at = 0; at < positive.indexes.length; at++) {
    const index = positive.indexes[at] as number;
    const lower = boundOf(index - 1, schema, customBounds);
    buckets.push({ lower, upper: boundOf(index, schema, customBounds), count: positive.counts[at] as number });
  }
  // What is in the zero bucket is not in the others.
  if (zeroThreshold > 0) for (const bucket of buckets) clampToZeroBucket(bucket, zeroThreshold);
  return buckets;
}

function clampToZeroBucket(bucket: Bucket, threshold: number): void {
  if (bucket.lower > 0 && bucket.lower < threshold) bucket.lower = threshold;
  if (bucket.upper < 0 && bucket.upper > -threshold) bucket.upper = -threshold;
}

/** From counts by index; empty ones are left out. */
export function bucketCounts(counts: ReadonlyMap<number, number>): BucketCounts {
  const indexes = [...counts.keys()].filter((index) => counts.get(index) !== 0);
  if (indexes.length === 0) return noBuckets;
  indexes.sort((a, b) => a - b);
  return {
    indexes: Int32Array.from(indexes),
    counts: Float64Array.from(indexes, (index) => counts.get(index) as number),
  };
}

/** What part of a bucket lies at or below a value inside of it, between 0 and 1. */
export function fractionBelow({ lower, upper }: Bucket, value: number, isLinear: boolean): number {
  if (isLinear) return (value - lower) / (upper - lower);
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  const logValue = Math.log2(Math.abs(value));
  if (value > 0) return (logValue - logLower) / (logUpper - logLower);
  return 1 - (logValue - logUpper) / (logLower - logUpper);
}
