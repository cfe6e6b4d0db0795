/** Describes topics, page by page where the broker can (KIP-966), else all at once. */
import { type DescribeTopicPartitionsResponse, describeTopicPartitions, type MetadataResponse } from '@millrace/wire';
import type { ItemResult, PartitionDescription, TopicDescription, TopicName } from '../admin.ts';
import { type NeededAccess, operationsOf } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import { itemResults } from './item-results.ts';
import { onAny } from './routes.ts';

type PagedTopic = DescribeTopicPartitionsResponse['topics'][number];
type WholeTopic = MetadataResponse['topics'][number];

interface Answer {
  readonly name: string | null;
  readonly errorCode: number;
  readonly description: TopicDescription;
}

export async function describeSomeTopics(
  cluster: Cluster,
  names: readonly string[],
  bounds: CallBounds,
): Promise<ItemResult<TopicName, TopicDescription>[]> {
  if (names.length === 0) return [];
  const answers = await onAny(cluster, bounds, async (connection, timeoutMs) => {
    if (connection.supports(describeTopicPartitions, 0)) return describeByPages(connection, names, timeoutMs);
    const response = await cluster.askMetadata(names, false);
    cluster.metadata.learn(response);
    return response.topics.map(wholeTopic);
  });
  return itemResults(
    names.map((topic) => ({ topic })),
    ({ topic }) => answers.find(({ name }) => name === topic),
    ({ topic }) => `describe topic ${topic}`,
    ({ description }) => description,
    ({ topic }): NeededAccess => ({ operation: 'describe', resourceType: 'topic', resourceName: topic }),
  );
}

async function describeByPages(connection: Connection, names: readonly string[], timeoutMs: number): Promise<Answer[]> {
  const pages: PagedTopic[] = [];
  const topics = [...new Set(names)].map((name) => ({ name }));
  let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null;
  do {
    const response: DescribeTopicPartitionsResponse = await connection.request(
      describeTopicPartitions,
      { topics, cursor },
      { timeoutMs },
    );
    pages.push(...response.topics);
    const next = response.nextCursor;
    // A broker that does not move on would keep us here for ever.
    cursor = isSame(next, cursor) ? null : next;
  } while (cursor !== null);
  return [...Map.groupBy(pages, ({ name }) => name).values()].map(joinedTopic);
}

function isSame(
  left: DescribeTopicPartitionsResponse['nextCursor'],
  right: DescribeTopicPartitionsResponse['nextCursor'],
): boolean {
  return left?.topicName === right?.topicName && left?.partitionIndex === right?.partitionIndex;
}

/** A topic whose partitions may have come on several pages. */
function joinedTopic(parts: readonly PagedTopic[]): Answer {
  const first = parts[0] as PagedTopic;
  const partitions = parts.flatMap((part) =>
    part.partitions.map((partition) => ({
      ...partitionOf(partition),
      eligibleLeaderReplicas: partition.eligibleLeaderReplicas ?? [],
      lastKnownEligibleLeaderReplicas: partition.lastKnownElr ?? [],
    })),
  );
  const description = {
    topicId: first.topicId,
    internal: first.isInternal,
    partitions: inOrder(partitions),
    authorizedOperations: operationsOf(first.topicAuthorizedOperations),
  };
  return { name: first.name, errorCode: first.errorCode, description };
}

function wholeTopic({ name, errorCode, topicId, isInternal, partitions }: WholeTopic): Answer {
  const description = { topicId, internal: isInternal, partitions: inOrder(partitions.map(partitionOf)) };
  return { name, errorCode, description };
}

function partitionOf(
  partition: Pick<
    WholeTopic['partitions'][number],
    'partitionIndex' | 'leaderId' | 'leaderEpoch' | 'replicaNodes' | 'isrNodes' | 'offlineReplicas'
  >,
): PartitionDescription {
  return {
    partition: partition.partitionIndex,
    leader: partition.leaderId,
    leaderEpoch: partition.leaderEpoch,
    replicas: partition.replicaNodes,
    inSyncReplicas: partition.isrNodes,
    offlineReplicas: partition.offlineReplicas,
  };
}

function inOrder(partitions: PartitionDescription[]): PartitionDescription[] {
  return partitions.sort((left, right) => left.partition - right.partition);
}
