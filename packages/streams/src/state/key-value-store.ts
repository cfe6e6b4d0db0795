/**
 * The newest value of each key, in one task: values as objects in a cache, and below it the rows on disk.
 *
 * - What was changed since the last commit stays in the cache until its row is written: `takeChanges` hands the changes
 *   out at a commit, `written` says that they are on disk.
 * - A value belongs to the store once it was put: change it only where the store's user is the only one to have it.
 * - While the cache has all rows, a key that is not in it is known not to be there, and the disk is not asked.
 */

import { type Effects, rowTag, type StateChanges, type StateSpace } from './state-space.ts';
import type { KeyValueDefinition } from './store-definition.ts';
import { type KeyId, StateCodec } from './value-codec.ts';
import { prefixEnd } from './window-row-key.ts';

interface Entry {
  readonly key: unknown;
  /** Undefined: there is no such row. */
  value: unknown;
  isChanged: boolean;
  wasUsed: boolean;
  bytes: number;
}

/** Memory of an entry besides its key and value, about. */
const entryBytes = 120;

const everyRow = { from: Uint8Array.of(rowTag), to: Uint8Array.of(rowTag + 1) } as const;

export class KeyValueStore<K, V> {
  readonly name: string;
  readonly #codec: StateCodec;
  readonly #space: StateSpace;
  readonly #cacheBytesMax: number;
  readonly #effects: Effects;
  readonly #entries = new Map<KeyId, Entry>();
  readonly #prefixOf: KeyValueDefinition['prefixOf'];
  /** Entries by the prefixes of their keys, where the store has prefixes. */
  readonly #byPrefix = new Map<string, Set<Entry>>();
  #changed: Entry[] = [];
  #bytes = 0;
  /** Rows that are handed out for writing and not known to be on disk. */
  #unwritten = 0;
  #isComplete: boolean;

  constructor(definition: KeyValueDefinition, space: StateSpace, cacheBytesMax: number, effects: Effects) {
    this.name = definition.name;
    this.#codec = new StateCodec(definition.name, definition.key, definition.value);
    this.#space = space;
    this.#cacheBytesMax = cacheBytesMax;
    this.#effects = effects;
    this.#isComplete = isEmpty(space);
    this.#prefixOf = definition.prefixOf;
  }

  /** Bytes of memory that keys and values take, about. */
  get cachedBytes(): number {
    return this.#bytes;
  }

  get(key: K): V | undefined {
    const id = this.#codec.idOf(key);
    const entry = this.#entries.get(id) ?? this.#load(id, key);
    if (entry === undefined) return undefined;
    entry.wasUsed = true;
    return entry.value as V | undefined;
  }

