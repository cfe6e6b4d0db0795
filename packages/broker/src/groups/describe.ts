/** How DescribeGroups shows a group. */
import { type describeGroups, errorCodes, type ResponseDraft } from '@millrace/wire';
import { ClassicGroup } from './classic-group.ts';
import type { Group } from './group-directory.ts';
import { noBytes } from './group-member.ts';

type DescribedGroup = NonNullable<ResponseDraft<typeof describeGroups>['groups']>[number];

/** From this version on an absent group is an error; before, it is shown as dead. */
const groupIdNotFoundVersion = 6;

/** What members tell each other is shown only while they agree on it, that is in a stable group. */
export function describeGroup(groupId: string, group: Group | undefined, apiVersion: number): DescribedGroup {
  if (!(group instanceof ClassicGroup)) {
    if (apiVersion < groupIdNotFoundVersion) return undescribedGroup(groupId, errorCodes.NONE, null);
    const reason = group === undefined ? 'not found' : 'is not a classic group';
    return undescribedGroup(groupId, errorCodes.GROUP_ID_NOT_FOUND, `Group ${groupId} ${reason}.`);
  }
  const isStable = group.state === 'Stable';
  return {
    errorCode: errorCodes.NONE,
    groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocolName ?? '') : '',
    members: [...group.members.all()].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.facts.instanceId,
      clientId: member.facts.clientId,
      clientHost: member.facts.clientHost,
      memberMetadata: isStable ? member.metadata(group.protocolName) : noBytes,
      memberAssignment: member.assignment,
    })),
  };
}

/** A group of which nothing can be said here. */
export function undescribedGroup(groupId: string, errorCode: number, errorMessage: string | null): DescribedGroup {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: errorCode === errorCodes.NOT_COORDINATOR ? '' : 'Dead',
    protocolType: '',
    protocolData: '',
    members: [],
  };
}
