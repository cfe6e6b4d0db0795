/** Topics: list, create, delete, add partitions, delete records. */
import { createPartitions, createTopics, deleteRecords, deleteTopics, errorCodes, KafkaError } from '@millrace/wire';
import type { CreatedTopic, ItemResult, NewPartitions, NewTopic, TopicListing, TopicName } from '../admin.ts';
import type { AclOperation, NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { byTopic } from '../offset-queries.ts';
import { askLeaders } from '../partition-leaders.ts';
import type { TopicPartition, TopicPartitionOffset } from '../topic.ts';
import { itemResults } from './item-results.ts';
import { askInRounds } from './item-rounds.ts';

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

export async function createNewTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  validateOnly: boolean,
  bounds: CallBounds,
): Promise<ItemResult<TopicName, CreatedTopic>[]> {
  const answers = await askInRounds(cluster, bounds, topics, topicOf, async (open, connection, timeoutMs) => {
    const draft = { topics: open.map(newTopicDraft), validateOnly, timeoutMs };
    const response = await connection.request(createTopics, draft, { timeoutMs });
    return response.topics.map((answer) => [answer.name, answer] as const);
  });
  for (const { topic } of topics) cluster.metadata.forget(topic);
  return itemResults(
    topics.map(({ topic }) => ({ topic })),
    ({ topic }) => answers.get(topic),
    ({ topic }) => `create topic ${topic}`,
    ({ topicId, numPartitions, replicationFactor }) => ({ topicId, partitionCount: numPartitions, replicationFactor }),
    accessTo('create'),
  );
}

function newTopicDraft({ topic, partitions, replicationFactor, assignment, configuration }: NewTopic) {
  return {
    name: topic,
    numPartitions: assignment === undefined ? (partitions ?? -1) : -1,
    replicationFactor: assignment === undefined ? (replicationFactor ?? -1) : -1,
    assignments: (assignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: Object.entries(configuration ?? {}).map(([name, value]) => ({ name, value })),
  };
}

export async function deleteSomeTopics(
  cluster: Cluster,
  names: readonly string[],
  bounds: CallBounds,
): Promise<ItemResult<TopicName>[]> {
  const topics = names.map((topic) => ({ topic }));
  const answers = await askInRounds(cluster, bounds, topics, topicOf, async (open, connection, timeoutMs) => {
    const byId = connection.version(deleteTopics) >= 6;
    const draft = byId
      ? { topics: open.map(({ topic }) => ({ name: topic })), timeoutMs }
      : { topicNames: open.map(topicOf), timeoutMs };
    const { responses } = await connection.request(deleteTopics, draft, { timeoutMs });
    return responses.map((answer) => [answer.name ?? '', answer] as const);
  });
  for (const name of names) cluster.metadata.forget(name);
  return itemResults(
    topics,
    ({ topic }) => answers.get(topic),
    ({ topic }) => `delete topic ${topic}`,
    () => ({}),
    accessTo('delete'),
  );
}

export async function addPartitions(
  cluster: Cluster,
  topics: readonly NewPartitions[],
  validateOnly: boolean,
  bounds: CallBounds,
): Promise<ItemResult<TopicName>[]> {
  const answers = await askInRounds(cluster, bounds, topics, topicOf, async (open, connection, timeoutMs) => {
    const drafts = open.map(({ topic, totalCount, assignment }) => ({
      name: topic,
      count: totalCount,
      assignments: assignment === undefined ? null : assignment.map((brokerIds) => ({ brokerIds })),
    }));
    const draft = { topics: drafts, validateOnly, timeoutMs };
    const { results } = await connection.request(createPartitions, draft, { timeoutMs });
    return results.map((answer) => [answer.name, answer] as const);
  });
  for (const { topic } of topics) cluster.metadata.forget(topic);
  return itemResults(
    topics.map(({ topic }) => ({ topic })),
    ({ topic }) => answers.get(topic),
    ({ topic }) => `add partitions to topic ${topic}`,
    () => ({}),
    accessTo('alter'),
  );
}

function topicOf({ topic }: TopicName): string {
  return topic;
}

function accessTo(operation: AclOperation): (name: TopicName) => NeededAccess {
  return ({ topic }) => ({ operation, resourceType: 'topic', resourceName: topic });
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
