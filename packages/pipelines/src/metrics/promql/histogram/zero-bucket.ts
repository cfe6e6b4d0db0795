/** Zero buckets of different widths, made the same: the narrower one takes in what the wider one would have counted. */
import type { BucketCounts, NativeHistogram } from '../model/native-histogram.ts';
import { boundOf } from './buckets.ts';

type Sides = Pick<NativeHistogram, 'schema' | 'zeroCount' | 'zeroThreshold' | 'positive' | 'negative'>;

export interface ZeroBucket {
  readonly threshold: number;
  readonly count: number;
}

/**
 * The zero bucket that a histogram has with a threshold that is no smaller than its own. The threshold grows to the end
 * of a bucket that would be cut and has counts.
 */
export function widened(histogram: Sides, threshold: number): ZeroBucket {
  if (threshold === histogram.zeroThreshold) return { threshold, count: histogram.zeroCount };
  let wanted = threshold;
  for (;;) {
    const positive = within(histogram.positive, histogram.schema, wanted);
    const negative = within(histogram.negative, histogram.schema, positive.threshold);
    if (negative.threshold === positive.threshold) {
      return {
        threshold: wanted > positive.threshold ? wanted : positive.threshold,
        count: histogram.zeroCount + positive.count + negative.count,
      };
    }
    wanted = negative.threshold;
  }
}

/** What of one side begins below a threshold, and the threshold that cuts none of it. */
function within({ indexes, counts }: BucketCounts, schema: number, threshold: number): ZeroBucket {
  let count = 0;
  for (let at = 0; at < indexes.length; at++) {
    const index = indexes[at] as number;
    if (boundOf(index - 1, schema, undefined) >= threshold) break;
    const own = counts[at] as number;
    count += own;
    const upper = boundOf(index, schema, undefined);
    if (upper > threshold) return { threshold: own === 0 ? threshold : upper, count };
  }
  return { threshold, count };
}
