/** Offsets that consumer groups have stored: fetch, set, delete. */
import { errorCodes, offsetCommit, offsetDelete } from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import { answerError, type NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { GroupCoordinator } from '../group-coordinator.ts';
import { byTopic, fetchStoredOffsets } from '../offset-queries.ts';
import type { TopicPartition, TopicPartitionOffset } from '../topic.ts';
import type { CommittedOffset } from './group-admin.ts';
import { type ItemAnswer, itemResults } from './item-results.ts';
import { throwIfFailed, throwIfRetriable } from './routes.ts';

/** Later versions name topics by id. */
const offsetCommitVersionMax = 9;

type PartitionAnswer = ItemAnswer & { readonly name: string; readonly partitionIndex: number };

export async function fetchGroupOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[] | null,
  bounds: CallBounds,
  requireStable = false,
): Promise<ItemResult<TopicPartition, Omit<CommittedOffset, keyof TopicPartition>>[]> {
  const stored = await fetchStoredOffsets(new GroupCoordinator(cluster, group), partitions, bounds, requireStable);
  return stored
    .filter(({ offset, errorCode }) => offset >= 0 || errorCode !== 0)
    .map(({ topic, partition, errorCode, offset, leaderEpoch, metadata }) => {
      if (errorCode === 0) return { topic, partition, offset, leaderEpoch, metadata };
      const action = `fetch the offset of group ${group} for ${topic} [${partition}]`;
      return { topic, partition, error: answerError(errorCode, action, null, describing(topic)) };
    });
}

export async function commitGroupOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly (TopicPartitionOffset & { readonly metadata?: string | undefined })[],
  bounds: CallBounds,
): Promise<ItemResult<TopicPartition>[]> {
  const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedMetadata: metadata ?? '',
  }));
  const draft = { groupId: group, topics: topics.map(([name, partitions]) => ({ name, partitions })) };
  const answers = await new GroupCoordinator(cluster, group).call(bounds, async (connection, timeoutMs) => {
    const response = await connection.request(offsetCommit, draft, { timeoutMs, versionMax: offsetCommitVersionMax });
    return settled(response.topics, `commit offsets of group ${group}`);
  });
  return offsetResults(offsets, answers, `commit the offset of group ${group} for`);
}

export async function deleteGroupOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[],
  bounds: CallBounds,
): Promise<ItemResult<TopicPartition>[]> {
  const topics = byTopic(partitions, ({ partition }) => ({ partitionIndex: partition }));
  const draft = { groupId: group, topics: topics.map(([name, indexes]) => ({ name, partitions: indexes })) };
  const answers = await new GroupCoordinator(cluster, group).call(bounds, async (connection, timeoutMs) => {
    const response = await connection.request(offsetDelete, draft, { timeoutMs });
    const action = `delete offsets of group ${group}`;
    throwIfFailed(response, action, { operation: 'delete', resourceType: 'group', resourceName: group });
    return settled(response.topics, action);
  });
  return offsetResults(partitions, answers, `delete the offset of group ${group} for`);
}

/** The answers for all partitions, unless one calls for another attempt. A topic that is unknown stays so. */
function settled(
  topics: readonly { readonly name: string; readonly partitions: readonly Omit<PartitionAnswer, 'name'>[] }[],
  action: string,
): PartitionAnswer[] {
  const flat = topics.flatMap(({ name, partitions }) => partitions.map((answer) => ({ name, ...answer })));
  for (const answer of flat) {
    if (answer.errorCode !== errorCodes.UNKNOWN_TOPIC_OR_PARTITION) throwIfRetriable(answer, action);
  }
  return flat;
}

function offsetResults(
  partitions: readonly TopicPartition[],
  answers: readonly PartitionAnswer[],
  action: string,
): ItemResult<TopicPartition>[] {
  return itemResults(
    partitions.map(({ topic, partition }) => ({ topic, partition })),
    ({ topic, partition }) =>
      answers.find(({ name, partitionIndex }) => name === topic && partitionIndex === partition),
    ({ topic, partition }) => `${action} ${topic} [${partition}]`,
    () => ({}),
    ({ topic }) => ({ ...describing(topic), operation: 'read' }),
  );
}

function describing(topic: string): NeededAccess {
  return { operation: 'describe', resourceType: 'topic', resourceName: topic };
}
