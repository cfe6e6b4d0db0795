export { Components } from './graph/detect/components.ts';
export type { Ring, RingConditions } from './graph/detect/find-rings.ts';
export { type ClosedRings, RingWatch, type RingWatchOptions } from './graph/detect/ring-watch.ts';
export type { Direction, Edge, EdgeKey, EdgeUpsert, Properties, Vertex, VertexUpsert } from './graph/element.ts';
export { edgeId } from './graph/element.ts';
export { type EdgesOptions, Graph, type GraphOptions, openGraph } from './graph/graph.ts';
export { GraphError, type GraphErrorCode } from './graph/graph-error.ts';
export { type ExportFormat, exportGraph } from './graph/load/export-graph.ts';
export { type Loaded, type LoadItem, type LoadOptions, loadGraph } from './graph/load/load-graph.ts';
export { type CsvColumns, itemsOfCsv, itemsOfJsonLines } from './graph/load/read-items.ts';
export type { Outcome } from './graph/traversal/evaluate.ts';
export { P, type Predicate, type Scalar } from './graph/traversal/predicate.ts';
export type { RunOptions, Shortage } from './graph/traversal/run.ts';
export { __, __edges, __values, Traversal } from './graph/traversal/traversal.ts';
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
export { type AerospikeRecordsOptions, openAerospikeRecords } from './records/aerospike/aerospike-records.ts';
export { type EmbeddedRecordsOptions, openEmbeddedRecords } from './records/embedded/embedded-records.ts';
export { add, append, list, map, type Operation, prepend, read, touch, write } from './records/operation.ts';
export { RecordError, type RecordErrorCode } from './records/record-error.ts';
export type { RecordKey, UserKey } from './records/record-key.ts';
export type {
  BatchEntry,
  BatchOutcome,
  Bins,
  ChangeOptions,
  FoundRecord,
  IndexCondition,
  IndexDefinition,
  IndexedPart,
  OperateOptions,
  OperateResult,
  Page,
  PutMode,
  PutOptions,
  QueryOptions,
  RecordMeta,
  RecordStats,
  RecordStore,
  RemoveOptions,
  ScanOptions,
  TimeToLive,
} from './records/record-store.ts';
export { Double, type Value } from './records/value.ts';
export { StoreError } from './store-error.ts';
