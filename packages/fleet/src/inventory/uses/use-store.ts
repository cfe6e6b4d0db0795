/** Uses that were seen, kept with their first and last time. */
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../../database/schema.ts';
import { type TopicUse, type UseObservation, type UseRole, type UseSource, useSources } from './topic-use.ts';

const rowsMax = 2_000;
/** Of a use. */
const hostsMax = 20;

/** Takes in what was seen; the same seen again only moves times, so several may tell of the same at a time. */
export async function storeUses(db: Kysely<Schema>, seen: readonly UseObservation[]): Promise<void> {
  // Rows are locked in one order by all, so that nobody waits for each other.
  const distinct = [...new Map(seen.map((use) => [keyOf(use), use]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, use]) => use);
  for (let at = 0; at < distinct.length; at += rowsMax) {
    const rows = distinct.slice(at, at + rowsMax).map(({ hosts, at: time, ...use }) => {
      return { ...use, hosts: hosts.slice(0, hostsMax), first_at: time, last_at: time };
    });
    await db
      .insertInto('observed_use')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['cluster', 'topic', 'role', 'source', 'name']).doUpdateSet({
          first_at: sql`least(observed_use.first_at, excluded.first_at)`,
          last_at: sql`greatest(observed_use.last_at, excluded.last_at)`,
          hosts: sql`(SELECT coalesce(array_agg(host), '{}') FROM (SELECT DISTINCT host FROM
            unnest(excluded.hosts || observed_use.hosts) AS host LIMIT ${sql.lit(hostsMax)}) AS kept)`,
        }),
      )
      .execute();
  }
}

/** All of a topic, those seen last first. */
export async function storedUses(db: Kysely<Schema>, cluster: string, topic?: string): Promise<TopicUse[]> {
  const all = db.selectFrom('observed_use').selectAll().where('cluster', '=', cluster);
  const rows = await (topic === undefined ? all : all.where('topic', '=', topic)).orderBy('last_at', 'desc').execute();
  return rows.flatMap(({ source, role, first_at: firstAt, last_at: lastAt, ...use }) => {
    const known = useSources.find((each) => each === source);
    return known === undefined
      ? []
      : [{ ...use, source: known, role: role as UseRole, clientIds: [], firstAt, lastAt }];
  });
}

/** What is seen now and what was seen before, as one: of each the newest, with the first time that is known. */
export function joinUses(now: readonly TopicUse[], stored: readonly TopicUse[]): TopicUse[] {
  const before = new Map(stored.map((use) => [keyOf(use), use]));
  const joined = now.map((use): TopicUse => {
    const known = before.get(keyOf(use)) ?? before.get(keyOf({ ...use, source: 'group_assignment' }));
    if (known === undefined) return use;
    before.delete(keyOf(known));
    // That a group has committed says nothing about when it last read: the time of its last assignment does.
    const lastAt = use.source === 'committed_offset' ? known.lastAt : use.lastAt;
    return { ...use, firstAt: known.firstAt, lastAt, hosts: use.hosts.length > 0 ? use.hosts : known.hosts };
  });
  return [...joined, ...before.values()];
}

function keyOf(use: {
  readonly cluster: string;
  readonly topic: string;
  readonly role: UseRole;
  readonly source: UseSource;
  readonly name: string | null;
}): string {
  return [use.cluster, use.topic, use.role, use.source, use.name ?? ''].join('\n');
}
