/** Appends one batch to a partition, besides what workers copy. */
import type { TopicPartition } from '@millrace/client';
import { answerError, type CallBounds, type Cluster } from '@millrace/client/protocol';
import { errorCodes, KafkaError, produce } from '@millrace/wire';

/** From version 13 on topics are named by id. */
const produceVersionMax = 12;

/**
 * Resolves when it is stored by all in-sync replicas. A try that is repeated sends the same bytes: a batch with a
 * producer is known again by the broker, another one may be there twice. Rejects with `KafkaError`, or a retriable
 * error within the bounds.
 */
export function appendBatch(
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
