/** OffsetFetch's rules: stored offsets of the partitions asked for, or of all that have one. */
import { errorCodes, type OffsetFetchRequest, type offsetFetch, type ResponseDraft } from '@millrace/wire';
import type { CommittedOffset, GroupStore } from './group-store.ts';
import type { TopicFacts, TopicLookup } from './topic-lookup.ts';

type RequestGroup = OffsetFetchRequest['groups'][number];
type RequestTopics = NonNullable<RequestGroup['topics']>;
type AnsweredGroup = NonNullable<ResponseDraft<typeof offsetFetch>['groups']>[number];
type AnsweredTopic = NonNullable<AnsweredGroup['topics']>[number];
type AnsweredPartition = NonNullable<AnsweredTopic['partitions']>[number];

/** From this version on topics have ids instead of names. */
const topicIdVersion = 10;

/**
 * Reads what is stored now. A group that does not exist has no offsets, which is no error. With `requireStable` a
 * partition of which an open transaction holds an offset is answered with an error that asks to come again (KIP-447).
 */
export function fetchOffsets(
  request: RequestGroup,
  apiVersion: number,
  store: GroupStore,
  topics: TopicLookup,
  requireStable: boolean,
): AnsweredGroup {
  const { groupId } = request;
  const offsets = store.offsets(groupId);
  const requested = request.topics ?? allTopics(offsets, apiVersion, topics);
  return {
    groupId,
    errorCode: errorCodes.NONE,
    topics: requested.map((topic) => {
      const found = topicOf(topic, apiVersion, topics);
      const stored = found === undefined ? undefined : offsets.get(found.name);
      return {
        name: topic.name,
        topicId: topic.topicId,
        partitions: topic.partitionIndexes.map((partition) => {
          if (found === undefined) return withoutOffset(partition, errorCodes.UNKNOWN_TOPIC_ID);
          const isUnstable = requireStable && store.pending.isUnstable(groupId, found.name, partition);
          return isUnstable ? withoutOffset(partition, errorCodes.UNSTABLE_OFFSET_COMMIT) : answered(partition, stored);
        }),
      };
    }),
  };
}

/** The answer for a whole group that can't be answered. */
export function refusedGroup(groupId: string, errorCode: number): AnsweredGroup {
  return { groupId, errorCode, topics: [] };
}

/** A partition without a stored offset. */
export function withoutOffset(partitionIndex: number, errorCode: number): AnsweredPartition {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode };
}

/** Names are answered whether the topic exists or not, ids only if it does. */
function topicOf(
  topic: RequestTopics[number],
  apiVersion: number,
  topics: TopicLookup,
): Pick<TopicFacts, 'name'> | undefined {
  return apiVersion >= topicIdVersion ? topics.byId(topic.topicId) : topic;
}

function allTopics(
  offsets: ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>>,
  apiVersion: number,
  topics: TopicLookup,
): RequestTopics {
  return [...offsets].flatMap(([name, partitions]) => {
    const found = topics.byName(name);
    if (found === undefined && apiVersion >= topicIdVersion) return [];
    return [{ name, topicId: found?.id ?? '', partitionIndexes: [...partitions.keys()] }];
  });
}

function answered(partitionIndex: number, stored: ReadonlyMap<number, CommittedOffset> | undefined): AnsweredPartition {
  const committed = stored?.get(partitionIndex);
  if (committed === undefined) return withoutOffset(partitionIndex, errorCodes.NONE);
  const { offset, leaderEpoch, metadata } = committed;
  return {
    partitionIndex,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: errorCodes.NONE,
  };
}
