/**
 * Rows of lists: what was observed put together with what is declared. Those of a cluster are made when somebody asks
 * and kept until it is seen anew or the record changes, so that a list costs a pass over rows that are there.
 */

import type { Spec } from '@millrace/api/declared';
import type { BrokerView, ClusterView, GroupView, TopicView } from '@millrace/api/fleet';
import type { DeclaredFleet, FleetRecord } from '../../record/record.ts';
import type { Inventory, ObservedBroker, ObservedCluster, ObservedGroup, ObservedTopic } from '../inventory.ts';
import { leaderless, missing } from '../state/changes.ts';

/** What filters, sorting and tables need of a topic; `topicView` makes the rest of it for those that are shown. */
export interface TopicRow {
  /** CLUSTER/TOPIC */
  readonly id: string;
  readonly name: string;
  readonly lowerName: string;
  readonly cluster: string;
  readonly spec: Spec<'cluster'>;
  readonly observed: ObservedCluster;
  /** Undefined when it is declared and not there. */
  readonly topic: ObservedTopic | undefined;
  /** Undefined when it is not declared. */
  readonly declared: Spec<'topic'> | undefined;
  readonly owner: string | null;
  readonly internal: boolean;
  readonly partitions: number;
  readonly underReplicated: number;
  readonly offline: number;
  readonly consumers: number;
}

export interface GroupRow {
  readonly view: GroupView;
  readonly lowerName: string;
  readonly spec: Spec<'cluster'>;
  readonly group: ObservedGroup;
}

/** A cluster with all its rows. */
export interface ClusterRows {
  readonly spec: Spec<'cluster'>;
  readonly observed: ObservedCluster;
  readonly view: ClusterView;
  readonly topics: readonly TopicRow[];
  readonly groups: readonly GroupRow[];
  readonly brokers: readonly BrokerView[];
}

export class FleetRows {
  readonly #inventory: Inventory;
  readonly #record: Pick<FleetRecord, 'current'>;
  readonly #kept = new Map<string, { readonly revision: number; readonly rows: ClusterRows }>();
  #declaredTopics: { readonly revision: number; readonly byCluster: ReadonlyMap<string, readonly Spec<'topic'>[]> };

  constructor(inventory: Inventory, record: Pick<FleetRecord, 'current'>) {
    this.#inventory = inventory;
    this.#record = record;
    this.#declaredTopics = { revision: -1, byCluster: new Map() };
  }

