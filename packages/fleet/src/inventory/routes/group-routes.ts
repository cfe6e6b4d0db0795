/** Routes of groups. */
import { implement, type Route } from '@millrace/api';
import { type GroupDetail, getGroupContract, listGroupsContract } from '@millrace/api/fleet';
import type { ObservedCluster, ObservedGroup } from '../inventory.ts';
import { readChanges } from '../store/read-changes.ts';
import { type GroupRow, topicsOf } from '../views/fleet-rows.ts';
import { type SortKey, selectPage } from '../views/select-page.ts';
import { clusterRows, historyMax, notFound, type RouteParts } from './route-parts.ts';

export function groupRoutes(parts: RouteParts): Route[] {
  const { db, rows } = parts;
  return [
    implement(listGroupsContract, ({ query }) => {
      const { sort = 'name', order } = query;
      const fits = groupFilter(query);
      const fit = rows.all().flatMap(({ groups }) => groups.filter(fits));
      const sorting = {
        keyOf: ({ view }: GroupRow): SortKey => view[sort],
        idOf: ({ view }: GroupRow): string => view.id,
        descending: order === undefined ? sort === 'lag' || sort === 'members' : order === 'desc',
      };
      const page = selectPage(fit, sorting, query);
      return { items: page.rows.map(({ view }) => view), next: page.next };
    }),
    implement(getGroupContract, async ({ params: { cluster, group: name } }) => {
      const { groups, observed } = clusterRows(parts, cluster);
      const row = groups.find(({ view }) => view.name === name);
      if (row === undefined) throw notFound(`cluster ${cluster} has no group ${name}`, 'groups');
      const { items: history } = await readChanges(db, { cluster, kind: 'group', name, limit: historyMax });
      const { view, group } = row;
      return {
        ...view,
        protocol: group.protocol,
        memberList: group.members.map(({ assignment, ...member }) => ({
          ...member,
          assignment: [...assignment].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
        })),
        partitions: partitionsOf(group, observed),
        history,
      };
    }),
  ];
}

function groupFilter(query: {
  readonly q?: string;
  readonly cluster?: string;
  readonly site?: string;
  readonly environment?: string;
  readonly state?: string;
  readonly topic?: string;
  readonly lagMin?: number;
}): (row: GroupRow) => boolean {
  const { q, cluster, site, environment, state, topic, lagMin } = query;
  const needle = q?.toLowerCase();
  return ({ view, lowerName, spec, group }) =>
    (cluster === undefined || view.cluster === cluster) &&
    (site === undefined || spec.site === site) &&
    (environment === undefined || spec.environment === environment) &&
    (state === undefined || view.state === state) &&
    (needle === undefined || lowerName.includes(needle)) &&
    (lagMin === undefined || (view.lag ?? -1) >= lagMin) &&
    (topic === undefined || topicsOf(group).has(topic));
}

/** By topic, then by partition. */
function partitionsOf(group: ObservedGroup, { topics }: ObservedCluster): GroupDetail['partitions'] {
  const holders = new Map<string, string>();
  for (const { memberId, assignment } of group.members) {
    for (const [topic, partitions] of assignment) {
      for (const partition of partitions) holders.set(`${topic} ${partition}`, memberId);
    }
  }
  return [...topicsOf(group)].sort().flatMap((topic) => {
    const committed = group.offsets.get(topic) ?? [];
    const ends = topics.get(topic)?.endOffsets ?? [];
    const count = Math.max(committed.length, ends.length);
    return Array.from({ length: count }, (_, partition) => {
      const offset = committed[partition] ?? -1;
      const end = ends[partition] ?? -1;
      return {
        topic,
        partition,
        committed: offset < 0 ? null : offset,
        end: end < 0 ? null : end,
        lag: offset < 0 || end < 0 ? null : Math.max(0, end - offset),
        member: holders.get(`${topic} ${partition}`) ?? null,
      };
    });
  });
}
