/**
 * Brings one member a step nearer to its target (KIP-848): first it gives up what it should not own, then, once it has
 * said that it did, it gets what nobody else owns any more.
 */
import {
  type Assignment,
  addPartitions,
  filtered,
  noPartitions,
  owns,
  partitionsOf,
  type TopicPartitions,
  union,
} from './assignment.ts';
import type { ConsumerMember } from './consumer-member.ts';

export interface Goal {
  /** The target's epoch. */
  readonly epoch: number;
  readonly target: Assignment;
  /** Whether another member may be reading a partition. */
  readonly isOwnedByOther: (topicId: string, partition: number) => boolean;
  /** What the member says it owns; null when it says nothing, as it need not while that stays the same. */
  readonly owned: readonly TopicPartitions[] | null;
}

/** The member after the step: the same object when there is none to take. */
export function reconcile(member: ConsumerMember, goal: Goal): ConsumerMember {
  if (member.state === 'stable' && member.epoch === goal.epoch) return member;
  if (member.state === 'unrevoked' && stillOwns(goal.owned, member.revoking)) return member;
  return next(member, goal);
}

function next(member: ConsumerMember, { epoch, target, isOwnedByOther, owned }: Goal): ConsumerMember {
  const kept = filtered(member.assigned, (topicId, partition) => owns(target, topicId, partition));
  const revoking = filtered(member.assigned, (topicId, partition) => !owns(target, topicId, partition));
  if (revoking.size > 0 && stillOwns(owned, revoking)) {
    return { ...atEpoch(member, member.epoch), state: 'unrevoked', assigned: kept, revoking };
  }
  const gained = new Map<string, Set<number>>();
  let isComplete = true;
  for (const [topicId, partition] of partitionsOf(target)) {
    if (owns(kept, topicId, partition)) continue;
    if (isOwnedByOther(topicId, partition)) isComplete = false;
    else addPartitions(gained, topicId, [partition]);
  }
  return {
    ...atEpoch(member, epoch),
    state: isComplete ? 'stable' : 'unreleased',
    assigned: union(kept, gained),
    revoking: noPartitions,
  };
}

/** The epoch before is remembered at every step, as by Kafka, so that it is the present one after a step within it. */
function atEpoch(member: ConsumerMember, epoch: number): ConsumerMember {
  return { ...member, epoch, previousEpoch: member.epoch };
}

/** Whether a member may still own one of the partitions: it does unless it says otherwise. */
function stillOwns(owned: readonly TopicPartitions[] | null, partitions: Assignment): boolean {
  if (owned === null) return true;
  return owned.some((topic) => topic.partitions.some((partition) => owns(partitions, topic.topicId, partition)));
}
