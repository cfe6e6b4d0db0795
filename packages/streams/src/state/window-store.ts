/**
 * Values by key and time, in one task: as objects in buckets of time in memory, and below them the rows on disk.
 *
 * - Buckets that are older than the retention are dropped whole, in memory and on disk, without tombstones: the
 *   changelog drops them by its own retention, and whoever restores by the stream time that is noted with it.
 * - Changes and `written` are as with `KeyValueStore`.
 * - A bucket that began with nothing on disk has all its rows in memory until some are let go, and then the disk is not
 *   asked for what is not there.
 */
import type { Effects, StateChanges, StateSpace } from './state-space.ts';
import type { WindowDefinition } from './store-definition.ts';
import { StoredBuckets, type StoredItem } from './stored-buckets.ts';
import { addToOrder, itemsBetween, leastTime, tidyOrder } from './time-order.ts';
import { type KeyId, StateCodec } from './value-codec.ts';
import { type Bucket, type Item, insertItem, itemAt, itemsOf, type Row, storedRow } from './window-rows.ts';

/** Memory of an item besides its key and value, about. */
const itemBytes = 300;

export class WindowStore<K, V> {
  readonly name: string;
  readonly #definition: WindowDefinition;
  readonly #codec: StateCodec;
  readonly #stored: StoredBuckets;
  readonly #cacheBytesMax: number;
  readonly #effects: Effects;
  /** By number. */
  readonly #buckets = new Map<number, Bucket>();
  #last: Bucket | undefined;
  #changed: Item[] = [];
  /** Buckets below are dropped. */
  #firstBucket = Number.NEGATIVE_INFINITY;
  /** Buckets below are dropped on disk too. */
  #firstStored = Number.NEGATIVE_INFINITY;
  #items = 0;
  #unwritten = 0;

  constructor(definition: WindowDefinition, space: StateSpace, cacheBytesMax: number, effects: Effects) {
    this.name = definition.name;
    this.#definition = definition;
    this.#codec = new StateCodec(definition.name, definition.key, definition.value);
    this.#stored = new StoredBuckets(space);
    this.#cacheBytesMax = cacheBytesMax;
    this.#effects = effects;
  }

  /** Bytes of memory that keys and values take, about. */
  get cachedBytes(): number {
    return this.#items * itemBytes;
  }

  /** The value of a key at exactly this time; of several one of them. */
  get(key: K, time: number): V | undefined {
    const row = this.#row(this.#bucketAt(time), key, false);
    return row === undefined ? undefined : (itemAt(row, time)?.value as V | undefined);
  }

  /** Null and undefined delete. */
  put(key: K, time: number, value: V | null | undefined): void {
    const bucket = this.#bucketAt(time);
    if (bucket.isDropped) return;
    const row = this.#row(bucket, key, true) as Row;
    const item = itemAt(row, time) ?? this.#insert(row, time, 0);
    item.value = value ?? undefined;
    this.#changedItem(item);
  }

  /** Adds a value besides those that the key has at this time already. */
  append(key: K, time: number, value: V): void {
    const bucket = this.#bucketAt(time);
    if (bucket.isDropped) return;
    const row = this.#row(bucket, key, true) as Row;
    const last = itemAt(row, time);
    const item = this.#insert(row, time, last === undefined ? 0 : last.number + 1);
    item.value = value;
    this.#changedItem(item);
  }

