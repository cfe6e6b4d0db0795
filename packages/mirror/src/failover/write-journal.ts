/** Writes entries into the journal of a shard that was just taken over, in the place of a worker. */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import { RecordBatchBuilder } from '@millrace/wire';
import { adoptBatch } from '../batches/adopt-batch.ts';
import { appendBatch } from '../copy/append-batch.ts';
import {
  encodeJournalChunk,
  encodeJournalKey,
  type JournalChunk,
  type JournalKey,
} from '../offset-map/journal-record.ts';

export interface JournalEntry {
  readonly key: JournalKey;
  /** Null to forget the chunk. */
  readonly value: JournalChunk | null;
}

const writeBytesMax = 512 * 1024;

/**
 * Resolves when all are stored, each once. Nothing may have been written with this identity before. Rejects with
 * `KafkaError` (also when the shard was taken over meanwhile), or a retriable error within the bounds.
 */
export async function writeJournal(
  cluster: Cluster,
  journal: TopicPartition,
  identity: ProducerIdentity,
  entries: readonly JournalEntry[],
  bounds: CallBounds,
): Promise<void> {
  const now = cluster.settings.platform.clock.now();
  let sequence = 0;
  for (let next = 0; next < entries.length; ) {
    const builder = new RecordBatchBuilder();
    do {
      const { key, value } = entries[next++] as JournalEntry;
      builder.append(now, encodeJournalKey(key), value && encodeJournalChunk(value));
    } while (next < entries.length && builder.sizeInBytes < writeBytesMax);
    const batch = builder.build();
    adoptBatch(batch, identity.producerId, identity.epoch, sequence);
    sequence += builder.recordCount;
    await appendBatch(cluster, journal, batch, bounds);
  }
}
