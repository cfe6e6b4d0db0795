export type { LmdbOptions } from './ordered/lmdb-engine.ts';
export { MemoryVolume } from './ordered/memory-engine.ts';
export { openMemoryStore, openOrderedStore } from './ordered/open-ordered-store.ts';
export type {
  Entry,
  OrderedSpace,
  OrderedStats,
  OrderedStore,
  OrderedTraits,
  RangeOptions,
  WriteOptions,
} from './ordered/ordered-store.ts';
export type { WriteBatch } from './ordered/write-batch.ts';
export { StoreError } from './store-error.ts';
