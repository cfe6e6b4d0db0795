/**
 * Control batches: the markers that a transaction coordinator appends to end a transaction in a partition (KIP-98). A
 * batch of one record; its key is version and type, its value version and coordinator epoch, all 16-bit but the epoch.
 */

import { readInt16, readInt32, writeInt16, writeInt32 } from './big-endian.ts';
import { CorruptRecordError } from './corrupt-record-error.ts';
import type { RecordBatch } from './record-batch.ts';
import { RecordBatchBuilder } from './record-batch-builder.ts';

export interface ControlBatchOptions {
  readonly type: 'commit' | 'abort';
  readonly coordinatorEpoch: number;
  /** The transaction's producer. */
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Default 0. */
  readonly baseOffset?: number | undefined;
  /** Default -1. */
  readonly partitionLeaderEpoch?: number | undefined;
}

/** What a control batch says. Types that are no end of a transaction are `other`; clients skip them. */
export type ControlRecord =
  | { readonly type: 'commit' | 'abort'; readonly typeId: 0 | 1; readonly coordinatorEpoch: number }
  | { readonly type: 'other'; readonly typeId: number };

/** A control batch of its own bytes, ready to append. */
export function buildControlBatch(options: ControlBatchOptions): Uint8Array {
  const key = new Uint8Array(4);
  writeInt16(key, 2, options.type === 'commit' ? 1 : 0);
  const value = new Uint8Array(6);
  writeInt32(value, 2, options.coordinatorEpoch);
  const builder = new RecordBatchBuilder(256);
  builder.append(options.timestamp, key, value);
  return builder.build({
    control: true,
    transactional: true,
    producerId: options.producerId,
    producerEpoch: options.producerEpoch,
    baseOffset: options.baseOffset,
    partitionLeaderEpoch: options.partitionLeaderEpoch,
  });
}

/** Reads the record of a control batch (`isControl`). Throws `CorruptRecordError` when it is none. */
export function readControlRecord(batch: RecordBatch): ControlRecord {
  for (const record of batch.records()) {
    const { key, value } = record;
    if (key === null || key.length < 4 || readInt16(key, 0) < 0) break;
    const typeId = readInt16(key, 2);
    if (typeId !== 0 && typeId !== 1) return { type: 'other', typeId };
    if (value === null || value.length < 6 || readInt16(value, 0) < 0) break;
    return { type: typeId === 1 ? 'commit' : 'abort', typeId, coordinatorEpoch: readInt32(value, 2) };
  }
  throw new CorruptRecordError(
    `the control batch at offset ${batch.baseOffset} holds no control record`,
    batch.position,
  );
}
