/** The rows of a window store as they lie on disk, read by bucket and key. */
import { rowTag, type StateSpace } from './state-space.ts';
import { bucketStart, keyPrefix, prefixEnd, readRowKey, type WindowRowKey } from './window-row-key.ts';

export interface StoredItem extends WindowRowKey {
  readonly value: Uint8Array;
}

const firstRow: Uint8Array = Uint8Array.of(rowTag);
const behindRows: Uint8Array = Uint8Array.of(rowTag + 1);

export class StoredBuckets {
  readonly #space: StateSpace;

  constructor(space: StateSpace) {
    this.#space = space;
  }

  has(number: number): boolean {
    const from = bucketStart(number);
    for (const _ of this.#space.range({ from, to: prefixEnd(from), limit: 1 })) return true;
    return false;
  }

  /** Numbers of buckets from `first` to before `end` that have rows, ascending. Both may be infinite. */
  *numbers(first: number, end: number): IterableIterator<number> {
    let from = first === Number.NEGATIVE_INFINITY ? firstRow : bucketStart(first);
    const to = end === Number.POSITIVE_INFINITY ? behindRows : bucketStart(end);
    for (;;) {
      let found: number | undefined;
      for (const { key } of this.#space.range({ from, to, limit: 1 })) found = readRowKey(key).bucket;
      if (found === undefined) return;
      yield found;
      from = bucketStart(found + 1);
    }
  }

  /** The first of these numbers. */
  firstNumber(first: number, end: number): number | undefined {
    for (const number of this.numbers(first, end)) return number;
    return undefined;
  }

  /** Keys of the rows in buckets from `first` (may be infinite) to before `end`. */
  *keys(first: number, end: number): IterableIterator<Uint8Array> {
    const from = first === Number.NEGATIVE_INFINITY ? firstRow : bucketStart(first);
    for (const { key } of this.#space.range({ from, to: bucketStart(end) })) yield key;
  }

  /** What a bucket has of a key, by time and number. */
  ofKey(number: number, key: Uint8Array): IterableIterator<StoredItem> {
    return this.#under(keyPrefix(number, key));
  }

  /** What a bucket has, by key, time and number. */
  ofBucket(number: number): IterableIterator<StoredItem> {
    return this.#under(bucketStart(number));
  }

  *#under(prefix: Uint8Array): IterableIterator<StoredItem> {
    for (const { key, value } of this.#space.range({ from: prefix, to: prefixEnd(prefix) })) {
      yield { ...readRowKey(key), value };
    }
  }
}
