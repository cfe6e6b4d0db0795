/** Which offset requests members of consumer groups may make (KIP-848): those of their present epoch. */
import { errorCodes, type OffsetCommitRequest, type OffsetFetchRequest } from '@millrace/wire';
import type { ConsumerGroup } from './consumer-group.ts';
import type { ConsumerMember } from './consumer-member.ts';

/** From this version of OffsetCommit on a member of the consumer protocol can be told that its epoch is stale. */
const staleEpochVersion = 9;

type Committer = Pick<OffsetCommitRequest, 'memberId' | 'generationIdOrMemberEpoch'>;

/** The error of a commit, or 0. Without an epoch it comes from an administrator, or a client that assigns itself. */
export function commitErrorOf(group: ConsumerGroup, committer: Committer, apiVersion: number): number {
  const { memberId, generationIdOrMemberEpoch: epoch } = committer;
  if (epoch < 0 && group.isEmpty) return errorCodes.NONE;
  const member = group.state.members.get(memberId);
  if (member === undefined) return errorCodes.UNKNOWN_MEMBER_ID;
  if (member.classic === null && apiVersion < staleEpochVersion) return errorCodes.UNSUPPORTED_VERSION;
  return epochErrorOf(member, epoch);
}

/** The error of a commit within a transaction, or 0: such a commit knows generations only. */
export function transactionalCommitErrorOf(group: ConsumerGroup, committer: Committer): number {
  const error = commitErrorOf(group, committer, staleEpochVersion);
  return error === errorCodes.STALE_MEMBER_EPOCH ? errorCodes.ILLEGAL_GENERATION : error;
}

/** The error of a fetch, or 0. Without a member it comes from an administrator, or an older client. */
export function fetchErrorOf(
  group: ConsumerGroup,
  { memberId, memberEpoch }: Pick<OffsetFetchRequest['groups'][number], 'memberId' | 'memberEpoch'>,
): number {
  if (memberId === null && memberEpoch < 0) return errorCodes.NONE;
  const member = group.state.members.get(memberId ?? '');
  return member === undefined ? errorCodes.UNKNOWN_MEMBER_ID : epochErrorOf(member, memberEpoch);
}

function epochErrorOf(member: ConsumerMember, epoch: number): number {
  if (epoch === member.epoch) return errorCodes.NONE;
  return member.classic === null ? errorCodes.STALE_MEMBER_EPOCH : errorCodes.ILLEGAL_GENERATION;
}
