/** What counts from point to point (delta), as totals: a total that was interrupted by a marker begins anew. */
import { added } from '../promql/histogram/arithmetic.ts';
import type { NativeHistogram } from '../promql/model/native-histogram.ts';

/** `value`: NaN for a marker. */
export function total(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

/** Histograms that differ in their resolution come to one of the coarser. */
export function histogramTotal(before: NativeHistogram | undefined, delta: NativeHistogram): NativeHistogram {
  const sum = before && added(before, delta)?.histogram;
  return { ...(sum ?? delta), resetHint: 'unknown' };
}
