/** Opens ordered stores. */
import { LmdbEngine, type LmdbOptions } from './lmdb-engine.ts';
import { MemoryEngine, type MemoryVolume } from './memory-engine.ts';
import type { OrderedStore } from './ordered-store.ts';
import { SpacedStore } from './spaced-store.ts';

/**
 * Opens the store of a directory; who opens it sees to it that no other process does. Throws `StoreError`:
 * `store_in_use` where this process has it open, `store_failed`.
 */
export function openOrderedStore(options: LmdbOptions): OrderedStore {
  return new SpacedStore(new LmdbEngine(options));
}

/** Opens a store in memory; on a volume, what was left there. Throws `store_in_use` where the volume has one open. */
export function openMemoryStore(options: { readonly volume?: MemoryVolume | undefined } = {}): OrderedStore {
  return new SpacedStore(new MemoryEngine(options.volume));
}
