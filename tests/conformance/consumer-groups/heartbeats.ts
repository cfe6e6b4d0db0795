/** Heartbeats of consumer groups, as the script sends them. */
import type { consumerGroupHeartbeat, RequestDraft, ResponseOf } from '@millrace/wire';

export type Heartbeat = RequestDraft<typeof consumerGroupHeartbeat>;
export type HeartbeatAnswer = ResponseOf<typeof consumerGroupHeartbeat>;
type Owned = NonNullable<Heartbeat['topicPartitions']>;

/** Member ids are 22 times the same letter. */
export const id = (letter: string): string => letter.repeat(22);

export function beat(
  groupId: string,
  letter: string,
  memberEpoch: number,
  changes: Partial<Heartbeat> = {},
): Heartbeat {
  return { groupId, memberId: letter === '' ? '' : id(letter), memberEpoch, ...changes };
}

export function join(groupId: string, letter: string, changes: Partial<Heartbeat> = {}): Heartbeat {
  return beat(groupId, letter, 0, {
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: ['orders'],
    topicPartitions: [],
    ...changes,
  });
}

export const owned = (answer: HeartbeatAnswer): Owned => answer.assignment?.topicPartitions ?? [];
