/** Whether histograms are equal, and whether one began anew since another. */
import { type BucketCounts, hasCustomBounds, type NativeHistogram } from '../model/native-histogram.ts';
import { compacted } from './arithmetic.ts';
import { boundOf } from './buckets.ts';
import { boundMapper, eachIn, sameBounds, sharedBounds } from './layout.ts';
import { widened } from './zero-bucket.ts';

/** Of counts, sums and buckets; buckets without counts and reset hints do not matter. */
export function equalHistograms(one: NativeHistogram, other: NativeHistogram): boolean {
  const a = compacted(one);
  const b = compacted(other);
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.zeroCount, b.zeroCount) &&
    (!hasCustomBounds(a) || sameBounds(a.customBounds, b.customBounds)) &&
    equalSides(a.positive, b.positive) &&
    equalSides(a.negative, b.negative)
  );
}

/** Whether the counter that a histogram is began anew since an earlier sample of it. */
export function isReset(current: NativeHistogram, previous: NativeHistogram): boolean {
  if (current.resetHint === 'reset') return true;
  if (current.resetHint === 'not_reset') return false;
  if (current.count < previous.count) return true;
  if (hasCustomBounds(current)) return !hasCustomBounds(previous) || isCustomReset(current, previous);
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true;
  const zero = widened(previous, current.zeroThreshold);
  // A bucket that has counts would be cut: no series goes on like that.
  if (zero.threshold !== current.zeroThreshold || current.zeroCount < zero.count) return true;
  return (
    isSideReset(current, current.positive, previous, previous.positive) ||
    isSideReset(current, current.negative, previous, previous.negative)
  );
}

function isSideReset(
  { schema, zeroThreshold }: NativeHistogram,
  current: BucketCounts,
  previous: NativeHistogram,
  before: BucketCounts,
): boolean {
  const counts = new Map<number, number>();
  eachIn(current, schema, schema, (index, count) => counts.set(index, count));
  const earlier = new Map<number, number>();
  eachIn(before, previous.schema, schema, (index, count) => {
    if (boundOf(index, schema, undefined) > zeroThreshold) earlier.set(index, (earlier.get(index) ?? 0) + count);
  });
  return isLess(counts, earlier);
}

function isCustomReset(current: NativeHistogram, previous: NativeHistogram): boolean {
  const own = current.customBounds ?? new Float64Array(0);
  const theirs = previous.customBounds ?? new Float64Array(0);
  const shared = sharedBounds(own, theirs);
  return isLess(
    countsWithin(current.positive, boundMapper(own, shared)),
    countsWithin(previous.positive, boundMapper(theirs, shared)),
  );
}

function countsWithin({ indexes, counts }: BucketCounts, target: (index: number) => number): Map<number, number> {
  const result = new Map<number, number>();
  for (let at = 0; at < indexes.length; at++) {
    const index = target(indexes[at] as number);
    result.set(index, (result.get(index) ?? 0) + (counts[at] as number));
  }
  return result;
}

function isLess(counts: ReadonlyMap<number, number>, earlier: ReadonlyMap<number, number>): boolean {
  for (const [index, count] of earlier) {
    const now = counts.get(index);
    if (now === undefined ? count !== 0 : now < count) return true;
  }
  return false;
}

function equalSides(one: BucketCounts, other: BucketCounts): boolean {
  return (
    one.indexes.length === other.indexes.length &&
    one.indexes.every((index, at) => index === other.indexes[at] && Object.is(one.counts[at], other.counts[at]))
  );
}
