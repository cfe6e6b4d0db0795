/** Reassignments of partitions: alter, cancel, list; elections of leaders. */
import { alterPartitionReassignments, electLeaders, listPartitionReassignments } from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import type { NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { byTopic } from '../offset-queries.ts';
import type { TopicPartition } from '../topic.ts';
import { itemResults } from './item-results.ts';
import type { OngoingReassignment, PartitionReassignment } from './reassignment-admin.ts';
import { onController, throwIfFailed } from './routes.ts';

const electionIds = { preferred: 0, unclean: 1 } as const;
const altering: NeededAccess = { operation: 'alter', resourceType: 'cluster', resourceName: 'kafka-cluster' };

export async function reassignPartitions(
  cluster: Cluster,
  reassignments: readonly PartitionReassignment[],
  allowReplicationFactorChange: boolean,
  bounds: CallBounds,
): Promise<ItemResult<TopicPartition>[]> {
  const topics = byTopic(reassignments, ({ partition, replicas }) => ({ partitionIndex: partition, replicas }));
  const response = await onController(cluster, bounds, async (connection, timeoutMs) => {
    const draft = {
      timeoutMs,
      // Version 0 knows no such bound.
      ...(allowReplicationFactorChange ? {} : { allowReplicationFactorChange }),
      topics: topics.map(([name, partitions]) => ({ name, partitions })),
    };
    const answer = await connection.request(alterPartitionReassignments, draft, { timeoutMs });
    throwIfFailed(answer, 'reassign partitions', altering);
    return answer;
  });
  const answers = response.responses.flatMap(({ name, partitions }) =>
    partitions.map((answer) => ({ name, ...answer })),
  );
  return itemResults(
    reassignments.map(({ topic, partition }) => ({ topic, partition })),
    ({ topic, partition }) =>
      answers.find(({ name, partitionIndex }) => name === topic && partitionIndex === partition),
    ({ topic, partition }) => `reassign ${topic} [${partition}]`,
    () => ({}),
    () => altering,
  );
}

export async function listReassignments(
  cluster: Cluster,
  partitions: readonly TopicPartition[] | undefined,
  bounds: CallBounds,
): Promise<OngoingReassignment[]> {
  const topics = partitions && byTopic(partitions, ({ partition }) => partition);
  const response = await onController(cluster, bounds, async (connection, timeoutMs) => {
    const draft = {
      timeoutMs,
      topics: topics?.map(([name, partitionIndexes]) => ({ name, partitionIndexes })) ?? null,
    };
    const answer = await connection.request(listPartitionReassignments, draft, { timeoutMs });
    throwIfFailed(answer, 'list reassignments', { ...altering, operation: 'describe' });
    return answer;
  });
  return response.topics.flatMap(({ name, partitions: answers }) =>
    answers.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
      topic: name,
      partition: partitionIndex,
      replicas,
      addingReplicas,
      removingReplicas,
    })),
  );
}

export async function electSomeLeaders(
  cluster: Cluster,
  kind: 'preferred' | 'unclean',
  partitions: readonly TopicPartition[] | undefined,
  bounds: CallBounds,
): Promise<ItemResult<TopicPartition>[]> {
  const topics = partitions && byTopic(partitions, ({ partition }) => partition);
  const response = await onController(cluster, bounds, async (connection, timeoutMs) => {
    const draft = {
      // Version 0 knows no other.
      ...(kind === 'preferred' ? {} : { electionType: electionIds[kind] }),
      topicPartitions: topics?.map(([topic, indexes]) => ({ topic, partitions: indexes })) ?? null,
      timeoutMs,
    };
    const answer = await connection.request(electLeaders, draft, { timeoutMs });
    throwIfFailed(answer, 'elect leaders', altering);
    return answer;
  });
  const answers = response.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
    partitionResult.map((answer) => ({ topic, ...answer })),
  );
  return itemResults(
    partitions?.map(({ topic, partition }) => ({ topic, partition })) ??
      answers.map(({ topic, partitionId }) => ({ topic, partition: partitionId })),
    ({ topic, partition }) => answers.find((answer) => answer.topic === topic && answer.partitionId === partition),
    ({ topic, partition }) => `elect the ${kind} leader of ${topic} [${partition}]`,
    () => ({}),
    () => altering,
  );
}
