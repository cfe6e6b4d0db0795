/** Who a request of a consumer group names, how a new member begins, and why a request of a member is refused. */
import { randomUuidBytes } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import type { Refusal } from '../../storage-failure.ts';
import { noPartitions } from './assignment.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { ConsumerMember } from './consumer-member.ts';

/** A member that has not joined yet. */
export function blankMember(id: string, instanceId: string | null): ConsumerMember {
  return {
    id,
    instanceId,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    serverAssignor: null,
    topicNames: [],
    topicPattern: '',
    classic: null,
    epoch: 0,
    previousEpoch: -1,
    state: 'stable',
    assigned: noPartitions,
    revoking: noPartitions,
  };
}

/** The member with an instance id. */
export function staticMember(group: ConsumerGroup, instanceId: string): ConsumerMember | undefined {
  const id = group.state.idOfInstance(instanceId);
  return id === undefined ? undefined : group.state.members.get(id);
}

/** A random id in the form of Kafka's. */
export function newMemberId(group: ConsumerGroup): string {
  return Buffer.from(randomUuidBytes(group.environment.platform.randomness)).toString('base64url');
}

export function fullGroup(group: ConsumerGroup): Refusal {
  const { consumerMembersMax } = group.environment.settings;
  return {
    errorCode: errorCodes.GROUP_MAX_SIZE_REACHED,
    message: `The consumer group has reached its maximum capacity of ${consumerMembersMax} members.`,
  };
}

export function unknownMember(group: ConsumerGroup, memberId: string): Refusal {
  return {
    errorCode: errorCodes.UNKNOWN_MEMBER_ID,
    message: `Member ${memberId} is not a member of group ${group.id}.`,
  };
}

export function unknownInstance(instanceId: string): Refusal {
  return { errorCode: errorCodes.UNKNOWN_MEMBER_ID, message: `Instance id ${instanceId} is unknown.` };
}

export function fencedInstance(memberId: string, instanceId: string, byMemberId: string): Refusal {
  return {
    errorCode: errorCodes.FENCED_INSTANCE_ID,
    message: `Static member ${memberId} with instance id ${instanceId} was fenced by member ${byMemberId}.`,
  };
}