  /** In the order in which they are declared. */
  all(): ClusterRows[] {
    const fleet = this.#record.current();
    const rows = fleet.list('cluster').flatMap(({ id, spec }) => this.#rowsOf(id, spec, fleet) ?? []);
    if (this.#kept.size > rows.length) {
      for (const name of this.#kept.keys()) if (fleet.get('cluster', name) === undefined) this.#kept.delete(name);
    }
    return rows;
  }

  cluster(name: string): ClusterRows | undefined {
    const fleet = this.#record.current();
    const spec = fleet.get('cluster', name)?.spec;
    return spec === undefined ? undefined : this.#rowsOf(name, spec, fleet);
  }

  #rowsOf(name: string, spec: Spec<'cluster'>, fleet: DeclaredFleet): ClusterRows | undefined {
    const observed = this.#inventory.cluster(name);
    if (observed === undefined) return undefined;
    const kept = this.#kept.get(name);
    if (kept?.rows.observed === observed && kept.revision === fleet.revision) return kept.rows;
    const rows = rowsOf(spec, observed, this.#topicsDeclared(fleet).get(name) ?? []);
    this.#kept.set(name, { revision: fleet.revision, rows });
    return rows;
  }

  #topicsDeclared(fleet: DeclaredFleet): ReadonlyMap<string, readonly Spec<'topic'>[]> {
    if (this.#declaredTopics.revision !== fleet.revision) {
      const specs = fleet.list('topic').map(({ spec }) => spec);
      this.#declaredTopics = { revision: fleet.revision, byCluster: Map.groupBy(specs, ({ cluster }) => cluster) };
    }
    return this.#declaredTopics.byCluster;
  }
}

function rowsOf(spec: Spec<'cluster'>, observed: ObservedCluster, declared: readonly Spec<'topic'>[]): ClusterRows {
  const byName = new Map(declared.map((topic) => [topic.name, topic]));
  const consumers = consumerCounts(observed);
  const topics: TopicRow[] = [];
  for (const topic of observed.topics.values()) {
    topics.push(topicRow(spec, observed, topic, byName.get(topic.name), consumers.get(topic.name) ?? 0));
    byName.delete(topic.name);
  }
  for (const topic of byName.values()) topics.push(topicRow(spec, observed, undefined, topic, 0));
  const groups = [...observed.groups.values()].map((group): GroupRow => {
    return { view: groupView(observed, group), lowerName: group.group.toLowerCase(), spec, group };
  });
  const brokers = observed.brokers.map((broker) => brokerView(observed, broker));
  return { spec, observed, view: clusterView(spec, observed, topics), topics, groups, brokers };
}

function clusterView(spec: Spec<'cluster'>, observed: ObservedCluster, topics: readonly TopicRow[]): ClusterView {
  const sum = { partitions: 0, underReplicated: 0, offline: 0, stored: 0, records: 0, bytes: 0 };
  for (const { topic, partitions, underReplicated, offline } of topics) {
    if (topic === undefined) continue;
    sum.partitions += partitions;
    sum.underReplicated += underReplicated;
    sum.offline += offline;
    sum.stored += topic.storedBytes ?? 0;
    sum.records += topic.recordsPerSecond ?? 0;
    sum.bytes += topic.bytesPerSecond ?? 0;
  }
  const isKnown = (field: 'storedBytes' | 'recordsPerSecond' | 'bytesPerSecond'): boolean =>
    topics.some(({ topic }) => topic?.[field] !== undefined);
  return {
    name: spec.name,
    ...(spec.description !== undefined && { description: spec.description }),
    site: spec.site ?? null,
    zone: spec.zone ?? null,
    environment: spec.environment ?? null,
    bootstrap: spec.bootstrap,
    twinOf: spec.twinOf ?? null,
    ...seen(observed),
    problem: observed.problem ?? null,
    clusterId: observed.clusterId,
    controllerId: observed.controllerId,
    brokers: observed.brokers.length,
    brokersSilent: observed.brokers.filter(({ problem }) => problem !== undefined).length,
    topics: observed.topics.size,
    partitions: sum.partitions,
    groups: observed.groups.size,
    underReplicated: sum.underReplicated,
    offline: sum.offline,
    storedBytes: isKnown('storedBytes') ? sum.stored : null,
    diskTotalBytes: total(observed.brokers, 'diskTotalBytes'),
    diskUsableBytes: total(observed.brokers, 'diskUsableBytes'),
    recordsPerSecond: isKnown('recordsPerSecond') ? sum.records : null,
    bytesPerSecond: isKnown('bytesPerSecond') ? sum.bytes : null,
    acls: observed.acls?.length ?? null,
    quotas: observed.quotas?.length ?? null,
  };
}

function total(brokers: readonly ObservedBroker[], field: 'diskTotalBytes' | 'diskUsableBytes'): number | null {
  const told = brokers.flatMap((broker) => broker[field] ?? []);
  return told.length === 0 ? null : told.reduce((sum, bytes) => sum + bytes, 0);
}

function topicRow(
  spec: Spec<'cluster'>,
  observed: ObservedCluster,
  topic: ObservedTopic | undefined,
  declared: Spec<'topic'> | undefined,
  consumers: number,
): TopicRow {
  const name = topic?.name ?? declared?.name ?? '';
  return {
    id: `${observed.name}/${name}`,
    name,
    lowerName: name.toLowerCase(),
    cluster: observed.name,
    spec,
    observed,
    topic,
    declared,
    owner: declared?.owner ?? null,
    internal: topic?.internal ?? false,
    partitions: topic?.partitions.length ?? declared?.partitions ?? 0,
    underReplicated: topic === undefined ? 0 : missing(topic),
    offline: topic === undefined ? 0 : leaderless(topic),
    consumers,
  };
}

export function topicView(row: TopicRow): TopicView {
  const { topic, declared, observed, owner, internal, partitions, underReplicated, offline, consumers } = row;
  const newest = topic?.newestRecordAt;
  return {
    id: row.id,
    cluster: row.cluster,
    name: row.name,
    there: topic !== undefined,
    declared: declared !== undefined,
    internal,
    owner,
    dataClass: declared?.dataClass ?? null,
    partitions,
    replicas: replicasOf(row),
    underReplicated,
    offline,
    storedBytes: topic?.storedBytes ?? null,
    recordsPerSecond: topic?.recordsPerSecond ?? null,
    bytesPerSecond: topic?.bytesPerSecond ?? null,
    consumers,
    trafficAt: timeText(topic?.trafficAt),
    newestRecordAt: newest === -1 ? null : timeText(newest),
    consumedAt: timeText(topic?.consumedAt),
    seenSince: timeText(topic?.seenSince),
    ...seen(observed),
  };
}

/** Of each partition. */
export function replicasOf({ topic, declared }: TopicRow): number {
  return topic?.partitions[0]?.replicas.length ?? declared?.replicas ?? 0;
}

function consumerCounts({ groups }: ObservedCluster): Map<string, number> {
  const counts = new Map<string, number>();
  for (const group of groups.values()) {
    for (const topic of topicsOf(group)) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }
  return counts;
}

/** That a group reads or has committed offsets of. */
export function topicsOf({ members, offsets }: ObservedGroup): Set<string> {
  const topics = new Set(offsets.keys());
  for (const { assignment } of members) for (const topic of assignment.keys()) topics.add(topic);
  return topics;
}

function groupView(observed: ObservedCluster, group: ObservedGroup): GroupView {
  return {
    id: `${observed.name}/${group.group}`,
    cluster: observed.name,
    name: group.group,
    state: group.state,
    type: group.type,
    protocolType: group.protocolType,
    members: group.members.length,
    topics: topicsOf(group).size,
    lag: group.lag ?? null,
    coordinator: group.coordinator,
    problem: group.problem ?? null,
    ...seen(observed),
  };
}

function brokerView(observed: ObservedCluster, broker: ObservedBroker): BrokerView {
  return {
    id: `${observed.name}/${broker.nodeId}`,
    cluster: observed.name,
    nodeId: broker.nodeId,
    host: broker.host,
    port: broker.port,
    rack: broker.rack,
    controller: broker.nodeId === observed.controllerId,
    replicas: broker.replicas,
    leads: broker.leads,
    logBytes: broker.logBytes ?? null,
    diskTotalBytes: broker.diskTotalBytes ?? null,
    diskUsableBytes: broker.diskUsableBytes ?? null,
    problem: broker.problem ?? null,
    ...seen(observed),
  };
}

function seen({ observedAt, stale }: ObservedCluster): { readonly observedAt: string | null; readonly stale: boolean } {
  return { observedAt: observedAt?.toISOString() ?? null, stale };
}

export function timeText(at: number | undefined): string | null {
  // Producers may set times that no calendar has.
  return at === undefined || Math.abs(at) > 8.64e15 ? null : new Date(at).toISOString();
}
