/** Consumer groups: list, describe, delete, and their offsets. */
import {
  type DescribeGroupsResponse,
  decodeConsumerAssignment,
  deleteGroups,
  describeGroups,
  errorCodes,
  errorRow,
  KafkaError,
  listGroups,
  offsetCommit,
} from '@millrace/wire';
import type { CommittedOffset, GroupDescription, GroupListing, GroupMember, GroupName, ItemResult } from '../admin.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { GroupCoordinator } from '../group-coordinator.ts';
import { byTopic, fetchStoredOffsets } from '../offset-queries.ts';
import type { TopicPartition, TopicPartitionOffset } from '../topic.ts';
import { itemResults } from './item-results.ts';

type GroupAnswer = DescribeGroupsResponse['groups'][number];

export async function listAllGroups(
  cluster: Cluster,
  states: readonly string[],
  bounds: CallBounds,
): Promise<GroupListing[]> {
  await cluster.retrying(bounds, () => cluster.askMetadata([], false));
  const answers = await Promise.all(
    cluster.pool.nodes.map(({ nodeId }) =>
      cluster.retrying(bounds, async (remainingMs) => {
        const connection = await cluster.pool.connect(nodeId);
        const draft = connection.supports(listGroups, 4) ? { statesFilter: states } : {};
        const options = { timeoutMs: Math.min(remainingMs, cluster.settings.requestTimeoutMs) };
        const response = await connection.request(listGroups, draft, options);
        if (response.errorCode !== 0) throw new KafkaError(response.errorCode, `list the groups of broker ${nodeId}`);
        return response.groups;
      }),
    ),
  );
  return answers
    .flat()
    .map(({ groupId, protocolType, groupState, groupType }) => ({
      group: groupId,
      protocolType,
      state: groupState,
      type: groupType,
    }))
    .filter(({ state }) => states.length === 0 || state === '' || states.includes(state))
    .sort((left, right) => (left.group < right.group ? -1 : 1));
}

export async function describeSomeGroups(
  cluster: Cluster,
  groups: readonly string[],
  bounds: CallBounds,
): Promise<ItemResult<GroupName, GroupDescription>[]> {
  const answers = await Promise.all(
    groups.map((group) => {
      const coordinator = new GroupCoordinator(cluster, group);
      return coordinator.call(bounds, async (connection, timeoutMs) => {
        const response = await connection.request(describeGroups, { groups: [group] }, { timeoutMs });
        const answer = response.groups[0];
        throwIfRetriable(answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR, `describe group ${group}`);
        return {
          coordinator: coordinator.nodeId ?? -1,
          ...(answer as GroupAnswer),
          ...existing(answer as GroupAnswer),
        };
      });
    }),
  );
  return itemResults(
    groups.map((group) => ({ group })),
    ({ group }) => answers.find(({ groupId }) => groupId === group),
    ({ group }) => `describe group ${group}`,
    ({ groupState, protocolType, protocolData, coordinator, members }) => ({
      state: groupState,
      protocolType,
      protocol: protocolData,
      coordinator,
      members: members.map((member) => memberOf(member, protocolType)),
    }),
  );
}

/** Brokers before version 6 of the API answer for a group that does not exist as for a dead one. */
function existing({ errorCode, groupState }: GroupAnswer): { readonly errorCode: number } {
  return { errorCode: errorCode === 0 && groupState === 'Dead' ? errorCodes.GROUP_ID_NOT_FOUND : errorCode };
}

function memberOf(member: GroupAnswer['members'][number], protocolType: string): GroupMember {
  const { memberId, groupInstanceId, clientId, clientHost, memberAssignment } = member;
  const isConsumer = protocolType === 'consumer' && memberAssignment.length > 0;
  const assigned = isConsumer ? decodeConsumerAssignment(memberAssignment).assignedPartitions : [];
  const assignment = assigned.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  return { memberId, instanceId: groupInstanceId, clientId, clientHost, assignment };
}

export async function deleteSomeGroups(
  cluster: Cluster,
  groups: readonly string[],
  bounds: CallBounds,
): Promise<ItemResult<GroupName>[]> {
  const answers = await Promise.all(
    groups.map((group) =>
      new GroupCoordinator(cluster, group).call(bounds, async (connection, timeoutMs) => {
        const { results } = await connection.request(deleteGroups, { groupsNames: [group] }, { timeoutMs });
        throwIfRetriable(results[0]?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR, `delete group ${group}`);
        return results;
      }),
    ),
  );
  const all = answers.flat();
  return itemResults(
    groups.map((group) => ({ group })),
    ({ group }) => all.find(({ groupId }) => groupId === group),
    ({ group }) => `delete group ${group}`,
    () => ({}),
  );
}

export async function fetchGroupOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[] | null,
  bounds: CallBounds,
): Promise<ItemResult<TopicPartition, Omit<CommittedOffset, keyof TopicPartition>>[]> {
  const stored = await fetchStoredOffsets(new GroupCoordinator(cluster, group), partitions, bounds);
  return stored
    .filter(({ offset, errorCode }) => offset >= 0 || errorCode !== 0)
    .map(({ topic, partition, errorCode, offset, leaderEpoch, metadata }) => {
      if (errorCode === 0) return { topic, partition, offset, leaderEpoch, metadata };
      const action = `fetch the offset of group ${group} for ${topic} [${partition}]`;
      return { topic, partition, error: new KafkaError(errorCode, action) };
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
    const response = await connection.request(offsetCommit, draft, { timeoutMs, versionMax: 9 });
    const flat = response.topics.flatMap(({ name, partitions }) => partitions.map((answer) => ({ name, ...answer })));
    for (const { errorCode } of flat) throwIfRetriable(errorCode, `commit offsets of group ${group}`);
    return flat;
  });
  return itemResults(
    offsets.map(({ topic, partition }) => ({ topic, partition })),
    ({ topic, partition }) =>
      answers.find(({ name, partitionIndex }) => name === topic && partitionIndex === partition),
    ({ topic, partition }) => `commit the offset of group ${group} for ${topic} [${partition}]`,
    () => ({}),
  );
}

/** Errors that another attempt may cure end the attempt; the others are results. */
function throwIfRetriable(errorCode: number, action: string): void {
  if (errorCode !== errorCodes.UNKNOWN_TOPIC_OR_PARTITION && errorRow(errorCode).retriable) {
    throw new KafkaError(errorCode, action);
  }
}
