/** OffsetCommit's rules: which offsets a group's member, or a client without membership, may store. */
import { messageOf } from '@millrace/base';
import {
  errorCodes,
  type OffsetCommitRequest,
  type offsetCommit as offsetCommitApi,
  type ResponseDraft,
} from '@millrace/wire';
import { JournalEntryTooLargeError } from '../journal/journal-error.ts';
import type { GroupEnvironment } from './classic-group.ts';
import { ConsumerGroup } from './consumer/consumer-group.ts';
import { commitErrorOf } from './consumer/offset-rules.ts';
import type { Group } from './group-directory.ts';
import type { CommittedOffset, GroupStore, OffsetMap } from './group-store.ts';
import type { TopicFacts, TopicLookup } from './topic-lookup.ts';

type RequestTopic = OffsetCommitRequest['topics'][number];
type RequestPartition = RequestTopic['partitions'][number];
type CommitAnswer = ResponseDraft<typeof offsetCommitApi>;

/** From this version on an absent group is told as such, and topics have ids instead of names, respectively. */
const groupIdNotFoundVersion = 9;
const topicIdVersion = 10;

/** Offsets sorted out: what can be stored, and the error of each partition by topic in the request's order. */
export interface SortedOffsets {
  readonly accepted: OffsetMap;
  readonly errors: readonly ReadonlyMap<RequestPartition, number>[];
}

/** Answers once the offsets are stored. `group` is undefined when there is none. */
export async function commitOffsets(
  group: Group | undefined,
  request: OffsetCommitRequest,
  apiVersion: number,
  topics: TopicLookup,
  environment: GroupEnvironment,
): Promise<CommitAnswer> {
  const refusal = refusalOf(group, request, apiVersion);
  if (refusal === errorCodes.NONE) hearOfCommitter(group, request.memberId);
  const sorted = sortOffsets(request, apiVersion, topics, environment);
  let error = refusal;
  if (error === errorCodes.NONE && sorted.accepted.size > 0) {
    error = await storeOffsets(request.groupId, environment, (store) => store.commit(request.groupId, sorted.accepted));
  }
  return {
    topics: request.topics.map((topic, index) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitions: topic.partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: sorted.errors[index]?.get(partition) || error,
      })),
    })),
  };
}

/** The error that concerns the whole request, or 0. */
function refusalOf(group: Group | undefined, request: OffsetCommitRequest, apiVersion: number): number {
  const { generationIdOrMemberEpoch: generation, memberId, groupInstanceId } = request;
  if (group === undefined) {
    // Without a generation it comes from an administrator, or a consumer that assigns itself.
    if (generation < 0) return errorCodes.NONE;
    return apiVersion >= groupIdNotFoundVersion ? errorCodes.GROUP_ID_NOT_FOUND : errorCodes.ILLEGAL_GENERATION;
  }
  if (group instanceof ConsumerGroup) return commitErrorOf(group, request, apiVersion);
  if (generation < 0 && group.state === 'Empty') return errorCodes.NONE;
  if (generation < 0 && memberId === '' && groupInstanceId === null) return errorCodes.UNKNOWN_MEMBER_ID;
  const memberError = group.members.errorOf(memberId, groupInstanceId);
  if (memberError !== errorCodes.NONE) return memberError;
  if (generation !== group.generation) return errorCodes.ILLEGAL_GENERATION;
  return group.state === 'CompletingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : errorCodes.NONE;
}

/** A commit keeps the session alive: that of a member of a classic group. */
function hearOfCommitter(group: Group | undefined, memberId: string): void {
  if (group === undefined || group instanceof ConsumerGroup) return;
  const member = group.members.get(memberId);
  if (member !== undefined) group.hearOf(member);
}

/** Which of a request's offsets can be stored, and why not the others. */
export function sortOffsets(
  request: OffsetCommitRequest,
  apiVersion: number,
  topics: TopicLookup,
  { platform, settings }: GroupEnvironment,
): SortedOffsets {
  const accepted: OffsetMap = new Map();
  const committedAt = platform.clock.now();
  const expiresAt = request.retentionTimeMs < 0 ? undefined : committedAt + request.retentionTimeMs;
  const errors = request.topics.map((topic) => {
    const found = apiVersion >= topicIdVersion ? topics.byId(topic.topicId) : topics.byName(topic.name);
    const ofTopic = new Map<RequestPartition, number>();
    const offsets = new Map<number, CommittedOffset>();
    for (const partition of topic.partitions) {
      const { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch } = partition;
      const metadata = partition.committedMetadata ?? '';
      const error = errorOf(found, partitionIndex, metadata, apiVersion, settings.offsetMetadataLengthMax);
      if (error === errorCodes.NONE)
        offsets.set(partitionIndex, { offset, leaderEpoch, metadata, committedAt, expiresAt });
      else ofTopic.set(partition, error);
    }
    if (found !== undefined && offsets.size > 0) accepted.set(found.name, merged(accepted.get(found.name), offsets));
    return ofTopic;
  });
  return { accepted, errors };
}

/** A request may name a topic twice. */
function merged(
  before: Map<number, CommittedOffset> | undefined,
  offsets: Map<number, CommittedOffset>,
): Map<number, CommittedOffset> {
  return before === undefined ? offsets : new Map([...before, ...offsets]);
}

function errorOf(
  topic: TopicFacts | undefined,
  partition: number,
  metadata: string,
  apiVersion: number,
  metadataLengthMax: number,
): number {
  if (topic === undefined) {
    return apiVersion >= topicIdVersion ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  }
  if (partition < 0 || partition >= topic.partitions.length) return errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  return metadata.length > metadataLengthMax ? errorCodes.OFFSET_METADATA_TOO_LARGE : errorCodes.NONE;
}

/** Answers the error code for offsets that could not be stored, or 0. */
export async function storeOffsets(
  groupId: string,
  environment: GroupEnvironment,
  change: (store: GroupStore) => Promise<void>,
): Promise<number> {
  const { store, report } = environment;
  try {
    await change(store);
    return errorCodes.NONE;
  } catch (error) {
    if (error instanceof JournalEntryTooLargeError) return errorCodes.INVALID_COMMIT_OFFSET_SIZE;
    report({ level: 'error', message: `could not store offsets of group ${groupId}: ${messageOf(error)}` });
    return errorCodes.COORDINATOR_NOT_AVAILABLE;
  }
}
