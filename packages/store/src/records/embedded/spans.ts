/** Parts of lists and maps by index, rank or value. */
import type { Value } from '../value.ts';
import { compareValues } from '../value-order.ts';

/**
 * The part of `size` elements that `count` of them from `start` on are, as [begin, end): a negative start counts from
 * the end, no count means all that follow, and what reaches beyond the elements is cut off.
 */
export function span(size: number, start: number, count: number | undefined): [begin: number, end: number] {
  const begin = start < 0 ? size + start : start;
  const end = count === undefined ? size : begin + count;
  const from = Math.min(Math.max(begin, 0), size);
  return [from, Math.max(from, Math.min(end, size))];
}

/** Indexes of values in the order of their values; equal ones in the order of their indexes. */
export function ranked(values: readonly Value[]): number[] {
  return values
    .map((_, index) => index)
    .sort((left, right) => compareValues(values[left] as Value, values[right] as Value) || left - right);
}

/** Whether a value is from `from` on, up to `to` (not included); null is no bound, as it is for Aerospike's client. */
export function within(value: Value, from: Value | undefined, to: Value | undefined): boolean {
  return (
    ((from ?? null) === null || compareValues(value, from as Value) >= 0) &&
    ((to ?? null) === null || compareValues(value, to as Value) < 0)
  );
}
