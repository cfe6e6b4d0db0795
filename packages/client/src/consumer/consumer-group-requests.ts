/** The one request of members of a group that its coordinator balances (KIP-848). Throws `KafkaError`. */
import { consumerGroupHeartbeat, errorCodes } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import type { Connection } from '../connection/connection.ts';
import { UnsupportedApiError } from '../errors.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import type { GroupSettings } from './consumer-settings.ts';
import { brokerPattern } from './subscription.ts';

/** Member epochs that say goodbye: for ever, or of a static member that may come back. */
const leaves = -1;
const leavesForNow = -2;

/** Of members: the group has others now, or has been forgotten when it had none. */
const expulsions: ReadonlySet<number> = new Set([
  errorCodes.UNKNOWN_MEMBER_ID,
  errorCodes.FENCED_MEMBER_EPOCH,
  errorCodes.GROUP_ID_NOT_FOUND,
]);

/** Whether a heartbeat's error tells a member that it is none any more. */
export function isExpulsion(errorCode: number): boolean {
  return expulsions.has(errorCode);
}

export interface GroupHeartbeat {
  readonly settings: GroupSettings;
  readonly memberId: string;
  /** 0 to join. */
  readonly epoch: number;
  readonly topics: readonly string[];
  /** Tells everything, not only what may have changed. */
  readonly isFull: boolean;
  /** Undefined where it has not changed since it was told. */
  readonly owned: readonly AssignedPartition[] | undefined;
}

export interface HeartbeatAnswer {
  readonly memberId: string | null;
  readonly epoch: number;
  readonly intervalMs: number;
  /** What the member should own; undefined when that has not changed. */
  readonly assignment: readonly { readonly topicId: string; readonly partitions: readonly number[] }[] | undefined;
}

/** A coordinator that asks for more heartbeats does not get them. */
const intervalMsMin = 10;

export async function heartbeatGroup(connection: Connection, beat: GroupHeartbeat): Promise<HeartbeatAnswer> {
  const { settings, memberId, epoch, owned } = beat;
  const { group, instanceId, topicPattern } = settings;
  const version = connection.version(consumerGroupHeartbeat);
  if (topicPattern !== undefined && version < 1) {
    throw new UnsupportedApiError('topic patterns', connection.broker, "; leave out protocol: 'consumer'");
  }
  const draft = {
    groupId: group,
    // In version 0 the coordinator names a member when it joins.
    memberId: version === 0 && epoch === 0 ? '' : memberId,
    memberEpoch: epoch,
    instanceId,
    ...(beat.isFull ? subscriptionOf(beat) : {}),
    ...(owned === undefined ? {} : { topicPartitions: byTopicId(owned) }),
  };
  const response = await connection.request(consumerGroupHeartbeat, draft);
  throwIfError(response, `send a heartbeat to group ${group}`);
  return {
    memberId: response.memberId,
    epoch: response.memberEpoch,
    intervalMs: Math.max(intervalMsMin, response.heartbeatIntervalMs),
    assignment: response.assignment?.topicPartitions,
  };
}

/** Takes the member out of its group; a static one may come back within its session. */
export async function leaveGroup(
  connection: Connection,
  { group, instanceId }: GroupSettings,
  memberId: string,
  timeoutMs: number,
): Promise<void> {
  const memberEpoch = instanceId === null ? leaves : leavesForNow;
  const response = await connection.request(
    consumerGroupHeartbeat,
    { groupId: group, memberId, memberEpoch, instanceId },
    { timeoutMs },
  );
  // Who is out already need not leave.
  if (response.errorCode === errorCodes.UNKNOWN_MEMBER_ID) return;
  throwIfError(response, `leave group ${group}`);
}

function subscriptionOf({ settings, topics }: GroupHeartbeat): {
  rackId: string | null;
  rebalanceTimeoutMs: number;
  subscribedTopicNames: readonly string[];
  subscribedTopicRegex?: string;
  serverAssignor: string | null;
} {
  const { topicPattern, rack, batchTimeoutMs, serverAssignor } = settings;
  return {
    rackId: rack === '' ? null : rack,
    rebalanceTimeoutMs: batchTimeoutMs,
    subscribedTopicNames: topics,
    ...(topicPattern === undefined ? {} : { subscribedTopicRegex: brokerPattern(topicPattern) }),
    serverAssignor,
  };
}

function byTopicId(partitions: readonly AssignedPartition[]): { topicId: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const { topicId, partition } of partitions) {
    const parts = topics.get(topicId);
    if (parts === undefined) topics.set(topicId, [partition]);
    else parts.push(partition);
  }
  return [...topics].map(([topicId, parts]) => ({ topicId, partitions: parts }));
}

function throwIfError(response: { readonly errorCode: number; readonly errorMessage: string | null }, action: string) {
  if (response.errorCode !== 0) throw answerError(response.errorCode, action, response.errorMessage);
}
