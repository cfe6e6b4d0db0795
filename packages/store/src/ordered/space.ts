/** A space of a store: the keys of the engine that begin with the space's number, two bytes, big-endian. */
import type { Engine } from './engine.ts';
import type { Entry, OrderedSpace, RangeOptions } from './ordered-store.ts';

/** Bytes of a space's number before each of its keys. */
export const SPACE_KEY_BYTES = 2;

export class Space implements OrderedSpace {
  readonly name: string;
  /** The store that it is of. */
  readonly owner: object;
  readonly #engine: () => Engine;
  readonly #prefix: Buffer;
  readonly #end: Buffer;
  /** The stored key of the read under way: reads are synchronous and engines keep no key, so that one is enough. */
  #scratch = Buffer.allocUnsafeSlow(64);

  /** `engine` answers the engine while the store is open, and throws from then on. */
  constructor(name: string, number: number, owner: object, engine: () => Engine) {
    this.name = name;
    this.owner = owner;
    this.#engine = engine;
    this.#prefix = Buffer.from([number >> 8, number & 0xff]);
    this.#end = Buffer.from([(number + 1) >> 8, (number + 1) & 0xff]);
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#engine().get(this.#lookup(key));
  }

  has(key: Uint8Array): boolean {
    return this.#engine().has(this.#lookup(key));
  }

  getMany(keys: readonly Uint8Array[]): (Buffer | undefined)[] {
    const engine = this.#engine();
    return keys.map((key) => engine.get(this.#lookup(key)));
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
    return from === undefined ? this.#prefix : this.storedKey(from);
  }

  storedTo(to: Uint8Array | undefined): Buffer {
    return to === undefined ? this.#end : this.storedKey(to);
  }

  #lookup(key: Uint8Array): Uint8Array {
    const bytes = SPACE_KEY_BYTES + key.length;
    if (this.#scratch.length < bytes) this.#scratch = Buffer.allocUnsafeSlow(2 * bytes);
    this.#scratch.set(this.#prefix);
    this.#scratch.set(key, SPACE_KEY_BYTES);
    return this.#scratch.subarray(0, bytes);
  }
}
