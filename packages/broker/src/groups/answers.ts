/** What members are answered. */
import { errorCodes } from '@millrace/wire';
import type { ClassicGroup } from './classic-group.ts';
import { type GroupMember, type JoinAnswer, noBytes, type SyncAnswer } from './group-member.ts';

/** Tells a member of the present generation; the leader gets all members, to assign to them. */
export function joinAnswer(group: ClassicGroup, member: GroupMember): JoinAnswer {
  return {
    errorCode: errorCodes.NONE,
    generationId: group.generation,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.members.leaderId ?? '',
    memberId: member.id,
    members: group.members.leads(member.id) ? membersForLeader(group) : [],
  };
}

/** A refused join. */
export function joinError(errorCode: number, memberId: string): JoinAnswer {
  return { errorCode, protocolName: null, leader: '', memberId, members: [] };
}

/** Tells a member what it is assigned. */
export function syncAnswer({ protocolType, protocolName }: ClassicGroup, { assignment }: GroupMember): SyncAnswer {
  return { errorCode: errorCodes.NONE, protocolType, protocolName, assignment };
}

/** A refused sync. */
export function syncError(errorCode: number): SyncAnswer {
  return { errorCode, assignment: noBytes };
}

function membersForLeader(group: ClassicGroup): JoinAnswer['members'] {
  return [...group.members.all()].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.facts.instanceId,
    metadata: member.metadata(group.protocolName),
  }));
}
