/** Quantiles and fractions of native histograms. Within a bucket values are taken to be spread evenly: on a logarithmic
 * scale in exponential buckets, on a linear one in custom ones and the zero bucket.
 */
import { hasCustomBounds, type NativeHistogram } from '../model/native-histogram.ts';
import { type Bucket, bucketsOf, fractionBelow } from './buckets.ts';

/** What NaN among the observations did to a result. */
export type NanEffect = 'none' | 'result_is_nan' | 'result_is_higher' | 'left_out';

export interface Estimate {
  readonly value: number;
  readonly nanEffect: NanEffect;
}

const plain = (value: number): Estimate => ({ value, nanEffect: 'none' });

export function histogramQuantile(histogram: NativeHistogram, q: number): Estimate {
  if (q < 0) return plain(-Infinity);
  if (q > 1) return plain(Infinity);
  if (histogram.count === 0 || Number.isNaN(q)) return plain(NaN);
  const mayHaveNan = Number.isNaN(histogram.sum);
  const buckets = bucketsOf(histogram);
  const isForward = mayHaveNan || q < 0.5;
  let rank = (isForward ? q : 1 - q) * histogram.count;
  const { bucket, count: reached, at } = bucketAt(isForward ? buckets : buckets.toReversed(), rank);
  const isCustom = hasCustomBounds(histogram);
  if (isCustom) {
    if (bucket.lower === -Infinity) {
      if (bucket.upper <= 0) return plain(bucket.upper);
      bucket.lower = 0;
    } else if (bucket.upper === Infinity) return plain(bucket.lower);
  } else narrowZeroBucket(bucket, histogram);
  const count = Math.min(reached, histogram.count);
  if (count < rank) {
    // Only NaN lies behind the last bucket, or what rounding left.
    if (mayHaveNan) return { value: NaN, nanEffect: 'result_is_nan' };
    return plain(isForward ? bucket.upper : bucket.lower);
  }
  if (isForward) rank -= count - bucket.count;
  else rank = count - rank;
  const rest = buckets.slice(at + 1).reduce((sum, each) => sum + each.count, 0);
  const nanEffect = mayHaveNan && count + rest < histogram.count ? 'result_is_higher' : 'none';
  return { value: valueWithin(bucket, rank / bucket.count, isCustom), nanEffect };
}

/** Which part of the observations lies between two values. */
export function histogramFraction(histogram: NativeHistogram, lower: number, upper: number): Estimate {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return plain(NaN);
  if (lower >= upper) return plain(0);
  const buckets = bucketsOf(histogram);
  const isCustom = hasCustomBounds(histogram);
  for (const bucket of buckets) narrowZeroBucket(bucket, histogram);
  const inBuckets = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const mayHaveNan = Number.isNaN(histogram.sum);
  const count = mayHaveNan ? inBuckets : histogram.count;
  const lowerRank = Math.min(rankOf(buckets, lower, isCustom) ?? count, count);
  const upperRank = Math.min(rankOf(buckets, upper, isCustom) ?? count, count);
  const nanEffect = mayHaveNan && inBuckets < histogram.count ? 'left_out' : 'none';
  return { value: (upperRank - lowerRank) / histogram.count, nanEffect };
}

function bucketAt(buckets: readonly Bucket[], rank: number): { bucket: Bucket; count: number; at: number } {
  let count = 0;
  let last: Bucket = { lower: 0, upper: 0, count: 0 };
  for (const [at, bucket] of buckets.entries()) {
    if (bucket.count === 0) continue;
    count += bucket.count;
    last = bucket;
    if (count >= rank) return { bucket: { ...bucket }, count, at };
  }
  return { bucket: { ...last }, count, at: buckets.length };
}

/** Where all values are on one side, the zero bucket has none of the other. */
function narrowZeroBucket(bucket: Bucket, { positive, negative }: NativeHistogram): void {
  if (bucket.lower > 0 || bucket.upper < 0) return;
  if (negative.indexes.length === 0 && positive.indexes.length > 0) bucket.lower = 0;
  else if (positive.indexes.length === 0 && negative.indexes.length > 0) bucket.upper = 0;
}

function valueWithin({ lower, upper }: Bucket, fraction: number, isLinear: boolean): number {
  if (isLinear || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction);
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)));
}

/** How many observations lie below a value; undefined when it lies behind all buckets. */
function rankOf(buckets: readonly Bucket[], value: number, isCustom: boolean): number | undefined {
  let rank = 0;
  for (const bucket of buckets) {
    if (bucket.lower >= value) return rank;
    if (bucket.upper > value) {
      // Nothing can be said of where in an endless bucket its values are.
      if (bucket.lower === -Infinity) return bucket.count;
      const isLinear = isCustom || (bucket.lower <= 0 && bucket.upper >= 0);
      return rank + bucket.count * fractionBelow(bucket, value, isLinear);
    }
    rank += bucket.count;
  }
  return undefined;
}
