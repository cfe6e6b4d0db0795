/** For tests: batches and records of given contents. */
import { type HeaderInput, type Record, RecordBatch, RecordBatchBuilder } from '@millrace/wire';

export interface GivenRecord {
  readonly offset: number;
  readonly key?: Uint8Array | string | null;
  readonly value?: Uint8Array | string | null;
  readonly timestamp?: number;
  readonly headers?: readonly HeaderInput[];
}

/** A batch with gaps where the offsets have some. */
export function batchOf(records: readonly GivenRecord[]): RecordBatch {
  const builder = new RecordBatchBuilder();
  const baseOffset = records[0]?.offset ?? 0;
  for (const { offset, key = null, value = null, timestamp = 0, headers = [] } of records) {
    builder.append(timestamp, key, value, headers, offset - baseOffset);
  }
  return new RecordBatch(Uint8Array.from(builder.build({ baseOffset })));
}

export function recordOf(given: GivenRecord): Record {
  const [record] = batchOf([given]).records();
  return record as Record;
}
