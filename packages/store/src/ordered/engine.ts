/**
 * What an engine is to the ordered store: one flat, ordered map of bytes. Spaces, checks and options are the store's
 * (`spaced-store.ts`), so that an engine holds nothing but how bytes are kept.
 */
import type { Entry, OrderedStats, OrderedTraits } from './ordered-store.ts';

/** Sets `key` to `value`; without `value` removes it, or all keys from it up to `to` (itself not included). */
export interface EngineChange {
  readonly key: Buffer;
  readonly value: Uint8Array | undefined;
  readonly to: Buffer | undefined;
}

export interface EngineRange {
  /** Included. */
  readonly from: Uint8Array;
  /** Not included. */
  readonly to: Uint8Array;
  readonly reverse: boolean;
  /** From 0 on; `Infinity` for no bound. */
  readonly limit: number;
  /** So many bytes are taken off the front of each key. */
  readonly keyBytesSkipped: number;
}

/** Keeps the promises of `ordered-store.ts` for its one map; all keys are of 1 to `traits.keyBytesMax` bytes. */
export interface Engine {
  readonly traits: OrderedTraits;
  get(key: Uint8Array): Buffer | undefined;
  has(key: Uint8Array): boolean;
  range(range: EngineRange): Iterable<Entry>;
  /** Applies changes as a whole and in their order; calls take effect in their order. */
  write(changes: readonly EngineChange[], durable: boolean): Promise<void>;
  flush(): Promise<void>;
  stats(): OrderedStats;
  close(): Promise<void>;
}
