/** TxnOffsetCommit's rules: which offsets a producer may commit for a group in its transaction (KIP-98, KIP-447). */
import { errorCodes, type ResponseDraft, type TxnOffsetCommitRequest, type txnOffsetCommit } from '@millrace/wire';
import type { GroupEnvironment } from './classic-group.ts';
import { ConsumerGroup } from './consumer/consumer-group.ts';
import { transactionalCommitErrorOf } from './consumer/offset-rules.ts';
import type { Group } from './group-directory.ts';
import { sortOffsets, storeOffsets } from './offset-commit.ts';
import type { TopicLookup } from './topic-lookup.ts';

type CommitAnswer = ResponseDraft<typeof txnOffsetCommit>;

/** The version of OffsetCommit whose form the offsets have: topics have names. */
const commitVersion = 9;

/** Answers once the offsets are stored, pending. `group` is undefined when there is none. */
export async function commitInTransaction(
  group: Group | undefined,
  request: TxnOffsetCommitRequest,
  topics: TopicLookup,
  environment: GroupEnvironment,
): Promise<CommitAnswer> {
  const { groupId, memberId, groupInstanceId, generationId: generationIdOrMemberEpoch, producerId } = request;
  const commit = {
    groupId,
    memberId,
    groupInstanceId,
    generationIdOrMemberEpoch,
    retentionTimeMs: -1,
    topics: request.topics.map((topic) => ({ ...topic, topicId: '' })),
  };
  const { accepted, errors } = sortOffsets(commit, commitVersion, topics, environment);
  let error = refusalOf(group, request);
  if (error === errorCodes.NONE && accepted.size > 0) {
    error = await storeOffsets(groupId, environment, (store) => store.commitPending(groupId, producerId, accepted));
  }
  return {
    topics: commit.topics.map((topic, index) => ({
      name: topic.name,
      partitions: topic.partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: errors[index]?.get(partition) || error,
      })),
    })),
  };
}

/** The answer for a request none of whose offsets can be stored. */
export function refusedInTransaction({ topics }: TxnOffsetCommitRequest, errorCode: number): CommitAnswer {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  };
}

/** The error that concerns the whole request, or 0. Producers from before KIP-447 name no member. */
function refusalOf(group: Group | undefined, request: TxnOffsetCommitRequest): number {
  const { generationId, memberId, groupInstanceId } = request;
  if (group === undefined) return generationId < 0 ? errorCodes.NONE : errorCodes.ILLEGAL_GENERATION;
  if (group instanceof ConsumerGroup) {
    return transactionalCommitErrorOf(group, { memberId, generationIdOrMemberEpoch: generationId });
  }
  if (generationId < 0 && (group.state === 'Empty' || (memberId === '' && groupInstanceId === null))) {
    return errorCodes.NONE;
  }
  const memberError = group.members.errorOf(memberId, groupInstanceId);
  if (memberError !== errorCodes.NONE) return memberError;
  return generationId === group.generation ? errorCodes.NONE : errorCodes.ILLEGAL_GENERATION;
}
