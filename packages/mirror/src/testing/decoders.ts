/** For tests: the mirror's own readers of bytes from outside, one by one. */
export { adoptBatch } from '../batches/adopt-batch.ts';
export { conversionLimitsDefault } from '../batches/conversion-limits.ts';
export { convertChunk } from '../batches/convert-chunk.ts';
export {
  decodeJournalChunk,
  decodeJournalKey,
  encodeJournalChunk,
  encodeJournalKey,
} from '../offset-map/journal-record.ts';
export { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
