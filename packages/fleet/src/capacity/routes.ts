/** Capacity of the fleet over HTTP: in the worst season to come, or in one that is supposed. */
import { implement, ProblemError, type Route } from '@millrace/api';
import type { Cluster, Season } from '@millrace/api/declared';
import {
  type ClusterCapacity,
  capacityContract,
  clusterCapacityContract,
  type Quantity,
  type TopicAdvice,
} from '@millrace/api/fleet';
import type { Inventory } from '../inventory/inventory.ts';
import type { FleetRecord } from '../record/record.ts';
import { resources } from './broker-share.ts';
import { type ClusterRoom, clusterRoom } from './cluster-room.ts';
import type { ExistingTopic } from './existing-topic.ts';
import { FleetTopics } from './fleet-topics.ts';
import { rightSize } from './right-size.ts';
import { supposedSurge, surgeOf, worstSeason } from './season-surge.ts';
import type { Surge } from './topic-load.ts';

export interface CapacityParts {
  readonly record: FleetRecord;
  readonly inventory: Pick<Inventory, 'cluster'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface WhatIf {
  readonly season?: string | undefined;
  readonly factor?: number | undefined;
}

const adviceMax = 1_000;

export function capacityRoutes(parts: CapacityParts): Route[] {
  return [
    implement(capacityContract, ({ query }) => {
      const { environment, site } = query;
      const surge = surgeFor(parts, query);
      const clusters = specs(parts, 'cluster').filter(
        (cluster) =>
          (environment === undefined || cluster.environment === environment) &&
          (site === undefined || cluster.site === site),
      );
      const topics = topicsOf(parts);
      const rows = clusters.map((cluster) => capacityOf(parts, cluster, topics, surge).answer);
      rows.sort((a, b) => b.use - a.use || (a.cluster < b.cluster ? -1 : 1));
      const season = surge === undefined ? null : { name: surge.factor.name, factor: surge.factor.value };
      return { season, clusters: rows };
    }),
    implement(clusterCapacityContract, ({ params, query }) => {
      const cluster = specs(parts, 'cluster').find(({ name }) => name === params.cluster);
      if (cluster === undefined) throw new ProblemError('not_found', `no cluster ${params.cluster} is declared`);
      const surge = surgeFor(parts, query);
      const { answer, room, topics } = capacityOf(parts, cluster, topicsOf(parts), surge);
      return { capacity: answer, lines: room.calculation.lines, advice: adviceOn(cluster.name, topics, room, surge) };
    }),
  ];
}

function topicsOf(parts: CapacityParts): FleetTopics {
  return new FleetTopics({
    topics: specs(parts, 'topic'),
    applications: specs(parts, 'application'),
    mirrors: specs(parts, 'mirror'),
  });
}

function capacityOf(parts: CapacityParts, cluster: Cluster, all: FleetTopics, surge: Surge | undefined) {
  const observed = parts.inventory.cluster(cluster.name);
  const topics = all.on(cluster.name, observed);
  const room = clusterRoom(cluster, observed, topics, surge);
  const seen = {
    topics: topics.length,
    observedAt: observed?.observedAt?.toISOString() ?? null,
    stale: observed?.stale ?? true,
  };
  return { answer: { ...answerOf(cluster, room), ...seen }, room, topics };
}

function answerOf(
  { name, site, zone, environment }: Cluster,
  { rooms, brokers }: ClusterRoom,
): Omit<ClusterCapacity, 'topics' | 'observedAt' | 'stale'> {
  const uses = resources.map((resource) => {
    const { total, usable, used } = rooms[resource];
    const use = total === undefined ? undefined : partOf(used, total);
    return {
      resource,
      used,
      ...(usable !== undefined && { usable }),
      ...(total !== undefined && { total }),
      ...(use !== undefined && { use }),
    };
  });
  const over = uses.some(({ used, usable }) => usable !== undefined && used.value > usable.value);
  const fits = over ? 'no' : uses.some(({ usable }) => usable === undefined) ? 'unknown' : 'yes';
  const [scarcest] = [...uses].sort((a, b) => (b.use ?? 0) - (a.use ?? 0));
  return {
    cluster: name,
    ...(site !== undefined && { site }),
    ...(zone !== undefined && { zone }),
    ...(environment !== undefined && { environment }),
    brokers: brokers.value,
    fits,
    use: scarcest?.use ?? 0,
    scarcest: scarcest?.resource ?? 'disk',
    resources: uses,
  };
}

function partOf(used: Quantity, total: Quantity): number {
  return total.value === 0 ? (used.value === 0 ? 0 : Number.MAX_VALUE) : used.value / total.value;
}

function adviceOn(
  cluster: string,
  topics: readonly ExistingTopic[],
  { brokers }: ClusterRoom,
  surge: Surge | undefined,
): TopicAdvice[] {
  const advice = topics.flatMap((topic) => {
    const owner = topic.declared?.owner;
    return rightSize(topic, brokers, surge).map(({ kind, text, calculation }) => {
      return {
        cluster,
        topic: topic.name,
        ...(owner !== undefined && { owner }),
        kind,
        text,
        lines: calculation.lines,
      };
    });
  });
  return advice.slice(0, adviceMax);
}

function surgeFor(parts: CapacityParts, { season, factor }: WhatIf): Surge | undefined {
  const seasons: Season[] = specs(parts, 'season');
  if (factor !== undefined) return factor === 1 ? undefined : supposedSurge(factor);
  if (season === undefined) return worstSeason(seasons, new Date(parts.now()));
  const found = seasons.find(({ name }) => name === season);
  if (found !== undefined) return surgeOf(found);
  const names = seasons.map(({ name }) => name).join(', ') || 'none';
  throw new ProblemError('not_found', `no season ${season} is declared; there are: ${names}`);
}

function specs<K extends 'cluster' | 'topic' | 'application' | 'mirror' | 'season'>(
  { record }: CapacityParts,
  kind: K,
) {
  return record
    .current()
    .list(kind)
    .map(({ spec }) => spec);
}
