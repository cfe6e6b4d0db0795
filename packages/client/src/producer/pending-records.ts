/** Records of a topic of which nothing is known yet, in their order, as copies. */
import { type HeaderInput, RecordBatch, RecordBatchBuilder, type Record as WireRecord } from '@millrace/wire';
import type { SendWaiter } from './partition-batch.ts';

export interface PendingRecord {
  readonly timestamp: number;
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers: readonly HeaderInput[];
  /** -1 for the partitioner to choose. */
  readonly partition: number;
  readonly waiter: SendWaiter | undefined;
}

/** What an object a record costs besides its bytes, about. */
const overheadBytes = 128;

export class PendingRecords {
  readonly #records: PendingRecord[] = [];
  #bytes = 0;

  get count(): number {
    return this.#records.length;
  }

  /** Bytes of memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of a record; answers the bytes it takes. */
  add(record: PendingRecord): number {
    const { key, value, headers } = record;
    const bytes =
      overheadBytes + sizeOf(key) + sizeOf(value) + headers.reduce((sum, { value: v }) => sum + 32 + sizeOf(v), 0);
    this.#records.push({
      ...record,
      key: owned(key),
      value: owned(value),
      headers: headers.map((header) => ({ key: header.key, value: owned(header.value) })),
    });
    this.#bytes += bytes;
    return bytes;
  }

  /** Hands over all records. */
  take(): PendingRecord[] {
    this.#bytes = 0;
    return this.#records.splice(0);
  }
}

/** Pending records in the form in which a delivery shows records. */
export function asRecords(pending: readonly PendingRecord[]): Iterable<WireRecord> {
  const builder = new RecordBatchBuilder();
  for (const { timestamp, key, value, headers } of pending) builder.append(timestamp, key, value, headers);
  return builder.recordCount === 0 ? [] : new RecordBatch(builder.build()).records();
}

function owned(field: Uint8Array | string | null): Uint8Array | string | null {
  return field instanceof Uint8Array ? Uint8Array.prototype.slice.call(field) : field;
}

/** Bytes of a field; of text at least so many. */
export function sizeOf(field: Uint8Array | string | null): number {
  return field === null ? 0 : field.length;
}
