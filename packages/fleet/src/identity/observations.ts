/**
 * Who was seen to use what, as identities want to know it: what the inventory sees now and what it has kept. What
 * nobody can see is undefined, and told as unknown.
 */
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { Inventory } from '../inventory/inventory.ts';
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

const dayMs = 24 * 60 * 60 * 1000;

export function openUseObservations(db: Kysely<Schema>, inventory: Pick<Inventory, 'clusters'>): UseObservations {
  return {
    async look(clusters) {
      const columns = ['cluster', 'topic', 'role', 'source', 'name', 'first_at', 'last_at'] as const;
      const all = db.selectFrom('observed_use').select(columns);
      if (clusters?.length === 0) return { uses: [], watchedSince: () => undefined };
      const rows = await (clusters === undefined ? all : all.where('cluster', 'in', [...clusters])).execute();
      const uses = rows.map(({ cluster, topic, role, source, name, last_at: lastSeenAt }): ObservedUse => {
        const who = { cluster, topic, role: role as UseRole, source: source as UseSource, lastSeenAt };
        return { ...who, ...nameOf(source as UseSource, name) };
      });
      return { uses, watchedSince: watchedSince(inventory, logsOf(rows)) };
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

/** What a name is depends on who tells it. */
function nameOf(source: UseSource, name: string): Partial<ObservedUse> {
  if (source === 'group_assignment' || source === 'committed_offset') return { group: name };
  if (source === 'transactional_id') return { transactionalId: name };
  return name.startsWith('User:') ? { principal: name } : { application: name };
}

/** Since when an authorizer's log has told of a cluster, where it still does. */
function logsOf(
  rows: readonly {
    readonly cluster: string;
    readonly source: string;
    readonly first_at: Date;
    readonly last_at: Date;
  }[],
): ReadonlyMap<string, Date> {
  const told = new Map<string, { readonly first: number; readonly last: number }>();
  for (const { cluster, source, first_at: first, last_at: last } of rows) {
    if (source !== 'authorizer_log') continue;
    const known = told.get(cluster) ?? { first: first.getTime(), last: last.getTime() };
    told.set(cluster, {
      first: Math.min(known.first, first.getTime()),
      last: Math.max(known.last, last.getTime()),
    });
  }
  const alive = [...told].filter(([, { last }]) => Date.now() - last < dayMs);
  return new Map(alive.map(([cluster, { first }]) => [cluster, new Date(first)]));
}

/**
 * Consumers are in groups, which tell of them as long as a topic was looked at. Producers are told by a log, or by the
 * topic's growth: where it has not grown, there was none.
 */
function watchedSince(
  inventory: Pick<Inventory, 'clusters'>,
  logs: ReadonlyMap<string, Date>,
): SeenUses['watchedSince'] {
  const clusters = new Map(inventory.clusters().map((cluster) => [cluster.name, cluster]));
  return (name, role, pattern) => {
    const topics = clusters.get(name)?.topics;
    if (topics === undefined) return undefined;
    const prefix = pattern.endsWith('*') ? pattern.slice(0, -1) : undefined;
    const one = topics.get(pattern);
    const meant =
      prefix === undefined
        ? one === undefined
          ? []
          : [one]
        : [...topics.values()].filter((topic) => topic.name.startsWith(prefix));
    if (meant.length === 0) return undefined;
    const seen = new Date(Math.min(...meant.map(({ seenSince }) => seenSince)));
    if (role === 'consumer') return seen;
    const log = logs.get(name);
    if (log !== undefined) return log;
    return meant.every(({ trafficAt }) => trafficAt === undefined) ? seen : undefined;
  };
}
