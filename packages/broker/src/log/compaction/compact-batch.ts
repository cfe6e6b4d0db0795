/** What compaction leaves of one batch, by the rules of Kafka's log cleaner. */
import { emptyBatch, filterBatch, type RecordBatch } from '@millrace/wire';
import type { KnownProducer } from '../producer-states.ts';
import type { OffsetMap } from './offset-map.ts';
import type { TransactionView } from './transaction-view.ts';

export interface CompactionRules {
  /** Last offsets of the keys of the dirty part, below `mapEnd`. */
  readonly offsets: OffsetMap;
  readonly mapEnd: number;
  readonly transactions: TransactionView;
  readonly producers: ReadonlyMap<number, KnownProducer>;
  /** Milliseconds. */
  readonly now: number;
  /** Until when tombstones and markers stay that are met for the first time; milliseconds. */
  readonly horizon: number;
  /**
   * Tombstones and markers stay whatever their horizon: before them lies something that could not be compacted.
   */
  keepDeletes: boolean;
}

/** The batch's new bytes, its own slice when nothing changes, or undefined when nothing is left. */
export async function compactBatch(batch: RecordBatch, rules: CompactionRules): Promise<Uint8Array | undefined> {
  const left = batch.isControl ? await compactMarker(batch, rules) : await compactRecords(batch, rules);
  // Sequence numbers must be checked against the producer's last batch also after a start from these files.
  return left ?? (isLastOfProducer(batch, rules) ? emptyBatch(batch) : undefined);
}

async function compactRecords(batch: RecordBatch, rules: CompactionRules): Promise<Uint8Array | undefined> {
  const { offsets, mapEnd, transactions, horizon } = rules;
  transactions.noteRecords(batch);
  if (transactions.isAborted(batch)) return undefined;
  const keepTombstones = !isOver(batch, rules);
  const { bytes, recordCount } = await filterBatch(batch, {
    keep({ offset, key, isTombstone }) {
      if (offset >= mapEnd) return true;
      if (key === null) return false;
      return offset >= offsets.get(key) && (!isTombstone || keepTombstones);
    },
    horizon: (tombstones) => (tombstones && batch.lastOffset < mapEnd ? horizon : undefined),
  });
  return recordCount === 0 ? undefined : bytes;
}

async function compactMarker(batch: RecordBatch, rules: CompactionRules): Promise<Uint8Array | undefined> {
  if (batch.recordCount === 0) return undefined;
  const isAlone = rules.transactions.noteMarker(batch);
  if (!isAlone) return batch.slice;
  if (isOver(batch, rules)) return undefined;
  return (await filterBatch(batch, { keep: () => true, horizon: () => rules.horizon })).bytes;
}

/** Whether the batch's tombstones, or its marker, have been there for long enough. */
function isOver(batch: RecordBatch, rules: CompactionRules): boolean {
  return batch.hasDeleteHorizon && rules.now >= batch.baseTimestamp && !rules.keepDeletes;
}

function isLastOfProducer(batch: RecordBatch, rules: CompactionRules): boolean {
  const producer = rules.producers.get(batch.producerId);
  if (producer === undefined) return false;
  if (producer.lastBatchOffset >= 0) return batch.baseOffset === producer.lastBatchOffset;
  return batch.isControl && batch.producerEpoch === producer.epoch;
}
