/** Which offsets are too old to keep (KIP-211). */
import { decodeConsumerSubscription, WireError } from '@millrace/wire';
import type { ClassicGroup } from './classic-group.ts';
import { ConsumerGroup } from './consumer/consumer-group.ts';
import type { Group } from './group-directory.ts';
import type { CommittedOffset, GroupStore } from './group-store.ts';

/** The offsets of a group that have expired, by topic, and whether any remain. */
export interface Expired {
  readonly topics: ReadonlyMap<string, readonly number[]>;
  readonly remaining: boolean;
}

/**
 * Offsets expire a retention time after the group became empty, or, for clients that assign themselves and for topics
 * that a stable group does not read any more, after they were committed; not while a transaction is to replace them.
 * `now` is wall-clock milliseconds.
 */
export function expiredOffsets(group: Group, store: GroupStore, retentionMs: number, now: number): Expired {
  const base = retentionBase(group);
  const isSubscribed = subscriptionOf(group);
  const topics = new Map<string, number[]>();
  let remaining = false;
  for (const [topic, offsets] of store.offsets(group.id)) {
    const isKept = base === undefined || isSubscribed(topic);
    const isExpired = ([partition, committed]: readonly [number, CommittedOffset]): boolean =>
      base !== undefined &&
      now >= (committed.expiresAt ?? base(committed) + retentionMs) &&
      !store.pending.isUnstable(group.id, topic, partition);
    const expired = isKept ? [] : [...offsets].filter(isExpired);
    if (expired.length > 0) {
      topics.set(
        topic,
        expired.map(([partition]) => partition),
      );
    }
    if (expired.length < offsets.size) remaining = true;
  }
  return { topics, remaining };
}

/** From when on an offset's retention counts; undefined while offsets do not expire. */
function retentionBase(group: Group): ((committed: CommittedOffset) => number) | undefined {
  if (group instanceof ConsumerGroup) return (committed) => committed.committedAt;
  if (group.protocolType === null) return (committed) => committed.committedAt;
  if (group.state === 'Empty') return () => group.since;
  return group.protocolType === 'consumer' && group.state === 'Stable'
    ? (committed) => committed.committedAt
    : undefined;
}

/** Whether a topic's offsets are kept because members read it, or may. */
function subscriptionOf(group: Group): (topic: string) => boolean {
  if (group instanceof ConsumerGroup) return (topic) => group.state.subscribes(topic);
  const subscribed = subscribedTopics(group);
  return (topic) => subscribed?.includes(topic) ?? true;
}

/** What the members of a classic group read; undefined when one does not say it in the way consumers do. */
export function subscribedTopics(group: ClassicGroup): string[] | undefined {
  const topics = new Set<string>();
  for (const member of group.members.all()) {
    try {
      for (const topic of decodeConsumerSubscription(member.metadata(group.protocolName)).topics) topics.add(topic);
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  }
  return [...topics];
}
