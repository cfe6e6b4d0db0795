/** What a window store has in memory: buckets of time, in each a row for each key, and in it the items by time. */
import type { KeyId, StateCodec } from './value-codec.ts';
import { rowKey } from './window-row-key.ts';

export interface Item {
  readonly row: Row;
  readonly time: number;
  readonly number: number;
  /** Undefined: there is no such row any more. */
  value: unknown;
  isChanged: boolean;
}

/** What a bucket has of one key, by time and number ascending. */
export interface Row {
  readonly bucket: Bucket;
  readonly key: unknown;
  keyBytes: Uint8Array | undefined;
  items: Item[];
  changeCount: number;
}

export interface Bucket {
  readonly number: number;
  readonly rows: Map<KeyId, Row>;
  /** What is not in `rows` is nowhere. */
  isComplete: boolean;
  /** See `time-order.ts`. */
  order: Item[] | undefined;
  isDropped: boolean;
}

/** The item of a row at exactly this time; of several the last. */
export function itemAt(row: Row, time: number): Item | undefined {
  const { items } = row;
  // Most rows have one.
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at] as Item;
    if (item.time === time) return item;
    if (item.time < time) return undefined;
  }
  return undefined;
}

/** What a row has from one time to another (both included), as it is now. */
export function itemsOf({ items }: Row, from: number, to: number): readonly Item[] {
  const first = placeOf(items, from);
  let end = first;
  while (end < items.length && (items[end] as Item).time <= to) end++;
  return items.slice(first, end);
}

/** The place of the first item that is not before `time`, of items by time. */
export function placeOf(items: readonly Item[], time: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle] as Item).time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds an item without a value at its place. */
export function insertItem(row: Row, time: number, number: number): Item {
  const item: Item = { row, time, number, value: undefined, isChanged: false };
  const { items } = row;
  let at = items.length;
  while (at > 0 && (items[at - 1] as Item).time > time) at--;
  if (at === items.length) items.push(item);
  else items.splice(at, 0, item);
  return item;
}

/** An item as it lies on disk; its value is null where it is gone. */
export function storedRow({ row, time, number, value }: Item, codec: StateCodec) {
  row.keyBytes ??= codec.keyBytes(row.key);
  const key = rowKey(row.bucket.number, row.keyBytes, time, number);
  return { key, value: value === undefined ? null : codec.valueBytes(value) };
}
