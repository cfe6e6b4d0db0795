/** Buckets of one layout counted in another: a coarser schema, or those bounds that two histograms share. */
import type { BucketCounts } from '../model/native-histogram.ts';

/** The index that a bucket's counts have in a coarser schema. */
export function coarserIndex(index: number, schema: number, target: number): number {
  return ((index - 1) >> (schema - target)) + 1;
}

/** Calls with each bucket's index in the target schema. */
export function eachIn(
  { indexes, counts }: BucketCounts,
  schema: number,
  target: number,
  visit: (index: number, count: number) => void,
): void {
  for (let at = 0; at < indexes.length; at++) {
    visit(coarserIndex(indexes[at] as number, schema, target), counts[at] as number);
  }
}

export function sameBounds(one: Float64Array | undefined, other: Float64Array | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined || one.length !== other.length) return false;
  return one.every((bound, index) => bound === other[index]);
}

/** Bounds that both have, ascending. */
export function sharedBounds(one: Float64Array, other: Float64Array): Float64Array {
  const others = new Set(other);
  return one.filter((bound) => others.has(bound));
}

/** Where each bucket of these bounds goes among fewer ones: the first of them that ends no earlier. */
export function boundMapper(bounds: Float64Array, fewer: Float64Array): (index: number) => number {
  const targets = new Int32Array(bounds.length);
  let target = 0;
  for (let index = 0; index < bounds.length; index++) {
    while (target < fewer.length && (fewer[target] as number) < (bounds[index] as number)) target++;
    targets[index] = target;
  }
  return (index) => targets[index] ?? fewer.length;
}
