/** LeaveGroup's rules: several members at once, static ones by their instance id alone if an operator removes them. */
import {
  errorCodes,
  type LeaveGroupRequest,
  type leaveGroup as leaveGroupApi,
  type ResponseDraft,
} from '@millrace/wire';
import type { ClassicGroup } from './classic-group.ts';

type LeavingMember = LeaveGroupRequest['members'][number];
type LeaveAnswer = NonNullable<ResponseDraft<typeof leaveGroupApi>['members']>;

/** Takes members out; those who remain rebalance once. Answers for each member, in order. */
export function leaveGroup(group: ClassicGroup, leaving: readonly LeavingMember[]): LeaveAnswer {
  const answers = leaving.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    errorCode: removeOne(group, member),
  }));
  if (answers.every(({ errorCode }) => errorCode !== errorCodes.NONE)) return answers;
  if (group.state === 'Stable' || group.state === 'CompletingRebalance') group.prepareRebalance();
  else group.completeJoinWhenReady();
  return answers;
}

function removeOne(group: ClassicGroup, { memberId, groupInstanceId }: LeavingMember): number {
  const id = memberId === '' ? idOfInstance(group, groupInstanceId) : memberId;
  if (id === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
  const error = group.members.isPending(id) ? errorCodes.NONE : group.members.errorOf(id, groupInstanceId);
  if (error === errorCodes.NONE) group.removeMember(id);
  return error;
}

function idOfInstance(group: ClassicGroup, instanceId: string | null): string | undefined {
  return instanceId === null ? undefined : group.members.idOfInstance(instanceId);
}
