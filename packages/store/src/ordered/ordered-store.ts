/**
 * Ordered key-value state: bytes to bytes, ordered by `Buffer.compare` of the keys, in named spaces. What streams keep,
 * indexes and the record store stand on it.
 *
 * Invariants, on every engine:
 *
 * - Reads are synchronous and see whole batches: all of a batch or nothing of it.
 * - Batches take effect in the order of the calls to `write`. From when `write` resolves all reads see the batch; until
 *   then they may see it already or not yet.
 * - After a crash there is a prefix of that order: no batch without those before it. What `write` resolved for outlives
 *   the process (where the engine is persistent), and with `durable` also a loss of power.
 *
 * One process at a time opens a store, once. A store knows nothing of what the bytes mean, and nothing expires here.
 */
import type { WriteBatch } from './write-batch.ts';

/** What an engine can do; what is not here is the same on all. */
export interface OrderedTraits {
  readonly engine: 'memory' | 'lmdb';
  /** Whether what is written outlives the process. */
  readonly persistent: boolean;
  /** Whether the store opens empty after a loss of power, and takes no `durable` writes. */
  readonly rebuildable: boolean;
  /**
   * The longest key of a space, in bytes. A longer one is refused when it is added to a batch (`key_too_long`), and
   * never found.
   */
  readonly keyBytesMax: number;
}

export interface OrderedStats {
  /** Bytes of the store's files, or of keys and values where it has none. What was deleted is in it until reused. */
  readonly bytes: number;
  /** Keys of all spaces, and a few of the store's own. */
  readonly keys: number;
  /**
   * Bytes of the tree above its leaves: as long as they are in memory, finding any key takes one read from the disk at
   * most. All of it is in memory where there is no disk.
   */
  readonly indexBytes: number;
}

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface RangeOptions {
  /** First key, itself included. From the first key of the space on by default. */
  readonly from?: Uint8Array | undefined;
  /** End of the keys, itself not included. To the last key of the space by default. */
  readonly to?: Uint8Array | undefined;
  /** From the last key down to the first of the same range. False by default. */
  readonly reverse?: boolean | undefined;
  /** At most so many entries. No bound by default. */
  readonly limit?: number | undefined;
}

/** A part of a store with keys of its own. Spaces share the store's batches, so that a write over several is atomic. */
export interface OrderedSpace {
  readonly name: string;
  /** The value of a key, or undefined. The caller may keep it, and may not change it. */
  get(key: Uint8Array): Buffer | undefined;
  has(key: Uint8Array): boolean;
  /** The values of keys, in the order of the keys, undefined where there is none. */
  getMany(keys: readonly Uint8Array[]): (Buffer | undefined)[];
  /**
   * The entries of a range in order. An iteration reads a snapshot of the moment it began, whatever is written
   * meanwhile, and holds it until it ends or is broken off: a long one keeps space from being reused. The caller may
   * keep keys and values, and may not change them.
   */
  range(options?: RangeOptions): Iterable<Entry>;
}

export interface WriteOptions {
  /** Whether this batch and all before it must survive a loss of power when `write` resolves. False by default. */
  readonly durable?: boolean | undefined;
}

export interface OrderedStore extends AsyncDisposable {
  readonly traits: OrderedTraits;
  /**
   * The space of a name (not empty), made with the next write where there is none. Cheap: call it as often as needed.
   */
  space(name: string): OrderedSpace;
  /** Names of the spaces, sorted. */
  spaces(): string[];
  /** An empty batch for this store. */
  batch(): WriteBatch;
  /**
   * Applies a batch as a whole. Until this resolves the batch and the values in it may not be changed. Rejects with
   * `StoreError` when nothing of it was applied: `store_closed`, `disk_full`, `store_failed`.
   */
  write(batch: WriteBatch, options?: WriteOptions): Promise<void>;
  /** Resolves when all that was written before is durable. */
  flush(): Promise<void>;
  stats(): OrderedStats;
  /** Ends what is under way, makes all of it durable, closes the files. Later calls fail with `store_closed`. */
  close(): Promise<void>;
}
