/** Answers of lists of topics: a page of them, or all that fit as a compact table. Pure. */
import { type TopicView, topicTableColumns, topicTableFlags } from '@millrace/api/fleet';
import { type ClusterRows, replicasOf, type TopicRow, topicView } from './fleet-rows.ts';
import { type PageQuery, type SortKey, selectPage } from './select-page.ts';
import { hasFlag, type TopicFilter, topicFilter, topicFlags } from './topic-filter.ts';

export type TopicSort =
  | 'name'
  | 'cluster'
  | 'owner'
  | 'partitions'
  | 'storedBytes'
  | 'recordsPerSecond'
  | 'bytesPerSecond'
  | 'consumers'
  | 'trafficAt'
  | 'consumedAt';

export interface TopicListQuery extends TopicFilter, PageQuery {
  readonly sort?: TopicSort | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
  readonly fields?: string | undefined;
  readonly facets?: boolean | undefined;
}

type Facets = Record<'cluster' | 'environment' | 'site' | 'owner' | 'dataClass' | 'flags', Record<string, number>>;

const ascendingByDefault: ReadonlySet<TopicSort> = new Set(['name', 'cluster', 'owner', 'trafficAt', 'consumedAt']);

const sortKeys: Readonly<Record<TopicSort, (row: TopicRow) => SortKey>> = {
  name: ({ name }) => name,
  cluster: ({ cluster }) => cluster,
  owner: ({ owner }) => owner,
  partitions: ({ partitions }) => partitions,
  storedBytes: ({ topic }) => topic?.storedBytes ?? null,
  recordsPerSecond: ({ topic }) => topic?.recordsPerSecond ?? null,
  bytesPerSecond: ({ topic }) => topic?.bytesPerSecond ?? null,
  consumers: ({ consumers }) => consumers,
  trafficAt: ({ topic }) => topic?.trafficAt ?? null,
  consumedAt: ({ topic }) => topic?.consumedAt ?? null,
};

export function topicsThatFit(clusters: readonly ClusterRows[], query: TopicFilter, now: number): TopicRow[] {
  const fits = topicFilter(query, now);
  const rows: TopicRow[] = [];
  for (const { topics } of clusters) for (const row of topics) if (fits(row)) rows.push(row);
  return rows;
}

export function topicPage(clusters: readonly ClusterRows[], query: TopicListQuery, now: number) {
  const { sort = 'name', order } = query;
  const rows = topicsThatFit(clusters, query, now);
  const descending = order === undefined ? !ascendingByDefault.has(sort) : order === 'desc';
  const idOf = ({ id }: TopicRow): string => id;
  const page = selectPage(rows, { keyOf: sortKeys[sort], idOf, descending }, query);
  const fields = query.fields?.split(',');
  return {
    items: page.rows.map((row) => (fields === undefined ? topicView(row) : picked(topicView(row), fields))),
    next: page.next,
    total: page.total,
    ...(query.facets === true && { facets: facetsOf(rows, now) }),
  };
}

/** Fields that there are none of are left out. */
function picked(view: TopicView, fields: readonly string[]): Partial<TopicView> & Pick<TopicView, 'id'> {
  const entries = fields
    .filter((field) => Object.hasOwn(view, field))
    .map((field) => [field, view[field as keyof TopicView]]);
  return { ...(Object.fromEntries(entries) as Partial<TopicView>), id: view.id };
}

function facetsOf(rows: readonly TopicRow[], now: number): Facets {
  const count = (facetOf: (row: TopicRow) => string | null | undefined): Record<string, number> => {
    const counts = new Map<string, number>();
    for (const row of rows) {
      const value = facetOf(row) ?? '';
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return Object.fromEntries(counts);
  };
  const flags = topicFlags.map((flag) => {
    let having = 0;
    for (const row of rows) if (hasFlag(flag, row, now)) having++;
    return [flag, having] as const;
  });
  return {
    cluster: count(({ cluster }) => cluster),
    environment: count(({ spec }) => spec.environment),
    site: count(({ spec }) => spec.site),
    owner: count(({ owner }) => owner),
    dataClass: count(({ declared }) => declared?.dataClass),
    flags: Object.fromEntries(flags.filter(([, having]) => having > 0)),
  };
}

/** Rows by cluster and name. */
export function topicTable(clusters: readonly ClusterRows[], query: TopicFilter, now: number) {
  const clusterPlaces = new Map(clusters.map(({ spec }, place) => [spec.name, place]));
  const ownerPlaces = new Map<string, number>();
  const rows = topicsThatFit(clusters, query, now).map((row) => {
    let owner = -1;
    if (row.owner !== null) {
      owner = ownerPlaces.get(row.owner) ?? ownerPlaces.size;
      ownerPlaces.set(row.owner, owner);
    }
    const { topic } = row;
    return [
      clusterPlaces.get(row.cluster) ?? -1,
      row.name,
      owner,
      row.partitions,
      replicasOf(row),
      brief(topic?.storedBytes),
      brief(topic?.recordsPerSecond),
      brief(topic?.bytesPerSecond),
      row.consumers,
      flagBits(row),
    ];
  });
  return {
    columns: [...topicTableColumns],
    clusters: [...clusterPlaces.keys()],
    owners: [...ownerPlaces.keys()],
    rows,
  };
}

/** Three digits say enough in a table, and numbers that end in zeros make it no longer. */
function brief(value: number | undefined): number {
  if (value === undefined) return -1;
  if (value === 0 || (value < 1_000 && Number.isInteger(value))) return value;
  const power = Math.floor(Math.log10(value)) - 2;
  // Steps below 1 have no exact value, their inverses have.
  if (power >= 0) return Math.round(value / 10 ** power) * 10 ** power;
  return Math.round(value * 10 ** -power) / 10 ** -power;
}

function flagBits({ internal, declared, topic, underReplicated, offline, observed }: TopicRow): number {
  return (
    (internal ? topicTableFlags.internal : 0) |
    (declared !== undefined ? topicTableFlags.declared : 0) |
    (topic === undefined ? topicTableFlags.missing : 0) |
    (underReplicated > 0 ? topicTableFlags.underReplicated : 0) |
    (offline > 0 ? topicTableFlags.offline : 0) |
    (observed.stale ? topicTableFlags.stale : 0)
  );
}
