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
