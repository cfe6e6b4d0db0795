/** Consumer groups of both protocols: list, describe, delete, remove members. */
import {
  type ConsumerGroupDescribeResponse,
  consumerGroupDescribe,
  type DescribeGroupsResponse,
  decodeConsumerAssignment,
  deleteGroups,
  describeGroups,
  errorCodes,
  leaveGroup,
  listGroups,
} from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import { type NeededAccess, operationsOf } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import { GroupCoordinator } from '../group-coordinator.ts';
import type { TopicPartition } from '../topic.ts';
import type {
  GroupDescription,
  GroupFilter,
  GroupListing,
  GroupMember,
  GroupMemberName,
  GroupName,
} from './group-admin.ts';
import { type ItemAnswer, itemResults } from './item-results.ts';
import { onEachBroker, throwIfFailed, throwIfRetriable } from './routes.ts';

type ClassicAnswer = DescribeGroupsResponse['groups'][number];
type ConsumerAnswer = ConsumerGroupDescribeResponse['groups'][number];
type Described = ItemAnswer & { readonly description?: GroupDescription };

const classicMemberType = 0;

export async function listAllGroups(
  cluster: Cluster,
  { states = [], types = [] }: GroupFilter,
  bounds: CallBounds,
): Promise<GroupListing[]> {
  const answers = await onEachBroker(cluster, bounds, async (connection, timeoutMs, nodeId) => {
    const draft = {
      ...(connection.supports(listGroups, 4) ? { statesFilter: states } : {}),
      ...(connection.supports(listGroups, 5) ? { typesFilter: types } : {}),
    };
    const response = await connection.request(listGroups, draft, { timeoutMs });
    throwIfFailed(response, `list the groups of broker ${nodeId}`);
    return response.groups;
  });
  return answers
    .flat()
    .map(({ groupId, protocolType, groupState, groupType }) => ({
      group: groupId,
      protocolType,
      state: groupState,
      type: groupType,
    }))
    .filter(({ state }) => states.length === 0 || state === '' || states.includes(state))
    .filter(({ type }) => types.length === 0 || type === '' || types.some((name) => name === type.toLowerCase()))
    .sort((left, right) => (left.group < right.group ? -1 : 1));
}

export async function describeSomeGroups(
  cluster: Cluster,
  groups: readonly string[],
  operations: boolean,
  bounds: CallBounds,
): Promise<ItemResult<GroupName, GroupDescription>[]> {
  const answers = await Promise.all(
    groups.map((group) => {
      const coordinator = new GroupCoordinator(cluster, group);
      return coordinator.call(bounds, async (connection, timeoutMs) => {
        const nodeId = coordinator.nodeId ?? -1;
        const answer =
          (await describeConsumerGroup(connection, group, nodeId, operations, timeoutMs)) ??
          (await describeClassicGroup(connection, group, nodeId, operations, timeoutMs));
        throwIfRetriable(answer, `describe group ${group}`);
        return answer;
      });
    }),
  );
  return itemResults(
    groups.map((group) => ({ group })),
    (_, place) => answers[place],
    ({ group }) => `describe group ${group}`,
    ({ description }) => description as GroupDescription,
    accessTo('describe'),
  );
}

/** Undefined when the group is of the classic protocol, or the broker knows no other. */
async function describeConsumerGroup(
  connection: Connection,
  group: string,
  coordinator: number,
  operations: boolean,
  timeoutMs: number,
): Promise<Described | undefined> {
  if (!connection.supports(consumerGroupDescribe, 0)) return undefined;
  const draft = { groupIds: [group], includeAuthorizedOperations: operations };
  const [answer] = (await connection.request(consumerGroupDescribe, draft, { timeoutMs })).groups;
  const { errorCode = errorCodes.UNKNOWN_SERVER_ERROR, errorMessage = null } = answer ?? {};
  if (errorCode === errorCodes.GROUP_ID_NOT_FOUND || errorCode === errorCodes.UNSUPPORTED_VERSION) return undefined;
  if (answer === undefined || errorCode !== 0) return { errorCode, errorMessage };
  const description: GroupDescription = {
    type: 'consumer',
    state: answer.groupState,
    protocolType: 'consumer',
    protocol: answer.assignorName,
    coordinator,
    members: answer.members.map(consumerMemberOf),
    epoch: answer.groupEpoch,
    assignmentEpoch: answer.assignmentEpoch,
    authorizedOperations: operationsOf(answer.authorizedOperations),
  };
  return { errorCode, description };
}

