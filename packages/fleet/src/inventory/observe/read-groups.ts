/** The groups that a broker coordinates: all about them from the one who knows, in batches. */
import { isMillraceError, messageOf } from '@millrace/base';
import type { Connection } from '@millrace/client/protocol';
import {
  consumerGroupDescribe,
  type DescribeGroupsResponse,
  decodeConsumerAssignment,
  describeGroups,
  errorRow,
  listGroups,
  offsetFetch,
} from '@millrace/wire';
import type { ObservedGroup, ObservedMember } from '../inventory.ts';

const describedMax = 100;
const offsetsOfMax = 50;
/** Later versions name topics by id. */
const offsetFetchVersionMax = 9;

interface Listed {
  readonly group: string;
  readonly protocolType: string;
  readonly state: string;
  readonly type: string;
}

type Described = Pick<ObservedGroup, 'protocol' | 'members' | 'state' | 'problem'>;

/** Rejects with the client's errors; what concerns one group alone is its `problem`. */
export async function readGroups(connection: Connection, nodeId: number, timeoutMs: number): Promise<ObservedGroup[]> {
  const response = await connection.request(listGroups, {}, { timeoutMs });
  if (response.errorCode !== 0) return [];
  const listed = response.groups.map(({ groupId, protocolType, groupState, groupType }) => ({
    group: groupId,
    protocolType,
    state: groupState,
    type: groupType.toLowerCase(),
  }));
  const [described, offsets] = await Promise.all([
    describeAll(connection, listed, timeoutMs),
    offsetsOf(connection, listed, timeoutMs),
  ]);
  return listed.map((group) => ({
    ...group,
    coordinator: nodeId,
    protocol: '',
    members: [],
    ...described.get(group.group),
    offsets: offsets.get(group.group) ?? new Map(),
  }));
}

async function describeAll(
  connection: Connection,
  listed: readonly Listed[],
  timeoutMs: number,
): Promise<Map<string, Described>> {
  const described = new Map<string, Described>();
  // Nobody is in an empty group.
  const open = listed.filter(({ state }) => state !== 'Empty' && state !== 'Dead');
  const newer = open.filter(({ type }) => type === 'consumer').map(({ group }) => group);
  const classic = open.filter(({ type }) => type === 'classic' || type === '').map(({ group }) => group);
  for (const groupIds of slices(newer, describedMax)) {
    const draft = { groupIds, includeAuthorizedOperations: false };
    const { groups } = await connection.request(consumerGroupDescribe, draft, { timeoutMs });
    for (const { groupId, errorCode, groupState, assignorName, members } of groups) {
      if (errorCode !== 0) described.set(groupId, failed(errorCode));
      else described.set(groupId, { state: groupState, protocol: assignorName, members: members.map(newerMember) });
    }
  }
  for (const groups of slices(classic, describedMax)) {
    const response = await connection.request(describeGroups, { groups }, { timeoutMs });
    for (const answer of response.groups) described.set(answer.groupId, classicGroup(answer));
  }
  return described;
}

type ClassicAnswer = DescribeGroupsResponse['groups'][number];

function classicGroup({ errorCode, groupState, protocolType, protocolData, members }: ClassicAnswer): Described {
  if (errorCode !== 0) return failed(errorCode);
  const problems: string[] = [];
  const described = members.map((member): ObservedMember => {
    const { memberId, groupInstanceId, clientId, clientHost, memberAssignment } = member;
    const assignment = new Map<string, readonly number[]>();
    try {
      if (protocolType === 'consumer' && memberAssignment.length > 0) {
        const { assignedPartitions } = decodeConsumerAssignment(memberAssignment);
        for (const { topic, partitions } of assignedPartitions) assignment.set(topic, partitions);
      }
    } catch (error) {
      // What a member's own assignor wrote need not be what consumers write.
      if (!isMillraceError(error)) throw error;
      problems.push(`the assignment of member ${memberId} can't be read: ${messageOf(error)}`);
    }
    return { memberId, instanceId: groupInstanceId, clientId, clientHost, assignment };
  });
  return { state: groupState, protocol: protocolData, members: described, problem: problems[0] };
}

function newerMember(member: {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly assignment: {
    readonly topicPartitions: readonly { readonly topicName: string; readonly partitions: readonly number[] }[];
  };
}): ObservedMember {
  const { memberId, instanceId, clientId, clientHost, assignment } = member;
  const byTopic = assignment.topicPartitions.map(({ topicName, partitions }) => [topicName, partitions] as const);
  return { memberId, instanceId, clientId, clientHost, assignment: new Map(byTopic) };
}

function failed(errorCode: number): Described {
  const { name, description } = errorRow(errorCode);
  return { state: '', protocol: '', members: [], problem: `${name}: ${description}` };
}

async function offsetsOf(
  connection: Connection,
  listed: readonly Listed[],
  timeoutMs: number,
): Promise<Map<string, ReadonlyMap<string, readonly number[]>>> {
  const offsets = new Map<string, ReadonlyMap<string, readonly number[]>>();
  const options = { timeoutMs, versionMax: offsetFetchVersionMax };
  const ids = listed.filter(({ type }) => type !== 'share').map(({ group }) => group);
  if (connection.version(offsetFetch, offsetFetchVersionMax) < 8) {
    for (const groupId of ids) {
      const answer = await connection.request(offsetFetch, { groupId, topics: null }, options);
      if (answer.errorCode === 0) offsets.set(groupId, committed(answer.topics));
    }
    return offsets;
  }
  for (const groupIds of slices(ids, offsetsOfMax)) {
    const groups = groupIds.map((groupId) => ({ groupId, topics: null }));
    const response = await connection.request(offsetFetch, { groups }, options);
    for (const { groupId, errorCode, topics } of response.groups) {
      if (errorCode === 0) offsets.set(groupId, committed(topics));
    }
  }
  return offsets;
}

function committed(
  topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly committedOffset: number;
      readonly errorCode: number;
    }[];
  }[],
): Map<string, number[]> {
  const byTopic = new Map<string, number[]>();
  for (const { name, partitions } of topics) {
    const offsets: number[] = [];
    for (const { partitionIndex, committedOffset, errorCode } of partitions) {
      if (errorCode !== 0 || committedOffset < 0 || partitionIndex < 0 || partitionIndex > 1_000_000) continue;
      while (offsets.length <= partitionIndex) offsets.push(-1);
      offsets[partitionIndex] = committedOffset;
    }
    if (offsets.length > 0) byTopic.set(name, offsets);
  }
  return byTopic;
}

export function* slices<T>(items: readonly T[], count: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += count) yield items.slice(at, at + count);
}
