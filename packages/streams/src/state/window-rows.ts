/** What a window store has in memory: buckets of time, in each a row for each key, and in it the items by time. */
import type { KeyId } from './value-codec.ts';

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

/** The item of a row at exactly this time. */
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
