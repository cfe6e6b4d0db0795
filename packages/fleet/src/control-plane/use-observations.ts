/**
 * What the inventory sees of who uses what, as identities ask for it. It goes by what this process has seen itself: how
 * long nothing was seen before it began, it does not claim to know.
 */
import type { ObservedUse, UseObservations } from '../identity/observations.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { TopicUse, UseSource } from '../inventory/uses/topic-use.ts';
import { usesSeen } from '../inventory/uses/uses-seen.ts';

/** Of a producer that has no transactional id nothing is known but a number. */
const sources: { readonly [S in UseSource]?: ObservedUse['source'] } = {
  group_assignment: 'group',
  committed_offset: 'group',
  transactional_id: 'transactional-id',
};

export function useObservations(inventory: Pick<Inventory, 'clusters' | 'cluster'>, beganAt: Date): UseObservations {
  return {
    uses: () =>
      inventory.clusters().flatMap((cluster) => {
        return [...cluster.topics.keys()].flatMap((topic) => usesSeen(cluster, topic).flatMap(observedUse));
      }),
    watchedSince: (name, role) => {
      const cluster = inventory.cluster(name);
      // Kafka's protocol tells consumers by their groups, and of producers only those with transactions.
      return role === 'consumer' && cluster !== undefined && !cluster.stale ? beganAt : undefined;
    },
  };
}

function observedUse({ cluster, topic, role, source, name, lastAt }: TopicUse): ObservedUse[] {
  const known = sources[source];
  if (known === undefined || name === null) return [];
  const as = known === 'group' ? { group: name } : { transactionalId: name };
  return [{ cluster, topic, role, source: known, ...as, lastSeenAt: lastAt }];
}
