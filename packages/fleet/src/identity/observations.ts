/**
 * Who was seen to use what, as identities want to know it: what the inventory sees now and what it has kept. What
 * nobody can see is undefined, and told as unknown.
 */
import { fitsName } from '@millrace/api/declared';
import type { Clock } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { Inventory, ObservedCluster, ObservedTopic } from '../inventory/inventory.ts';
import type { UseRole, UseSource } from '../inventory/uses/topic-use.ts';

/** That an application, or whoever it is, was seen to use a topic. */
export interface ObservedUse {
  readonly cluster: string;
  readonly topic: string;
  readonly role: UseRole;
  readonly source: UseSource;
  readonly group?: string | undefined;
  readonly transactionalId?: string | undefined;
  /** Where the source tells it: `User:orders.a`. */
  readonly principal?: string | undefined;
  readonly application?: string | undefined;
  /** Whether its connection was; undefined where the source does not tell. */
  readonly encrypted?: boolean | undefined;
  readonly lastSeenAt: Date;
}

/** All that was seen, as of one moment. */
export interface SeenUses {
  readonly uses: readonly ObservedUse[];
  /** Since when uses of a topic in a role can't have been missed; undefined where nothing can tell of them. */
  watchedSince(cluster: string, role: UseRole, topic: string): Date | undefined;
}

export interface UseObservations {
  /** On these clusters; default all. */
  look(clusters?: readonly string[]): Promise<SeenUses>;
  /** When principals were last seen, on any cluster; those that never were are left out. */
  lastSeen(principals: readonly string[]): Promise<ReadonlyMap<string, Date>>;
}

/** A use as the inventory keeps it. */
export interface KeptUse {
  readonly cluster: string;
  readonly topic: string;
  readonly role: string;
  readonly source: string;
  readonly name: string;
  readonly first_at: Date;
  readonly last_at: Date;
}

/** What of a cluster tells since when its topics are watched. */
export type WatchedCluster = Pick<ObservedCluster, 'name'> & {
  readonly topics: ReadonlyMap<string, Pick<ObservedTopic, 'name' | 'seenSince' | 'trafficAt'>>;
};

const dayMs = 24 * 60 * 60 * 1000;

export function openUseObservations(
  db: Kysely<Schema>,
  inventory: Pick<Inventory, 'clusters'>,
  clock: Clock,
): UseObservations {
  return {
    async look(clusters) {
      if (clusters?.length === 0) return { uses: [], watchedSince: () => undefined };
      const columns = ['cluster', 'topic', 'role', 'source', 'name', 'first_at', 'last_at'] as const;
      const all = db.selectFrom('observed_use').select(columns);
      const rows = await (clusters === undefined ? all : all.where('cluster', 'in', [...clusters])).execute();
      return seenUses(rows, inventory.clusters(), new Date(clock.now()));
    },
    async lastSeen(principals) {
      if (principals.length === 0) return new Map();
      const rows = await db
        .selectFrom('observed_use')
        .select(({ fn }) => ['name', fn.max('last_at').as('at')])
        .where('name', 'in', [...principals])
        .groupBy('name')
        .execute();
      return new Map(rows.map(({ name, at }) => [name, at]));
    },
  };
}

/** What uses that were kept come to. */
export function seenUses(kept: readonly KeptUse[], clusters: readonly WatchedCluster[], now: Date): SeenUses {
  const uses = kept.map(({ cluster, topic, role, source, name, last_at: lastSeenAt }): ObservedUse => {
    const who = { cluster, topic, role: role as UseRole, source: source as UseSource, lastSeenAt };
    return { ...who, ...nameOf(source as UseSource, name) };
  });
  const logs = logsOf(kept, now);
  const byName = new Map(clusters.map((cluster) => [cluster.name, cluster.topics]));
  return {
    uses,
    watchedSince: (cluster, role, pattern) => {
      const meant = [...(byName.get(cluster)?.values() ?? [])].filter(({ name }) => fitsName(pattern, name));
      if (meant.length === 0) return undefined;
      const seen = new Date(Math.min(...meant.map(({ seenSince }) => seenSince)));
      // Consumers are in groups, which tell of them as long as a topic was looked at.
      if (role === 'consumer') return seen;
      // A topic that has not grown had no producer; of those that have a log tells.
      return logs.get(cluster) ?? (meant.every(({ trafficAt }) => trafficAt === undefined) ? seen : undefined);
    },
  };
}

/** What a name is depends on who tells it. */
function nameOf(source: UseSource, name: string): Partial<ObservedUse> {
  if (source === 'group_assignment' || source === 'committed_offset') return { group: name };
  if (source === 'transactional_id') return { transactionalId: name };
  return name.startsWith('User:') ? { principal: name } : { application: name };
}

/** Since when an authorizer's log has told of a cluster, where it still does. */
function logsOf(kept: readonly KeptUse[], now: Date): ReadonlyMap<string, Date> {
  const byCluster = Map.groupBy(
    kept.filter(({ source }) => source === 'authorizer_log'),
    ({ cluster }) => cluster,
  );
  const first = (uses: readonly KeptUse[]): number =>
    uses.reduce((least, { first_at: at }) => Math.min(least, at.getTime()), Number.POSITIVE_INFINITY);
  const isAlive = (uses: readonly KeptUse[]): boolean =>
    uses.some(({ last_at: at }) => now.getTime() - at.getTime() < dayMs);
  return new Map(
    [...byCluster].flatMap(([cluster, uses]) => (isAlive(uses) ? [[cluster, new Date(first(uses))] as const] : [])),
  );
}
