/** A space of a store: the keys of the engine that begin with the space's number, two bytes, big-endian. */
import type { Engine } from './engine.ts';
import type { Entry, OrderedSpace, OrderedTraits, RangeOptions } from './ordered-store.ts';

/** Bytes of a space's number before each of its keys. */
export const SPACE_KEY_BYTES = 2;

export class Space implements OrderedSpace {
  readonly name: string;
  /** The store that it is of. */
  readonly owner: object;
  readonly #engine: () => Engine;
  readonly #keyBytesMax: number;
  readonly #prefix: Buffer;
  readonly #end: Buffer;
  /** The stored key of the read under way: reads are synchronous and engines keep no key, so that one is enough. */
  #scratch = Buffer.allocUnsafeSlow(64);

  /** `engine` answers the engine while the store is open, and throws from then on. */
  constructor(name: string, number: number, owner: { readonly traits: OrderedTraits }, engine: () => Engine) {
    this.name = name;
    this.owner = owner;
    this.#keyBytesMax = owner.traits.keyBytesMax;
    this.#engine = engine;
    this.#prefix = Buffer.from([number >> 8, number & 0xff]);
    this.#end = Buffer.from([(number + 1) >> 8, (number + 1) & 0xff]);
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#get(this.#engine(), key);
  }

  has(key: Uint8Array): boolean {
    const engine = this.#engine();
    return key.length <= this.#keyBytesMax && engine.has(this.#lookup(key));
  }

  getMany(keys: readonly Uint8Array[]): (Buffer | undefined)[] {
    const engine = this.#engine();
    return keys.map((key) => this.#get(engine, key));
  }

  range(options: RangeOptions = {}): Iterable<Entry> {
    return this.#engine().range({
      from: this.storedFrom(options.from),
      to: this.storedTo(options.to),
      reverse: options.reverse ?? false,
      limit: options.limit ?? Number.POSITIVE_INFINITY,
      keyBytesSkipped: SPACE_KEY_BYTES,
    });
  }

  /** The key as the engine has it, in memory of its own. */
  storedKey(key: Uint8Array): Buffer {
    const stored = Buffer.allocUnsafe(SPACE_KEY_BYTES + key.length);
    stored.set(this.#prefix);
    stored.set(key, SPACE_KEY_BYTES);
    return stored;
  }

  storedFrom(from: Uint8Array | undefined): Buffer {
    return from === undefined ? this.#prefix : this.#bound(from);
  }

  storedTo(to: Uint8Array | undefined): Buffer {
    return to === undefined ? this.#end : this.#bound(to);
  }

  #get(engine: Engine, key: Uint8Array): Buffer | undefined {
    return key.length <= this.#keyBytesMax ? engine.get(this.#lookup(key)) : undefined;
  }

  /** Of one that is longer than any key: what lies right behind the longest key that is before it. */
  #bound(key: Uint8Array): Buffer {
    if (key.length <= this.#keyBytesMax) return this.storedKey(key);
    const bound = this.storedKey(key.subarray(0, this.#keyBytesMax));
    let last = bound.length - 1;
    while (bound[last] === 0xff) last--;
    bound[last] = (bound[last] as number) + 1;
    return bound.subarray(0, last + 1);
  }

  #lookup(key: Uint8Array): Uint8Array {
    const bytes = SPACE_KEY_BYTES + key.length;
    if (this.#scratch.length < bytes) this.#scratch = Buffer.allocUnsafeSlow(2 * bytes);
    this.#scratch.set(this.#prefix);
    this.#scratch.set(key, SPACE_KEY_BYTES);
    return this.#scratch.subarray(0, bytes);
  }
}
