/**
 * The items of a bucket by time, for who asks what became due: made when that is asked for first, and kept up from then
 * on. Stores whose rows are only found by key never have it.
 *
 * Only a complete bucket has it. An item without a value stays in it until the bucket is tidied.
 */
import { type Bucket, type Item, placeOf } from './window-rows.ts';

/** All items that the bucket has in memory, by time ascending. */
export function timeOrder(bucket: Bucket): readonly Item[] {
  if (bucket.order !== undefined) return bucket.order;
  const order: Item[] = [];
  for (const { items } of bucket.rows.values()) for (const item of items) order.push(item);
  order.sort((left, right) => left.time - right.time);
  bucket.order = order;
  return order;
}

/** An item is new in the bucket. Most are the last. */
export function addToOrder({ order }: Bucket, item: Item): void {
  if (order === undefined) return;
  const last = order.at(-1);
  if (last === undefined || last.time <= item.time) order.push(item);
  else order.splice(placeOf(order, item.time + 1), 0, item);
}

/** Lets go of items that have no value any more. */
export function tidyOrder(bucket: Bucket): void {
  bucket.order = bucket.order?.filter(({ value }) => value !== undefined);
}

/** The items with values whose times lie in a range (both ends included), by time. */
export function itemsBetween(bucket: Bucket, from: number, to: number): Item[] {
  const order = timeOrder(bucket);
  const found: Item[] = [];
  for (let at = placeOf(order, from); at < order.length; at++) {
    const item = order[at] as Item;
    if (item.time > to) break;
    if (item.value !== undefined) found.push(item);
  }
  return found;
}

/** The least time at or after `from` of an item with a value; infinite when there is none. */
export function leastTime(bucket: Bucket, from: number): number {
  const order = timeOrder(bucket);
  for (let at = placeOf(order, from); at < order.length; at++) {
    const { time, value } = order[at] as Item;
    if (value !== undefined) return time;
  }
  return Number.POSITIVE_INFINITY;
}
