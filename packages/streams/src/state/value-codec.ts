/** Keys and values of state as bytes, and the names under which caches find keys. */
import { messageOf } from '@millrace/base';
import { StateSerdeError } from '../errors.ts';
import type { AnySerde } from '../topology/node.ts';

/** What a cache finds a key by: the key itself where equal keys are identical, else a text of its bytes. */
export type KeyId = string | number | boolean | bigint | symbol;

/** Tells ids that are text of bytes from those that are keys. */
const bytesMark = '\u0000';

export class StateCodec {
  readonly store: string;
  readonly #key: AnySerde;
  readonly #value: AnySerde;

  constructor(store: string, key: AnySerde, value: AnySerde) {
    this.store = store;
    this.#key = key;
    this.#value = value;
  }

  /** Throws `StateSerdeError`. */
  idOf(key: unknown): KeyId {
    if (typeof key === 'string' || typeof key === 'number') return key;
    if (typeof key === 'bigint' || typeof key === 'boolean') return key;
    const bytes = this.keyBytes(key);
    return bytesMark + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }

  /** Throws `StateSerdeError`, for null too. */
  keyBytes(key: unknown): Uint8Array {
    const bytes = this.#serialize('key', this.#key, key);
    if (bytes === null) throw new StateSerdeError(this.store, 'key', 'null is no key; filter such records out before');
    return bytes;
  }

  valueBytes(value: unknown): Uint8Array {
    const bytes = this.#serialize('value', this.#value, value);
    if (bytes === null)
      throw new StateSerdeError(this.store, 'value', 'the serde made null of it, which means no value');
    return bytes;
  }

  readKey(bytes: Uint8Array): unknown {
    return this.#read('key', this.#key, bytes);
  }

  readValue(bytes: Uint8Array): unknown {
    return this.#read('value', this.#value, bytes);
  }

  #serialize(field: 'key' | 'value', serde: AnySerde, input: unknown): Uint8Array | null {
    try {
      const bytes = serde.serialize(input);
      return typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes;
    } catch (error) {
      throw new StateSerdeError(this.store, field, messageOf(error), error);
    }
  }

  #read(field: 'key' | 'value', serde: AnySerde, bytes: Uint8Array): unknown {
    try {
      if (serde.deserializeText === undefined) return serde.deserialize(bytes);
      return serde.deserializeText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    } catch (error) {
      throw new StateSerdeError(this.store, field, messageOf(error), error);
    }
  }
}
