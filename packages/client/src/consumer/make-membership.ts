/** The membership that a consumer's options ask for. */
import type { Cluster } from '../cluster.ts';
import type { GroupCoordinator } from '../group-coordinator.ts';
import { ConsumerMembership } from './consumer-membership.ts';
import type { GroupSettings } from './consumer-settings.ts';
import { GroupMembership } from './group-membership.ts';
import type { Membership, MembershipHost } from './membership.ts';
import { MatchingTopics, NamedTopics } from './subscription.ts';

/** Of the named topics, or of those that match the settings' pattern. */
export function makeMembership(
  cluster: Cluster,
  settings: GroupSettings,
  topics: readonly string[],
  coordinator: GroupCoordinator,
  host: MembershipHost,
): Membership {
  const { protocol, topicPattern } = settings;
  if (protocol === 'consumer') return new ConsumerMembership(cluster, settings, topics, coordinator, host);
  const subscription = topicPattern === undefined ? new NamedTopics(topics) : new MatchingTopics(cluster, topicPattern);
  return new GroupMembership(cluster, settings, subscription, coordinator, host);
}
