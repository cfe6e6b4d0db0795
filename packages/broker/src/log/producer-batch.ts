/** What a record batch says of the producer that sent it, or of the transaction that it ends. */
import { batchHeader, RecordBatch, readControlRecord } from '@millrace/wire';

/** The producer's part of a batch's header. */
export interface ProducerBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1 for a marker. */
  readonly baseSequence: number;
  /** As the producer sent it; compaction may have left fewer. */
  readonly recordCount: number;
  readonly baseOffset: number;
  /** Largest timestamp of the batch, in milliseconds. */
  readonly timestamp: number;
  readonly isTransactional: boolean;
  /** How the batch ends the producer's transaction; undefined for one that holds records. */
  readonly marker: TransactionMarker | undefined;
}

export interface TransactionMarker {
  readonly type: 'commit' | 'abort';
  readonly coordinatorEpoch: number;
}

const { transactional, control } = batchHeader.batchAttributeBits;

/**
 * The producer's part of the batch whose header lies at `position`, or undefined when it has no idempotent producer.
 * Throws `CorruptRecordError` for a control batch without a control record.
 */
export function producerBatchAt(bytes: Uint8Array, position: number): ProducerBatch | undefined {
  const producerId = batchHeader.producerId(bytes, position);
  if (producerId < 0) return undefined;
  const attributes = batchHeader.attributes(bytes, position);
  return {
    producerId,
    producerEpoch: batchHeader.producerEpoch(bytes, position),
    baseSequence: batchHeader.baseSequence(bytes, position),
    recordCount: batchHeader.lastOffsetDelta(bytes, position) + 1,
    baseOffset: batchHeader.baseOffset(bytes, position),
    timestamp: batchHeader.maxTimestamp(bytes, position),
    isTransactional: (attributes & transactional) !== 0,
    marker: (attributes & control) === 0 ? undefined : markerAt(bytes, position),
  };
}

function markerAt(bytes: Uint8Array, position: number): TransactionMarker | undefined {
  // Compaction leaves an empty batch where it removed a marker and its transaction.
  if (batchHeader.recordCount(bytes, position) === 0) return undefined;
  const record = readControlRecord(new RecordBatch(bytes, position));
  return record.type === 'other' ? undefined : record;
}
