/** Takes from a fetch's answer what a consumer of committed records may see, by the list of aborted transactions. */
import { RecordBatches, readControlRecord } from '@millrace/wire';

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** The values from `offset` on by their offsets, and where the last batch ends. */
export function committedRecords(
  bytes: Uint8Array,
  offset: number,
  aborted: readonly AbortedTransaction[],
): { readonly values: Map<number, string>; readonly end: number } {
  const values = new Map<number, string>();
  const begins = [...aborted].sort((left, right) => left.firstOffset - right.firstOffset);
  const aborting = new Set<number>();
  let end = offset;
  for (const batch of new RecordBatches(bytes)) {
    while (begins[0] !== undefined && begins[0].firstOffset <= batch.lastOffset) {
      aborting.add((begins.shift() as AbortedTransaction).producerId);
    }
    end = batch.lastOffset + 1;
    if (batch.isControl) {
      if (readControlRecord(batch).type === 'abort') aborting.delete(batch.producerId);
      continue;
    }
    if (batch.isTransactional && aborting.has(batch.producerId)) continue;
    for (const record of batch.records()) {
      if (record.offset >= offset) values.set(record.offset, Buffer.from(record.value ?? []).toString());
    }
  }
  return { values, end };
}
