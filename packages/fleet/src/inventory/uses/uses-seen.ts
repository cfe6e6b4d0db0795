/** Uses of topics, as the last look at a cluster shows them. Pure. */
import type { ObservedCluster, ObservedGroup } from '../inventory.ts';
import { lagOn } from '../state/groups.ts';
import type { TopicUse, UseObservation } from './topic-use.ts';

const hostsMax = 20;

/** Of one topic: groups by name, then producers, those that wrote last first. */
export function usesSeen(cluster: ObservedCluster, topic: string): TopicUse[] {
  if (cluster.observedAt === null) return [];
  const consumers = [...cluster.groups.values()].flatMap((group) => consumerUse(cluster, group, topic) ?? []);
  const producers = (cluster.producers.get(topic) ?? []).map(({ transactionalId, producerId, wroteAt }): TopicUse => {
    const who = { cluster: cluster.name, topic, role: 'producer' as const, clientIds: [], hosts: [] };
    const lastAt = new Date(wroteAt);
    return transactionalId === undefined
      ? { ...who, source: 'producer_id', name: null, producerId, lastAt }
      : { ...who, source: 'transactional_id', name: transactionalId, producerId, lastAt };
  });
  return [...consumers, ...producers];
}

function consumerUse(cluster: ObservedCluster, group: ObservedGroup, topic: string): TopicUse | undefined {
  const members = group.members.filter(({ assignment }) => assignment.has(topic));
  const committed = group.offsets.get(topic);
  if (members.length === 0 && committed === undefined) return undefined;
  return {
    cluster: cluster.name,
    topic,
    role: 'consumer',
    source: members.length > 0 ? 'group_assignment' : 'committed_offset',
    name: group.group,
    clientIds: distinct(members.map(({ clientId }) => clientId)),
    hosts: distinct(members.map(({ clientHost }) => clientHost.replace(/^\//, ''))),
    lastAt: cluster.observedAt ?? new Date(0),
    lag: committed === undefined ? undefined : lagOn(committed, cluster.topics.get(topic)?.endOffsets),
  };
}

/** All that a look shows whose names are worth keeping. */
export function observationsOf(cluster: ObservedCluster): UseObservation[] {
  const { name: clusterName, observedAt } = cluster;
  if (observedAt === null) return [];
  const observations: UseObservation[] = [];
  for (const { group, members } of cluster.groups.values()) {
    const hosts = new Map<string, Set<string>>();
    for (const { assignment, clientHost } of members) {
      for (const topic of assignment.keys()) {
        const known = hosts.get(topic) ?? new Set<string>();
        hosts.set(topic, known.add(clientHost.replace(/^\//, '')));
      }
    }
    for (const [topic, seen] of hosts) {
      const use = { cluster: clusterName, topic, role: 'consumer', source: 'group_assignment' } as const;
      observations.push({ ...use, name: group, hosts: [...seen].slice(0, hostsMax), at: observedAt });
    }
  }
  for (const [topic, producers] of cluster.producers) {
    for (const { transactionalId, wroteAt } of producers) {
      if (transactionalId === undefined) continue;
      const use = { cluster: clusterName, topic, role: 'producer', source: 'transactional_id' } as const;
      observations.push({ ...use, name: transactionalId, hosts: [], at: new Date(wroteAt) });
    }
  }
  return observations;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort().slice(0, hostsMax);
}