async function describeClassicGroup(
  connection: Connection,
  group: string,
  coordinator: number,
  operations: boolean,
  timeoutMs: number,
): Promise<Described> {
  const draft = { groups: [group], ...(operations ? { includeAuthorizedOperations: true } : {}) };
  const [answer] = (await connection.request(describeGroups, draft, { timeoutMs })).groups;
  if (answer === undefined) return { errorCode: errorCodes.UNKNOWN_SERVER_ERROR };
  const { errorCode, errorMessage, groupState, protocolType, protocolData, members } = answer;
  // Brokers before version 6 of the API answer for a group that does not exist as for a dead one.
  if (errorCode === 0 && groupState === 'Dead') return { errorCode: errorCodes.GROUP_ID_NOT_FOUND };
  const description: GroupDescription = {
    type: 'classic',
    state: groupState,
    protocolType,
    protocol: protocolData,
    coordinator,
    members: members.map((member) => classicMemberOf(member, protocolType)),
    authorizedOperations: operationsOf(answer.authorizedOperations),
  };
  return { errorCode, errorMessage, description };
}

function consumerMemberOf(member: ConsumerAnswer['members'][number]): GroupMember {
  const { memberId, instanceId, clientId, clientHost, memberType } = member;
  return {
    memberId,
    instanceId,
    clientId,
    clientHost,
    assignment: partitionsOf(member.assignment),
    consumer: {
      epoch: member.memberEpoch,
      rack: member.rackId,
      subscribedTopics: member.subscribedTopicNames,
      subscribedPattern: member.subscribedTopicRegex === '' ? null : member.subscribedTopicRegex,
      targetAssignment: partitionsOf(member.targetAssignment),
      classic: memberType < 0 ? undefined : memberType === classicMemberType,
    },
  };
}

function partitionsOf({ topicPartitions }: ConsumerAnswer['members'][number]['assignment']): TopicPartition[] {
  return topicPartitions.flatMap(({ topicName, partitions }) =>
    partitions.map((partition) => ({ topic: topicName, partition })),
  );
}

function classicMemberOf(member: ClassicAnswer['members'][number], protocolType: string): GroupMember {
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
        const [answer] = (await connection.request(deleteGroups, { groupsNames: [group] }, { timeoutMs })).results;
        if (answer !== undefined) throwIfRetriable(answer, `delete group ${group}`);
        return answer;
      }),
    ),
  );
  return itemResults(
    groups.map((group) => ({ group })),
    (_, place) => answers[place],
    ({ group }) => `delete group ${group}`,
    () => ({}),
    accessTo('delete'),
  );
}

export async function removeSomeMembers(
  cluster: Cluster,
  group: string,
  named: readonly GroupMemberName[] | undefined,
  reason: string | undefined,
  bounds: CallBounds,
): Promise<ItemResult<GroupMemberName>[]> {
  const names = named ?? (await membersOf(cluster, group, bounds));
  if (names.length === 0) return [];
  const members = names.map(({ memberId = '', instanceId = null }) => ({
    memberId,
    groupInstanceId: instanceId,
    reason: reason ?? 'removed by an admin',
  }));
  const action = `remove members of group ${group}`;
  const answers = await new GroupCoordinator(cluster, group).call(bounds, async (connection, timeoutMs) => {
    const draft = { groupId: group, members };
    const response = await connection.request(leaveGroup, draft, { timeoutMs });
    throwIfFailed(response, action, accessTo('read')({ group }));
    return response.members;
  });
  return itemResults(
    names,
    ({ memberId, instanceId }) =>
      answers.find((answer) =>
        instanceId === undefined ? answer.memberId === memberId : answer.groupInstanceId === instanceId,
      ),
    ({ memberId, instanceId }) => `remove member ${instanceId ?? memberId} of group ${group}`,
    () => ({}),
  );
}

async function membersOf(cluster: Cluster, group: string, bounds: CallBounds): Promise<GroupMemberName[]> {
  const [described] = await describeSomeGroups(cluster, [group], false, bounds);
  if (described?.error !== undefined) throw described.error;
  return (described?.members ?? []).map(({ memberId, instanceId }) =>
    instanceId === null ? { memberId } : { instanceId },
  );
}

function accessTo(operation: 'describe' | 'delete' | 'read'): (name: GroupName) => NeededAccess {
  return ({ group }) => ({ operation, resourceType: 'group', resourceName: group });
}
