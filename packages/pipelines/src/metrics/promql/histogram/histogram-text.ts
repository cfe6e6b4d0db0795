/** A histogram as answers show it: its buckets with what is in them, and as text, as `count_values` names it. */
import { hasCustomBounds, type NativeHistogram } from '../model/native-histogram.ts';
import { answerNumber, messageNumber } from '../model/number-text.ts';
import { type Bucket, bucketsOf } from './buckets.ts';

/** Of a bucket: 0 its upper bound belongs to it, 1 its lower, 2 none, 3 both; the bounds; the count. */
export type BucketAnswer = readonly [number, string, string, string];

export interface HistogramAnswer {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly BucketAnswer[] | undefined;
}

export function histogramAnswer(histogram: NativeHistogram): HistogramAnswer {
  const count = answerNumber(histogram.count);
  const sum = answerNumber(histogram.sum);
  const buckets = countedBuckets(histogram).map((bucket): BucketAnswer => {
    const { lower, upper } = inclusive(bucket, histogram);
    const bounds = lower ? (upper ? 3 : 1) : upper ? 0 : 2;
    return [bounds, answerNumber(bucket.lower), answerNumber(bucket.upper), answerNumber(bucket.count)];
  });
  return buckets.length === 0 ? { count, sum } : { count, sum, buckets };
}

/** `{count:3, sum:5, [-0.001,0.001]:1, (1,2]:2}` */
export function histogramText(histogram: NativeHistogram): string {
  const buckets = countedBuckets(histogram).map((bucket) => {
    const { lower, upper } = inclusive(bucket, histogram);
    const bounds = `${messageNumber(bucket.lower)},${messageNumber(bucket.upper)}`;
    return `, ${lower ? '[' : '('}${bounds}${upper ? ']' : ')'}:${messageNumber(bucket.count)}`;
  });
  const { count, sum } = histogram;
  return `{count:${messageNumber(count)}, sum:${messageNumber(sum)}${buckets.join('')}}`;
}

function countedBuckets(histogram: NativeHistogram): Bucket[] {
  return bucketsOf(histogram).filter(({ count }) => count !== 0);
}

function inclusive(bucket: Bucket, histogram: NativeHistogram): { lower: boolean; upper: boolean } {
  if (hasCustomBounds(histogram)) return { lower: bucket.lower === -Infinity, upper: true };
  const isZeroBucket = bucket.lower <= 0 && bucket.upper >= 0 && bucket.lower === -bucket.upper;
  return { lower: isZeroBucket || bucket.lower < 0, upper: isZeroBucket || bucket.upper > 0 };
}
