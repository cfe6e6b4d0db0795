/** The requests of a member of a classic group, each as one call that answers what matters or throws a `KafkaError`. */
import {
  type ConsumerSubscription,
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
  errorCodes,
  heartbeat,
  type JoinGroupResponse,
  joinGroup,
  leaveGroup,
  syncGroup,
} from '@millrace/wire';
import { answerError } from '../authorization.ts';
import type { Connection } from '../connection/connection.ts';
import { byTopic } from '../offset-queries.ts';
import type { TopicPartition } from '../topic.ts';
import type { Assignor, AssignorMember, GroupAssignment } from './assignors/assignor.ts';
import type { GroupSettings } from './consumer-settings.ts';

/** A member as its group knows it. */
export interface MemberIdentity {
  readonly memberId: string;
  readonly generationId: number;
}

export interface JoinRequest {
  readonly settings: GroupSettings;
  readonly memberId: string;
  /** Told of the member's id as soon as it is known, so that it can leave even before it has joined. */
  readonly named: (memberId: string) => void;
  /** The generation in which `owned` was owned; -1 for none. */
  readonly generationId: number;
  readonly assignors: readonly Assignor[];
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  readonly reason: string;
}

export interface JoinResult extends MemberIdentity {
  readonly protocol: string;
  readonly isLeader: boolean;
  /** The leader is to send no assignment: the old one still holds (a static member that came back). */
  readonly skipAssignment: boolean;
  /** All members, for the leader. */
  readonly members: readonly AssignorMember[];
}

/** A broker answers when all members have joined, or the rebalance timeout is over: this is how much later at most. */
const joinSlackMs = 5_000;

/** Joins. An answer that gives a new member its id (KIP-394) is followed by joining with it. */
export async function join(connection: Connection, request: JoinRequest): Promise<JoinResult> {
  const { settings, assignors, topics, owned, generationId } = request;
  const timeoutMs = settings.batchTimeoutMs + joinSlackMs;
  const protocols = assignors.map(({ name, isCooperative }) => ({
    name,
    metadata: encodeConsumerSubscription({
      topics: [...topics].sort(),
      ownedPartitions: byTopic(isCooperative ? owned : [], ({ partition }) => partition).map(([topic, partitions]) => ({
        topic,
        partitions,
      })),
      generationId: isCooperative ? generationId : -1,
      rackId: settings.rack === '' ? null : settings.rack,
    }),
  }));
  const ask = (memberId: string): Promise<JoinGroupResponse> =>
    connection.request(
      joinGroup,
      {
        groupId: settings.group,
        sessionTimeoutMs: settings.sessionTimeoutMs,
        rebalanceTimeoutMs: settings.batchTimeoutMs,
        memberId,
        // Left out where it is null, for brokers that know no static members.
        ...(settings.instanceId === null ? {} : { groupInstanceId: settings.instanceId }),
        protocolType: 'consumer',
        protocols,
        reason: request.reason,
      },
      { timeoutMs },
    );
  let response = await ask(request.memberId);
  if (response.errorCode === errorCodes.MEMBER_ID_REQUIRED) {
    request.named(response.memberId);
    response = await ask(response.memberId);
  }
  throwIfError(response.errorCode, settings, `join group ${settings.group}`);
  request.named(response.memberId);
  return {
    memberId: response.memberId,
    generationId: response.generationId,
    protocol: response.protocolName ?? '',
    isLeader: response.leader === response.memberId,
    skipAssignment: response.skipAssignment,
    members: response.members.map(({ memberId, groupInstanceId, metadata }) =>
      assignorMember(memberId, groupInstanceId, decodeConsumerSubscription(metadata)),
    ),
  };
}

function assignorMember(
  memberId: string,
  instanceId: string | null,
  subscription: ConsumerSubscription,
): AssignorMember {
  const { topics, ownedPartitions, generationId } = subscription;
  const owned = ownedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
  return { memberId, instanceId, topics, owned, generation: generationId };
}

/** Hands in the assignment (the leader's; empty of others) and answers this member's part. */
export async function sync(
  connection: Connection,
  settings: GroupSettings,
  joined: JoinResult,
  assignment: GroupAssignment,
): Promise<TopicPartition[]> {
  const assignments = [...assignment].map(([memberId, partitions]) => ({
    memberId,
    assignment: encodeConsumerAssignment({
      assignedPartitions: byTopic(partitions, ({ partition }) => partition).map(([topic, parts]) => ({
        topic,
        partitions: parts,
      })),
    }),
  }));
  const response = await connection.request(
    syncGroup,
    {
      groupId: settings.group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      ...(settings.instanceId === null ? {} : { groupInstanceId: settings.instanceId }),
      protocolType: 'consumer',
      protocolName: joined.protocol,
      assignments,
    },
    { timeoutMs: settings.batchTimeoutMs + joinSlackMs },
  );
  throwIfError(response.errorCode, settings, `get the assignment of group ${settings.group}`);
  if (response.assignment.length === 0) return [];
  return decodeConsumerAssignment(response.assignment).assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

/** Tells the coordinator that the member lives. */
export async function beat(connection: Connection, settings: GroupSettings, member: MemberIdentity): Promise<void> {
  const response = await connection.request(
    heartbeat,
    {
      groupId: settings.group,
      generationId: member.generationId,
      memberId: member.memberId,
      ...(settings.instanceId === null ? {} : { groupInstanceId: settings.instanceId }),
    },
    { timeoutMs: settings.sessionTimeoutMs },
  );
  throwIfError(response.errorCode, settings, `send a heartbeat to group ${settings.group}`);
}

/** Takes the member out of its group, so that the others need not wait for its session to end. */
export async function leave(
  connection: Connection,
  settings: GroupSettings,
  memberId: string,
  reason: string,
  timeoutMs: number,
): Promise<void> {
  const several = connection.version(leaveGroup) >= 3;
  const draft = several
    ? { groupId: settings.group, members: [{ memberId, reason }] }
    : { groupId: settings.group, memberId };
  const response = await connection.request(leaveGroup, draft, { timeoutMs });
  const errorCode = response.errorCode || (response.members[0]?.errorCode ?? 0);
  throwIfError(errorCode, settings, `leave group ${settings.group}`);
}

function throwIfError(errorCode: number, settings: GroupSettings, action: string): void {
  if (errorCode === 0) return;
  const offered = settings.assignors.join(', ');
  const detail =
    errorCode === errorCodes.INCONSISTENT_GROUP_PROTOCOL
      ? `this member offers ${offered}; give it an assignor that all members have, or another group`
      : undefined;
  throw answerError(errorCode, action, detail, {
    operation: 'read',
    resourceType: 'group',
    resourceName: settings.group,
  });
}
