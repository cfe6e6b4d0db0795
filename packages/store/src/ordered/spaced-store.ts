/**
 * The ordered store over an engine: gives names of spaces their numbers and keeps that catalogue in the engine itself,
 * under the number 0. A number is given once and never again, so that no space ever finds another's keys.
 */
import { assert } from '@millrace/base';
import { StoreError } from '../store-error.ts';
import type { Engine, EngineChange } from './engine.ts';
import type { OrderedSpace, OrderedStats, OrderedStore, OrderedTraits, WriteOptions } from './ordered-store.ts';
import { SPACE_KEY_BYTES, Space } from './space.ts';
import { WriteBatch } from './write-batch.ts';

const SPACES_MAX = 0xfffe;

export class SpacedStore implements OrderedStore {
  readonly traits: OrderedTraits;
  #engine: Engine | undefined;
  readonly #catalogue: Space;
  readonly #spaces = new Map<string, Space>();
  /** Catalogue entries that go with the next write. */
  #unwritten: EngineChange[] = [];
  #lastNumber = 0;

  /** Takes over the engine: closes it when it is closed itself. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.traits = { ...engine.traits, keyBytesMax: engine.traits.keyBytesMax - SPACE_KEY_BYTES };
    this.#catalogue = new Space('', 0, this, this.#open);
    for (const { key, value } of this.#catalogue.range()) {
      if (value.length !== SPACE_KEY_BYTES) throw new StoreError('store_corrupt', { detail: 'its list of spaces' });
      const number = value.readUInt16BE();
      this.#spaces.set(key.toString(), new Space(key.toString(), number, this, this.#open));
      this.#lastNumber = Math.max(this.#lastNumber, number);
    }
  }

  space(name: string): OrderedSpace {
    const known = this.#spaces.get(name);
    if (known !== undefined) return known;
    assert(name !== '', 'a space has a name');
    const key = Buffer.from(name);
    const detail = `the name of a space has ${key.length} bytes`;
    if (key.length > this.traits.keyBytesMax) throw new StoreError('key_too_long', { detail });
    if (this.#lastNumber === SPACES_MAX) throw new StoreError('too_many_spaces', { detail: `${SPACES_MAX} spaces` });
    const number = ++this.#lastNumber;
    const space = new Space(name, number, this, this.#open);
    this.#spaces.set(name, space);
    const value = Buffer.from([number >> 8, number & 0xff]);
    this.#unwritten.push({ key: this.#catalogue.storedKey(key), value, to: undefined });
    return space;
  }

  spaces(): string[] {
    return [...this.#spaces.keys()].sort();
  }

  batch(): WriteBatch {
    return new WriteBatch(this, this.traits.keyBytesMax);
  }

  async write(batch: WriteBatch, options: WriteOptions = {}): Promise<void> {
    const engine = this.#open();
    assert(!options.durable || !this.traits.rebuildable, 'a rebuildable store has no durable writes');
    const changes = batch.changesFor(this);
    if (changes.length === 0) return options.durable ? engine.flush() : undefined;
    const unwritten = this.#unwritten;
    if (unwritten.length === 0) return engine.write(changes, options.durable ?? false);
    // Goes with every write until one has succeeded: no key may be there before its space's number is.
    await engine.write([...unwritten, ...changes], options.durable ?? false);
    this.#unwritten = this.#unwritten.filter((change) => !unwritten.includes(change));
  }

  async flush(): Promise<void> {
    await this.#open().flush();
  }

  stats(): OrderedStats {
    return this.#open().stats();
  }

  async close(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #open = (): Engine => {
    if (this.#engine === undefined) throw new StoreError('store_closed');
    return this.#engine;
  };
}
