/**
 * Rows of one kind as objects over a space of a store: what was read or changed is at hand, and what was changed goes
 * to disk with the next commit. Reads by key see changes at once; ranges see what was committed.
 *
 * A value belongs to the table: to change it, change it and `put` it.
 */
import type { OrderedSpace, OrderedStore, WriteBatch } from '@millrace/store';
import { type KeyPart, keysUnder } from './row-key.ts';

/** Rows that are kept at hand beyond a commit. */
const cachedMost = 20_000;

export class RowTable<V> {
  readonly #space: OrderedSpace;
  /** Undefined: there is no such row. */
  readonly #rows = new Map<string, V | undefined>();
  readonly #changed = new Set<string>();

  constructor(store: OrderedStore, name: string) {
    this.#space = store.space(name);
  }

  get(key: string): V | undefined {
    if (this.#rows.has(key)) return this.#rows.get(key);
    const found = this.committed(key);
    this.#rows.set(key, found);
    return found;
  }

  put(key: string, value: V): void {
    this.#rows.set(key, value);
    this.#changed.add(key);
  }

  delete(key: string): void {
    this.#rows.set(key, undefined);
    this.#changed.add(key);
  }

  /** A row as it is on disk, for readers beside the one who writes. */
  committed(key: string): V | undefined {
    const bytes = this.#space.get(Buffer.from(key));
    return bytes === undefined ? undefined : read<V>(bytes);
  }

  /** Rows on disk whose keys begin with these parts, in the order of their keys; all without any. */
  *under(
    parts: readonly KeyPart[] = [],
    options: { readonly reverse?: boolean } = {},
  ): Generator<readonly [key: string, value: V]> {
    const range = parts.length === 0 ? {} : keysUnder(...parts);
    for (const { key, value } of this.#space.range({ ...range, ...options })) yield [key.toString(), read<V>(value)];
  }

  /** Rows on disk between two keys, the second not included. */
  *between(from: string, to: string, options: { readonly reverse?: boolean } = {}): Generator<readonly [string, V]> {
    const range = { from: Buffer.from(from), to: Buffer.from(to) };
    for (const { key, value } of this.#space.range({ ...range, ...options })) yield [key.toString(), read<V>(value)];
  }

  /** Removes rows before a key, of those on disk. */
  deleteBefore(batch: WriteBatch, key: string): void {
    batch.deleteRange(this.#space, { to: Buffer.from(key) });
  }

  /** Adds what was changed to a batch. */
  commit(batch: WriteBatch): void {
    for (const key of this.#changed) {
      const value = this.#rows.get(key);
      if (value === undefined) batch.delete(this.#space, Buffer.from(key));
      else batch.put(this.#space, Buffer.from(key), Buffer.from(JSON.stringify(value)));
    }
    this.#changed.clear();
  }

  /** Lets go of rows, once what was changed is on disk. */
  trim(): void {
    if (this.#rows.size > cachedMost && this.#changed.size === 0) this.#rows.clear();
  }
}

function read<V>(bytes: Buffer): V {
  return JSON.parse(bytes.toString()) as V;
}
