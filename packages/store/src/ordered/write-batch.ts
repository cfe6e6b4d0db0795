/**
 * Changes that a store applies together: puts, deletes and deletes of ranges over any of its spaces, in the order they
 * were added; so a later one of a key wins. Keys are copied when they are added, values are not: they may not change
 * until the batch was written.
 */
import { assert } from '@millrace/base';
import { StoreError } from '../store-error.ts';
import type { EngineChange } from './engine.ts';
import type { OrderedSpace } from './ordered-store.ts';
import { Space } from './space.ts';

export class WriteBatch {
  readonly #owner: object;
  readonly #keyBytesMax: number;
  #changes: EngineChange[] = [];
  #bytes = 0;

  /** Made by `OrderedStore.batch`. */
  constructor(owner: object, keyBytesMax: number) {
    this.#owner = owner;
    this.#keyBytesMax = keyBytesMax;
  }

  /** How many changes are in it. */
  get length(): number {
    return this.#changes.length;
  }

  /** Bytes of its keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sets the value of a key. Throws `key_too_long`. */
  put(space: OrderedSpace, key: Uint8Array, value: Uint8Array): void {
    this.#add(this.#own(space).storedKey(this.#checked(key)), value, undefined);
  }

  /** Removes a key if it is there. Throws `key_too_long`. */
  delete(space: OrderedSpace, key: Uint8Array): void {
    this.#add(this.#own(space).storedKey(this.#checked(key)), undefined, undefined);
  }

  /** Removes all keys from `from` on up to `to`, itself not included; without them from the first, to the last. */
  deleteRange(space: OrderedSpace, range: { from?: Uint8Array | undefined; to?: Uint8Array | undefined } = {}): void {
    const own = this.#own(space);
    this.#add(own.storedFrom(range.from), undefined, own.storedTo(range.to));
  }

  /** Empties it, to be used again. */
  clear(): void {
    this.#changes = [];
    this.#bytes = 0;
  }

  /** The changes as the engine takes them; for the store alone. */
  changesFor(owner: object): readonly EngineChange[] {
    assert(owner === this.#owner, 'a batch is written to the store that made it');
    return this.#changes;
  }

  #own(space: OrderedSpace): Space {
    assert(space instanceof Space && space.owner === this.#owner, 'spaces of a batch are of the store that made it');
    return space;
  }

  #checked(key: Uint8Array): Uint8Array {
    if (key.length <= this.#keyBytesMax) return key;
    throw new StoreError('key_too_long', { detail: `it has ${key.length} bytes, at most ${this.#keyBytesMax} fit` });
  }

  #add(key: Buffer, value: Uint8Array | undefined, to: Buffer | undefined): void {
    this.#changes.push({ key, value, to });
    this.#bytes += key.length + (value?.length ?? 0);
  }
}
