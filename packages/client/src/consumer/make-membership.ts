/** The membership that a consumer's options ask for. */
import type { Cluster } from '../cluster.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import { ConsumerMembership } from './consumer-membership.ts';
import type { GroupSettings } from './consumer-settings.ts';
import { GroupMembership } from './group-membership.ts';
import type { LoopGate } from './loop-gate.ts';
import type { Membership, MembershipHost } from './membership.ts';
import type { Ownership } from './ownership.ts';
import type { PartitionSet } from './partition-set.ts';
import { MatchingTopics, NamedTopics } from './subscription.ts';

/** What of a consumer a membership works on. */
export interface MembershipParts {
  readonly gate: LoopGate;
  readonly partitions: PartitionSet;
  readonly ownership: Ownership;
  readonly failed: (error: Error) => void;
}

/** Of the named topics, or of those that match the settings' pattern. */
export function makeMembership(
  cluster: Cluster,
  settings: GroupSettings,
  topics: readonly string[],
  coordinator: GroupCoordinator,
  parts: MembershipParts,
): Membership {
  const { protocol, topicPattern } = settings;
  const host = hostOf(settings, parts);
  if (protocol === 'consumer') return new ConsumerMembership(cluster, settings, topics, coordinator, host);
  const subscription =
    topicPattern === undefined ? new NamedTopics(cluster, topics) : new MatchingTopics(cluster, topicPattern);
  return new GroupMembership(cluster, settings, subscription, coordinator, host);
}

function hostOf({ onAssigned, onRevoked, onLost }: GroupSettings, parts: MembershipParts): MembershipHost {
  const { gate, partitions, ownership, failed } = parts;
  return {
    owned: () => partitions.names(),
    hold: () => gate.hold(),
    whenAsked: () => gate.whenAsked(),
    awayMs: () => gate.awayMs(),
    failed,
    assign: (added) => ownership.assign(added, onAssigned),
    revoke: (revoked) => ownership.revoke(revoked, onRevoked),
    lose: (lost) => ownership.lose(lost, onLost),
  };
}
