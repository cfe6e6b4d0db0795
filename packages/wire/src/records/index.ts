export { consecutiveCrcsFit } from './consecutive-crcs.ts';
export { buildControlBatch, type ControlBatchOptions, type ControlRecord, readControlRecord } from './control-batch.ts';
export { CorruptRecordError } from './corrupt-record-error.ts';
export { type BatchFilter, emptyBatch, type FilteredRecord, filterBatch, placeholderBatch } from './filter-batch.ts';
export { Record, type RecordHeader } from './record.ts';
export {
  decompressedBytesMaxDefault,
  RecordBatch,
  RecordBatches,
  type RecordsOptions,
  readBatches,
} from './record-batch.ts';
export { type BuildOptions, RecordBatchBuilder } from './record-batch-builder.ts';
export * as batchHeader from './record-batch-header.ts';
export { RecordBuildError } from './record-build-error.ts';
export type { HeaderInput } from './record-headers.ts';
export { Records } from './records.ts';
export * as varint from './varint.ts';
