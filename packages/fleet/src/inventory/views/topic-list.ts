/** Answers of lists of topics: a page of them, or all that fit as a compact table. Pure. */
import { type TopicView, topicTableColumns, topicTableFlags } from '@millrace/api/fleet';
import type { ClusterRows, TopicRow } from './fleet-rows.ts';
import { type PageQuery, type SortKey, selectPage } from './select-page.ts';
import { flagsOf, type TopicFilter, topicFilter } from './topic-filter.ts';

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
  const keyOf = ({ view }: TopicRow): SortKey => view[sort];
  const idOf = ({ view }: TopicRow): string => view.id;
  const page = selectPage(rows, { keyOf, idOf, descending }, query);
  const fields = query.fields?.split(',');
  return {
    items: page.rows.map(({ view }) => (fields === undefined ? view : picked(view, fields))),
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
  const facets: Facets = { cluster: {}, environment: {}, site: {}, owner: {}, dataClass: {}, flags: {} };
  const count = (facet: keyof Facets, value: string | null | undefined): void => {
    facets[facet][value ?? ''] = (facets[facet][value ?? ''] ?? 0) + 1;
  };
  for (const { view, spec } of rows) {
    count('cluster', view.cluster);
    count('environment', spec.environment);
    count('site', spec.site);
    count('owner', view.owner);
    count('dataClass', view.dataClass);
    for (const flag of flagsOf(view, now)) count('flags', flag);
  }
  return facets;
}

/** Rows by cluster and name. */
export function topicTable(clusters: readonly ClusterRows[], query: TopicFilter, now: number) {
  const clusterPlaces = new Map(clusters.map(({ spec }, place) => [spec.name, place]));
  const ownerPlaces = new Map<string, number>();
  const rows = topicsThatFit(clusters, query, now).map(({ view }) => {
    let owner = -1;
    if (view.owner !== null) {
      owner = ownerPlaces.get(view.owner) ?? ownerPlaces.size;
      ownerPlaces.set(view.owner, owner);
    }
    return [
      clusterPlaces.get(view.cluster) ?? -1,
      view.name,
      owner,
      view.partitions,
      view.replicas,
      brief(view.storedBytes),
      brief(view.recordsPerSecond),
      brief(view.bytesPerSecond),
      view.consumers,
      flagBits(view),
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
function brief(value: number | null): number {
  return value === null ? -1 : Number(value.toPrecision(3));
}

function flagBits(view: TopicView): number {
  return (
    (view.internal ? topicTableFlags.internal : 0) |
    (view.declared ? topicTableFlags.declared : 0) |
    (view.there ? 0 : topicTableFlags.missing) |
    (view.underReplicated > 0 ? topicTableFlags.underReplicated : 0) |
    (view.offline > 0 ? topicTableFlags.offline : 0) |
    (view.stale ? topicTableFlags.stale : 0)
  );
}