  /** Null and undefined delete. */
  put(key: K, value: V | null | undefined): void {
    const id = this.#codec.idOf(key);
    this.#effects.count++;
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      entry = { key, value: undefined, isChanged: false, wasUsed: true, bytes: entryBytes };
      this.#add(id, entry);
    }
    entry.value = value ?? undefined;
    this.#effects.changed?.(() => this.#rowOf(entry).key);
    if (entry.isChanged) return;
    entry.isChanged = true;
    this.#changed.push(entry);
  }

  delete(key: K): void {
    this.put(key, undefined);
  }

  /** All rows, in no particular order. The store may not change meanwhile. */
  *entries(): IterableIterator<[key: K, value: V]> {
    for (const { key, value } of this.#entries.values()) if (value !== undefined) yield [key as K, value as V];
    if (this.#isComplete) return;
    for (const row of this.#space.range(everyRow)) {
      const key = this.#codec.readKey(row.key.subarray(1)) as K;
      if (!this.#entries.has(this.#codec.idOf(key))) yield [key, this.#codec.readValue(row.value) as V];
    }
  }

  /** Rows whose keys begin with a prefix of the store's, in no particular order. The store may not change meanwhile. */
  *withPrefix(prefix: Uint8Array): IterableIterator<[key: K, value: V]> {
    for (const { key, value } of this.#byPrefix.get(nameOf(prefix)) ?? []) {
      if (value !== undefined) yield [key as K, value as V];
    }
    if (this.#isComplete) return;
    const from = Buffer.concat([Uint8Array.of(rowTag), prefix]);
    for (const row of this.#space.range({ from, to: prefixEnd(from) })) {
      const key = this.#codec.readKey(Uint8Array.from(row.key.subarray(1))) as K;
      if (!this.#entries.has(this.#codec.idOf(key))) yield [key, this.#codec.readValue(row.value) as V];
    }
  }

  /** What changed since the last commit, in the order of the first change. */
  *changes(): IterableIterator<{ key: K; value: V | undefined }> {
    for (const { key, value } of this.#changed) yield { key: key as K, value: value as V | undefined };
  }

  /** Hands out what changed since the last call. */
  takeChanges(changes: StateChanges): void {
    for (const entry of this.#changed) {
      const { key, value } = this.#rowOf(entry);
      changes.change(key, value);
      entry.isChanged = false;
      const bytes = entryBytes + 2 * (key.length - 1) + 2 * (value?.length ?? 0);
      this.#bytes += bytes - entry.bytes;
      entry.bytes = bytes;
    }
    this.#changed = [];
    this.#unwritten++;
  }

  /** What was handed out first, of what is not written yet, is on disk now. */
  written(): void {
    this.#unwritten--;
    if (this.#unwritten === 0 && this.#bytes > this.#cacheBytesMax) this.#evict();
  }

  /** An entry as it lies on disk; its value is null where it is gone. */
  #rowOf(entry: Entry): { readonly key: Uint8Array; readonly value: Uint8Array | null } {
    return {
      key: rowKeyOf(this.#codec.keyBytes(entry.key)),
      value: entry.value === undefined ? null : this.#codec.valueBytes(entry.value),
    };
  }

  #load(id: KeyId, key: unknown): Entry | undefined {
    if (this.#isComplete) return undefined;
    const keyBytes = this.#codec.keyBytes(key);
    const row = this.#space.get(rowKeyOf(keyBytes));
    const value = row === undefined ? undefined : this.#codec.readValue(row);
    const bytes = entryBytes + 2 * keyBytes.length + 2 * (row?.length ?? 0);
    const entry = { key, value, isChanged: false, wasUsed: true, bytes };
    this.#add(id, entry);
    return entry;
  }

  #add(id: KeyId, entry: Entry): void {
    this.#entries.set(id, entry);
    this.#bytes += entry.bytes;
    if (this.#prefixOf === undefined) return;
    const name = nameOf(this.#prefixOf(entry.key));
    const group = this.#byPrefix.get(name);
    if (group === undefined) this.#byPrefix.set(name, new Set([entry]));
    else group.add(entry);
  }

  #remove(id: KeyId, entry: Entry): void {
    this.#entries.delete(id);
    this.#bytes -= entry.bytes;
    if (entry.value !== undefined) this.#isComplete = false;
    if (this.#prefixOf === undefined) return;
    const name = nameOf(this.#prefixOf(entry.key));
    const group = this.#byPrefix.get(name);
    group?.delete(entry);
    if (group?.size === 0) this.#byPrefix.delete(name);
  }

  /** Lets go of entries that were not used since the last time, until a quarter of the memory is free. */
  #evict(): void {
    const target = this.#cacheBytesMax * 0.75;
    for (let pass = 0; pass < 2 && this.#bytes > target; pass++) {
      for (const [id, entry] of this.#entries) {
        if (this.#bytes <= target) return;
        if (entry.isChanged) continue;
        if (entry.wasUsed && pass === 0) {
          entry.wasUsed = false;
          continue;
        }
        this.#remove(id, entry);
      }
    }
  }
}

function nameOf(prefix: Uint8Array): string {
  return Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength).toString('latin1');
}

function isEmpty(space: StateSpace): boolean {
  for (const _ of space.range({ ...everyRow, limit: 1 })) return false;
  return true;
}

function rowKeyOf(keyBytes: Uint8Array): Uint8Array {
  const key = Buffer.allocUnsafe(keyBytes.length + 1);
  key[0] = rowTag;
  key.set(keyBytes, 1);
  return key;
}
