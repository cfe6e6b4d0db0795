/** Writes entries into the journal of a shard that was just taken over, in the place of a worker. */
import type { TopicPartition } from '@millrace/client';
import { answerError, type CallBounds, type Cluster, type ProducerIdentity } from '@millrace/client/protocol';
import { errorCodes, KafkaError, produce, RecordBatchBuilder } from '@millrace/wire';
import { adoptBatch } from '../batches/adopt-batch.ts';
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
/** From version 13 on topics are named by id. */
const produceVersionMax = 12;

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
    await append(cluster, journal, batch, bounds);
  }
}

/** A try that is repeated sends the same bytes, which the broker knows again. */
function append(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  records: Uint8Array,
  bounds: CallBounds,
): Promise<void> {
  return cluster.retrying(bounds, async (remainingMs) => {
    const { partitions } = await cluster.metadata.topic(topic, false, bounds);
    const leader = partitions[partition]?.leader ?? -1;
    const action = `write to ${topic} [${partition}]`;
    if (leader < 0) throw new KafkaError(errorCodes.LEADER_NOT_AVAILABLE, action);
    const connection = await cluster.pool.connect(leader);
    const timeoutMs = Math.min(remainingMs, cluster.settings.requestTimeoutMs);
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
    const draft = { acks: -1, timeoutMs, topicData };
    const { responses } = await connection.request(produce, draft, { timeoutMs, versionMax: produceVersionMax });
    const errorCode = responses[0]?.partitionResponses[0]?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
    if (errorCode === 0 || errorCode === errorCodes.DUPLICATE_SEQUENCE_NUMBER) return;
    await cluster.metadata.refresh([topic]);
    const needed = { operation: 'write', resourceType: 'topic', resourceName: topic } as const;
    throw answerError(errorCode, action, undefined, needed);
  });
}
