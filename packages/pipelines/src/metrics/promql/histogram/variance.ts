/** The variance of what a histogram counts, taking each value to be in the middle of its bucket. */
import { hasCustomBounds, type NativeHistogram } from '../model/native-histogram.ts';
import { bucketsOf } from './buckets.ts';
import { CompensatedSum } from './compensated-sum.ts';

export function histogramVariance(histogram: NativeHistogram): number {
  const mean = histogram.sum / histogram.count;
  const sum = new CompensatedSum();
  for (const { lower, upper, count } of bucketsOf(histogram)) {
    if (count === 0) continue;
    let middle: number;
    if (hasCustomBounds(histogram)) middle = (upper + lower) / 2;
    else if (lower <= 0 && upper >= 0) middle = 0;
    else middle = Math.sign(upper) * Math.sqrt(upper * lower);
    sum.add(count * (middle - mean) ** 2);
  }
  return sum.total / histogram.count;
}
