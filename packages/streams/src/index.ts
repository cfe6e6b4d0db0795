export {
  type DriverOptions,
  type PipedRecord,
  type ReadRecord,
  type TestDriver,
  testDriver,
} from './driver/test-driver.ts';
export { InvalidTimestampError, StateSerdeError, TopologyError } from './errors.ts';
export {
  type KeyValueStoreOf,
  keyValueStore,
  type Processor,
  type ProcessorContext,
  type ProcessorOptions,
  type WindowStoreOf,
  windowStore,
} from './operators/process.ts';
export { nodeListener } from './queries/node-listener.ts';
export type { QueryHandler, QueryOptions } from './queries/query-handler.ts';
export type { DurationCounts } from './runtime/duration-histogram.ts';
export { type Job, startJob } from './runtime/job.ts';
export { JobStuckError, PoisonRecordError, PoisonResultError, StateMismatchError } from './runtime/job-errors.ts';
export type { JobEvent, JobMetrics } from './runtime/job-event.ts';
export type { JobOptions } from './runtime/job-options.ts';
export type { KeyValueStore } from './state/key-value-store.ts';
export type { WindowStore } from './state/window-store.ts';
export type { RecordFacts } from './task/cursor.ts';
export type { GroupAggregateOptions, GroupedTable } from './topology/grouped-table.ts';
export type { SlidingAggregateOptions, SlidingStream } from './topology/sliding-stream.ts';
export type { Stream } from './topology/stream.ts';
export type { AggregateOptions, JoinOptions } from './topology/stream-options.ts';
export type { Table } from './topology/table.ts';
export { type Topology, topology } from './topology/topology.ts';
export type { WindowResults } from './topology/window-results.ts';
export { windowedKey } from './topology/windowed-key.ts';
export type { WindowAggregateOptions, WindowedStream } from './topology/windowed-stream.ts';
export { hopping, session, sliding, tumbling, type Windowed } from './topology/windows.ts';