  /**
   * Visits what a key has from one time to another (both included), by time. The store may be changed meanwhile;
   * `replace` changes the row that is visited, and removes it by undefined.
   */
  fetch(
    key: K,
    from: number,
    to: number,
    visit: (value: V, time: number, replace: (value: V | undefined) => void) => void,
  ): void {
    for (const bucket of this.#bucketsIn(from, to)) {
      const row = this.#row(bucket, key, false);
      if (row === undefined) continue;
      for (const item of itemsOf(row, from, to)) {
        if (item.value === undefined) continue;
        visit(item.value as V, item.time, (value) => this.#replace(item, value));
      }
    }
  }

  /** The rows of all keys from one time to another (both included), bucket by bucket. */
  *entries(from: number, to: number): IterableIterator<{ key: K; time: number; value: V }> {
    for (const bucket of this.#bucketsIn(from, to)) {
      this.#loadAll(bucket);
      for (const { row, time, value } of itemsBetween(bucket, from, to)) {
        yield { key: row.key as K, time, value: value as V };
      }
    }
  }

  /** Drops what is older than the retention allows. */
  expire(streamTime: number): void {
    const { bucketMs, retentionMs } = this.#definition;
    const first = Math.floor((streamTime - retentionMs) / bucketMs);
    if (first <= this.#firstBucket) return;
    this.#firstBucket = first;
    for (const [number, bucket] of this.#buckets) {
      if (number >= first) continue;
      bucket.isDropped = true;
      for (const row of bucket.rows.values()) this.#items -= row.items.length;
      this.#buckets.delete(number);
    }
    if (this.#last?.isDropped) this.#last = undefined;
  }

  /** Hands out what changed since the last call. */
  takeChanges(changes: StateChanges): void {
    const untidy = new Set<Bucket>();
    for (const item of this.#changed) {
      const { row } = item;
      item.isChanged = false;
      row.changeCount--;
      if (row.bucket.isDropped) continue;
      const { key, value } = storedRow(item, this.#codec);
      changes.change(key, value);
      if (value !== null) continue;
      this.#forget(item);
      untidy.add(row.bucket);
    }
    for (const bucket of untidy) tidyOrder(bucket);
    this.#changed = [];
    this.#dropStored(changes);
    this.#unwritten++;
  }

  /** What was handed out first, of what is not written yet, is on disk now. */
  written(): void {
    this.#unwritten--;
    if (this.#unwritten === 0 && this.cachedBytes > this.#cacheBytesMax) this.#evict();
  }

  /** The least time at or after `time` that has a row; infinite when there is none. */
  firstTime(time: number): number {
    const { bucketMs } = this.#definition;
    let number = Math.max(Math.floor(time / bucketMs), this.#firstBucket);
    for (;;) {
      let next = Number.POSITIVE_INFINITY;
      for (const each of this.#buckets.keys()) if (each >= number && each < next) next = each;
      if (next > number) next = this.#stored.firstNumber(number, next) ?? next;
      if (next === Number.POSITIVE_INFINITY) return next;
      const bucket = this.#buckets.get(next) ?? this.#open(next);
      this.#loadAll(bucket);
      const least = leastTime(bucket, time);
      if (least < Number.POSITIVE_INFINITY) return least;
      number = next + 1;
    }
  }

  /** No row has this time or a later one; -1 where there are none. */
  endTime(): number {
    const numbers = [...this.#stored.numbers(this.#firstBucket, Number.POSITIVE_INFINITY), ...this.#buckets.keys()];
    return numbers.length === 0 ? -1 : (Math.max(...numbers) + 1) * this.#definition.bucketMs;
  }

  /** What changed since the last commit, in the order of the first change. */
  *changes(): IterableIterator<{ key: K; time: number; value: V | undefined }> {
    for (const { row, time, value } of this.#changed) {
      if (!row.bucket.isDropped) yield { key: row.key as K, time, value: value as V | undefined };
    }
  }

  #dropStored(changes: StateChanges): void {
    if (this.#firstBucket <= this.#firstStored) return;
    for (const key of this.#stored.keys(this.#firstStored, this.#firstBucket)) changes.drop(key);
    this.#firstStored = this.#firstBucket;
  }

  #bucketAt(time: number): Bucket {
    const number = Math.floor(time / this.#definition.bucketMs);
    if (this.#last?.number === number) return this.#last;
    this.#last = this.#buckets.get(number) ?? this.#open(number);
    return this.#last;
  }

  #open(number: number): Bucket {
    const isDropped = number < this.#firstBucket;
    const isComplete = isDropped || !this.#stored.has(number);
    const bucket = { number, rows: new Map<KeyId, Row>(), isComplete, order: undefined, isDropped };
    if (!isDropped) this.#buckets.set(number, bucket);
    return bucket;
  }

  /** Buckets that have rows in this time, in its order. */
  #bucketsIn(from: number, to: number): Bucket[] {
    const { bucketMs } = this.#definition;
    const first = Math.max(Math.floor(from / bucketMs), this.#firstBucket);
    const last = Math.floor(to / bucketMs);
    // Few buckets: look at each. Else at those that there are.
    if (last - first < 8) {
      const buckets: Bucket[] = [];
      for (let each = first; each <= last; each++) buckets.push(this.#buckets.get(each) ?? this.#open(each));
      return buckets;
    }
    const numbers = new Set(this.#stored.numbers(first, last + 1));
    for (const number of this.#buckets.keys()) if (number >= first && number <= last) numbers.add(number);
    return [...numbers].sort((left, right) => left - right).map((each) => this.#buckets.get(each) ?? this.#open(each));
  }

  #row(bucket: Bucket, key: K, isWanted: boolean): Row | undefined {
    const id = this.#codec.idOf(key);
    const found = bucket.rows.get(id);
    if (found !== undefined || (bucket.isComplete && !isWanted)) return found;
    const row: Row = { bucket, key, keyBytes: undefined, items: [], changeCount: 0 };
    bucket.rows.set(id, row);
    if (!bucket.isComplete) this.#load(row);
    return row;
  }

  #load(row: Row): void {
    row.keyBytes = this.#codec.keyBytes(row.key);
    for (const found of this.#stored.ofKey(row.bucket.number, row.keyBytes)) this.#loadItem(row, found);
  }

  #loadItem(row: Row, { time, number, value }: StoredItem): void {
    row.items.push({ row, time, number, value: this.#codec.readValue(value), isChanged: false });
    this.#items++;
  }

  #loadAll(bucket: Bucket): void {
    if (bucket.isComplete) return;
    const known = new Set(bucket.rows.keys());
    for (const found of this.#stored.ofBucket(bucket.number)) {
      const keyBytes = Uint8Array.from(found.key);
      const key = this.#codec.readKey(keyBytes);
      const id = this.#codec.idOf(key);
      if (known.has(id)) continue;
      let row = bucket.rows.get(id);
      if (row === undefined) {
        row = { bucket, key, keyBytes, items: [], changeCount: 0 };
        bucket.rows.set(id, row);
      }
      this.#loadItem(row, found);
    }
    bucket.isComplete = true;
  }

  #insert(row: Row, time: number, number: number): Item {
    this.#items++;
    const item = insertItem(row, time, number);
    addToOrder(row.bucket, item);
    return item;
  }

  #replace(item: Item, value: unknown): void {
    item.value = value;
    this.#changedItem(item);
  }

  #changedItem(item: Item): void {
    this.#effects.count++;
    this.#effects.changed?.(() => storedRow(item, this.#codec).key);
    if (item.isChanged) return;
    item.isChanged = true;
    item.row.changeCount++;
    this.#changed.push(item);
  }

  #forget(item: Item): void {
    const { items } = item.row;
    const at = items.indexOf(item);
    if (at < 0) return;
    items.splice(at, 1);
    this.#items--;
  }

  /** Lets go of rows, oldest buckets first, until a quarter of the memory is free. */
  #evict(): void {
    const target = (this.#cacheBytesMax * 0.75) / itemBytes;
    for (const number of [...this.#buckets.keys()].sort((left, right) => left - right)) {
      const bucket = this.#buckets.get(number) as Bucket;
      for (const [id, row] of bucket.rows) {
        if (this.#items <= target) return;
        if (row.changeCount > 0) continue;
        bucket.rows.delete(id);
        this.#items -= row.items.length;
        bucket.isComplete = false;
        bucket.order = undefined;
      }
    }
  }
}
