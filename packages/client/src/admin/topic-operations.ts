/** Topics: list, describe, create, delete, add partitions, delete records. */
import {
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  errorCodes,
  KafkaError,
  type MetadataResponse,
} from '@millrace/wire';
import type {
  CreatedTopic,
  ItemResult,
  NewPartitions,
  NewTopic,
  TopicDescription,
  TopicListing,
  TopicName,
} from '../admin.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import { byTopic } from '../offset-queries.ts';
import { askLeaders } from '../partition-leaders.ts';
import type { TopicPartition, TopicPartitionOffset } from '../topic.ts';
import { itemResults, throwIfNotController } from './item-results.ts';

type TopicAnswer = MetadataResponse['topics'][number];

export async function listAllTopics(cluster: Cluster, internal: boolean, bounds: CallBounds): Promise<TopicListing[]> {
  const { topics } = await cluster.retrying(bounds, () => cluster.askMetadata(null, false));
  return topics
    .filter(({ errorCode, isInternal }) => errorCode === 0 && (internal || !isInternal))
    .map(({ name, topicId, isInternal, partitions }) => ({
      topic: name ?? '',
      topicId,
      internal: isInternal,
      partitionCount: partitions.length,
      replicationFactor: partitions[0]?.replicaNodes.length ?? 0,
    }))
    .sort((left, right) => (left.topic < right.topic ? -1 : 1));
}

export async function describeSomeTopics(
  cluster: Cluster,
  names: readonly string[],
  bounds: CallBounds,
): Promise<ItemResult<TopicName, TopicDescription>[]> {
  if (names.length === 0) return [];
  const response = await cluster.retrying(bounds, () => cluster.askMetadata(names, false));
  cluster.metadata.learn(response);
  return itemResults(
    names.map((topic) => ({ topic })),
    ({ topic }) => response.topics.find(({ name }) => name === topic),
    ({ topic }) => `describe topic ${topic}`,
    describeTopic,
  );
}

function describeTopic({ topicId, isInternal, partitions }: TopicAnswer): TopicDescription {
  return {
    topicId,
    internal: isInternal,
    partitions: partitions
      .map((partition) => ({
        partition: partition.partitionIndex,
        leader: partition.leaderId,
        leaderEpoch: partition.leaderEpoch,
        replicas: partition.replicaNodes,
        inSyncReplicas: partition.isrNodes,
        offlineReplicas: partition.offlineReplicas,
      }))
      .sort((left, right) => left.partition - right.partition),
  };
}

export async function createNewTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  validateOnly: boolean,
  bounds: CallBounds,
): Promise<ItemResult<TopicName, CreatedTopic>[]> {
  const draft = {
    topics: topics.map(({ topic, partitions, replicationFactor, assignment, configuration }) => ({
      name: topic,
      numPartitions: assignment === undefined ? (partitions ?? -1) : -1,
      replicationFactor: assignment === undefined ? (replicationFactor ?? -1) : -1,
      assignments: (assignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
      configs: Object.entries(configuration ?? {}).map(([name, value]) => ({ name, value })),
    })),
    validateOnly,
  };
  const answers = await onController(cluster, bounds, async (connection, timeoutMs) => {
    const response = await connection.request(createTopics, { ...draft, timeoutMs }, { timeoutMs });
    throwIfNotController(response.topics);
    return response.topics;
  });
  for (const { topic } of topics) cluster.metadata.forget(topic);
  return itemResults(
    topics.map(({ topic }) => ({ topic })),
    ({ topic }) => answers.find(({ name }) => name === topic),
    ({ topic }) => `create topic ${topic}`,
    ({ topicId, numPartitions, replicationFactor }) => ({ topicId, partitionCount: numPartitions, replicationFactor }),
  );
}

export async function deleteSomeTopics(
  cluster: Cluster,
  names: readonly string[],
  bounds: CallBounds,
): Promise<ItemResult<TopicName>[]> {
  const answers = await onController(cluster, bounds, async (connection, timeoutMs) => {
    const byId = connection.version(deleteTopics) >= 6;
    const draft = byId ? { topics: names.map((name) => ({ name })), timeoutMs } : { topicNames: names, timeoutMs };
    const { responses } = await connection.request(deleteTopics, draft, { timeoutMs });
    throwIfNotController(responses);
    return responses;
  });
  for (const name of names) cluster.metadata.forget(name);
  return itemResults(
    names.map((topic) => ({ topic })),
    ({ topic }) => answers.find(({ name }) => name === topic),
    ({ topic }) => `delete topic ${topic}`,
    () => ({}),
  );
}

export async function addPartitions(
  cluster: Cluster,
  topics: readonly NewPartitions[],
  validateOnly: boolean,
  bounds: CallBounds,
): Promise<ItemResult<TopicName>[]> {
  const draft = {
    topics: topics.map(({ topic, totalCount, assignment }) => ({
      name: topic,
      count: totalCount,
      assignments: assignment === undefined ? null : assignment.map((brokerIds) => ({ brokerIds })),
    })),
    validateOnly,
  };
  const answers = await onController(cluster, bounds, async (connection, timeoutMs) => {
    const { results } = await connection.request(createPartitions, { ...draft, timeoutMs }, { timeoutMs });
    throwIfNotController(results);
    return results;
  });
  for (const { topic } of topics) cluster.metadata.forget(topic);
  return itemResults(
    topics.map(({ topic }) => ({ topic })),
    ({ topic }) => answers.find(({ name }) => name === topic),
    ({ topic }) => `add partitions to topic ${topic}`,
    () => ({}),
  );
}

export async function deleteRecordsBefore(
  cluster: Cluster,
  before: readonly TopicPartitionOffset[],
  bounds: CallBounds,
): Promise<ItemResult<TopicPartition, { readonly lowWatermark: number }>[]> {
  const results = await askLeaders(cluster, 'delete records', before, bounds, async (connection, led, timeoutMs) => {
    const topics = byTopic(led, ({ partition, offset }) => ({ partitionIndex: partition, offset }));
    const draft = { topics: topics.map(([name, partitions]) => ({ name, partitions })), timeoutMs };
    const response = await connection.request(deleteRecords, draft, { timeoutMs });
    return response.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode, lowWatermark }) => ({
        topic: name,
        partition: partitionIndex,
        errorCode,
        value: lowWatermark,
      })),
    );
  });
  return before.map(({ topic, partition }, place) => {
    const result = results[place];
    if (result === undefined || result.error !== undefined) {
      const error = result?.error ?? new KafkaError(errorCodes.UNKNOWN_SERVER_ERROR, `delete records of ${topic}`);
      return { topic, partition, error };
    }
    return { topic, partition, lowWatermark: result.value };
  });
}

/** Calls the controller, another one if it has moved. */
export function onController<T>(
  cluster: Cluster,
  bounds: CallBounds,
  attempt: (connection: Connection, timeoutMs: number) => Promise<T>,
): Promise<T> {
  return cluster.retrying(bounds, async (remainingMs) => {
    try {
      const connection = await cluster.connectToController();
      return await attempt(connection, Math.min(remainingMs, cluster.settings.requestTimeoutMs));
    } catch (error) {
      cluster.forgetController();
      throw error;
    }
  });
}
