/** OffsetDelete's rules (KIP-496): offsets of topics that a group does not read any more can be deleted. */
import {
  errorCodes,
  type OffsetDeleteRequest,
  type offsetDelete as offsetDeleteApi,
  type ResponseDraft,
} from '@millrace/wire';
import { refusalOfStorage } from '../storage-failure.ts';
import { ClassicGroup } from './classic-group.ts';
import type { Group } from './group-directory.ts';
import type { GroupStore } from './group-store.ts';
import { subscribedTopics } from './offset-expiry.ts';

type DeleteAnswer = ResponseDraft<typeof offsetDeleteApi>;

/** Answers once the offsets are gone from the journal; that some were never there is no error. */
export async function deleteOffsets(
  group: Group | undefined,
  { groupId, topics }: OffsetDeleteRequest,
  store: GroupStore,
): Promise<DeleteAnswer> {
  if (groupId === '') return { errorCode: errorCodes.INVALID_GROUP_ID, topics: [] };
  if (group === undefined) return { errorCode: errorCodes.GROUP_ID_NOT_FOUND, topics: [] };
  // Members of other protocols do not tell the broker which topics they read.
  const isUnknowable = group instanceof ClassicGroup && group.state !== 'Empty' && group.protocolType !== 'consumer';
  if (isUnknowable) return { errorCode: errorCodes.NON_EMPTY_GROUP, topics: [] };
  const stored = store.offsets(groupId);
  const deleted = new Map<string, readonly number[]>();
  const answers = topics.map(({ name, partitions }) => {
    const indexes = partitions.map(({ partitionIndex }) => partitionIndex);
    if (isSubscribed(group, name)) return answer(name, indexes, errorCodes.GROUP_SUBSCRIBED_TO_TOPIC);
    const present = indexes.filter(
      (index) => stored.get(name)?.has(index) || store.pending.isUnstable(groupId, name, index),
    );
    if (present.length > 0) deleted.set(name, [...(deleted.get(name) ?? []), ...present]);
    return answer(name, indexes, errorCodes.NONE);
  });
  if (deleted.size > 0) {
    const refusal = await refusalOfStorage(() => store.forgetOffsets(groupId, deleted));
    if (refusal !== undefined) return { errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE, topics: [] };
  }
  return { errorCode: errorCodes.NONE, topics: answers };
}

function isSubscribed(group: Group, topicName: string): boolean {
  if (!(group instanceof ClassicGroup)) return group.state.subscribes(topicName);
  // Where members do not say it in the way consumers do, any topic may be among those they read.
  return subscribedTopics(group)?.includes(topicName) ?? true;
}

function answer(name: string, partitions: readonly number[], errorCode: number): DeleteAnswer['topics'][number] {
  return { name, partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode })) };
}
