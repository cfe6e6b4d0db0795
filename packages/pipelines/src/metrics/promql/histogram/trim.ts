/** A histogram without what lies above or below a value: whole buckets, and the share of the one that is cut. */
import { hasCustomBounds, type NativeHistogram } from '../model/native-histogram.ts';
import { type Bucket, boundOf, bucketCounts, fractionBelow } from './buckets.ts';

/** What of a bucket stays, and the value that stands for it in the sum. */
interface Kept {
  readonly count: number;
  readonly middle: number;
}

type Direction = 'upper' | 'lower';

/** Keeps what is no larger than the value (`upper`), or no smaller (`lower`). Sum and count are estimated anew. */
export function trimmed(histogram: NativeHistogram, value: number, direction: Direction): NativeHistogram {
  const isLinear = hasCustomBounds(histogram);
  let count = 0;
  let sum = 0;
  let isCut = false;
  const keepSide = (isPositive: boolean): Map<number, number> => {
    const { indexes, counts } = isPositive ? histogram.positive : histogram.negative;
    const result = new Map<number, number>();
    for (let at = 0; at < indexes.length; at++) {
      const bucket = bucketAt(histogram, indexes[at] as number, counts[at] as number, isPositive);
      if (bucket.count === 0) continue;
      const kept = keptOf(bucket, value, direction, isPositive, isLinear);
      if (kept.count !== bucket.count) isCut = true;
      if (kept.count === 0) continue;
      result.set(indexes[at] as number, kept.count);
      count += kept.count;
      sum += kept.middle * kept.count;
    }
    return result;
  };
  const positive = keepSide(true);
  const negative = keepSide(false);
  let zeroCount = histogram.zeroCount;
  if (zeroCount > 0) {
    const kept = keptOfZero(histogram, value, direction);
    if (kept.count !== zeroCount) isCut = true;
    zeroCount = kept.count;
    sum += kept.middle * kept.count;
    count += kept.count;
  }
  if (!isCut) return histogram;
  return { ...histogram, count, sum, zeroCount, positive: bucketCounts(positive), negative: bucketCounts(negative) };
}

function bucketAt(
  { schema, customBounds }: NativeHistogram,
  index: number,
  count: number,
  isPositive: boolean,
): Bucket {
  const near = boundOf(index - 1, schema, customBounds);
  const far = boundOf(index, schema, customBounds);
  return isPositive ? { lower: near, upper: far, count } : { lower: -far, upper: -near, count };
}

function keptOf(bucket: Bucket, value: number, direction: Direction, isPositive: boolean, isLinear: boolean): Kept {
  const isUpper = direction === 'upper';
  const { lower, upper, count } = bucket;
  if (isUpper ? upper <= value : lower >= value) {
    return { count, middle: middleOf(lower, upper, isPositive, isLinear) };
  }
  if (isUpper ? lower >= value : upper <= value) return { count: 0, middle: 0 };
  if (lower === -Infinity || upper === Infinity) return keptOfEndless(bucket, value, isUpper);
  const below = count * fractionBelow(bucket, value, isLinear);
  if (isUpper) return { count: below, middle: middleOf(lower, value, isPositive, isLinear) };
  return { count: count - below, middle: middleOf(value, upper, isPositive, isLinear) };
}

/** Of a bucket without an end only that part is known that lies between zero and its other bound. */
function keptOfEndless({ lower, upper, count }: Bucket, value: number, isUpper: boolean): Kept {
  const isBounded = Number.isFinite(upper);
  if (lower === -Infinity) {
    if (isUpper) {
      if (value > 0 && upper > 0 && isBounded) return { count: (count * value) / upper, middle: value / 2 };
      if (upper <= 0) return { count, middle: value };
      return { count: 0, middle: 0 };
    }
    if (value >= 0 && isBounded) return { count: count * (1 - value / upper), middle: (value + upper) / 2 };
    return { count: 0, middle: 0 };
  }
  return isUpper ? { count: 0, middle: 0 } : { count, middle: value };
}

function keptOfZero(histogram: NativeHistogram, value: number, direction: Direction): Kept {
  const { zeroThreshold, zeroCount, positive, negative } = histogram;
  const hasPositive = positive.counts.some((count) => count !== 0);
  const hasNegative = negative.counts.some((count) => count !== 0);
  const upper = hasNegative && !hasPositive ? 0 : zeroThreshold;
  const lower = hasPositive && !hasNegative ? 0 : -zeroThreshold;
  const whole = { count: zeroCount, middle: (lower + upper) / 2 };
  const none = { count: 0, middle: 0 };
  if (direction === 'upper') {
    if (value <= lower) return none;
    if (value >= upper) return whole;
    return { count: zeroCount * ((value - lower) / (upper - lower)), middle: (lower + value) / 2 };
  }
  if (value <= lower) return whole;
  if (value >= upper) return none;
  return { count: zeroCount * ((upper - value) / (upper - lower)), middle: (value + upper) / 2 };
}

function middleOf(lower: number, upper: number, isPositive: boolean, isLinear: boolean): number {
  if (!Number.isFinite(lower)) {
    if (!Number.isFinite(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (!Number.isFinite(upper)) return lower;
  if (isLinear) return (lower + upper) / 2;
  const middle = Math.sqrt(Math.abs(lower * upper));
  return isPositive ? middle : -middle;
}
