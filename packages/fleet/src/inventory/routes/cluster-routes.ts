/** Routes of clusters, brokers and their history. */
import { implement, type Route } from '@millrace/api';
import {
  type BrokerView,
  getBrokerContract,
  getClusterContract,
  listBrokersContract,
  listChangesContract,
  listClustersContract,
  refreshClusterContract,
  searchContract,
  topologyContract,
} from '@millrace/api/fleet';
import { isConnectionFailure } from '../../database/connection-failure.ts';
import { MirrorStore, type RunRow } from '../../mirrors/mirror-store.ts';
import { readChanges } from '../store/read-changes.ts';
import type { ClusterRows } from '../views/fleet-rows.ts';
import { searchFleet } from '../views/search.ts';
import { type SortKey, selectPage } from '../views/select-page.ts';
import { topologyOf } from '../views/topology.ts';
import { clusterRows, historyMax, notFound, type RouteParts } from './route-parts.ts';

/** Undefined while the database is away, without which the rest of the map can be told. */
async function runsNow(db: RouteParts['db']): Promise<ReadonlyMap<string, RunRow> | undefined> {
  try {
    return await new MirrorStore(db).runs();
  } catch (error) {
    if (isConnectionFailure(error)) return undefined;
    throw error;
  }
}

export function clusterRoutes(parts: RouteParts): Route[] {
  const { db, inventory, record, rows } = parts;
  return [
    implement(listClustersContract, ({ query }) => {
      const { site, zone, environment, q } = query;
      const needle = q?.toLowerCase();
      const fit = rows
        .all()
        .filter(
          ({ spec }) =>
            (site === undefined || spec.site === site) &&
            (zone === undefined || spec.zone === zone) &&
            (environment === undefined || spec.environment === environment) &&
            (needle === undefined || spec.name.toLowerCase().includes(needle)),
        );
      const nameOf = ({ spec }: ClusterRows): string => spec.name;
      const page = selectPage(fit, { keyOf: nameOf, idOf: nameOf, descending: false }, query);
      return { items: page.rows.map(({ view }) => view), next: page.next };
    }),
    implement(getClusterContract, async ({ params }) => {
      const { view, brokers } = clusterRows(parts, params.name);
      const kinds = ['cluster', 'broker', 'acl', 'quota'];
      const { items: history } = await readChanges(db, { cluster: params.name, kinds, limit: historyMax });
      return { ...view, brokerList: [...brokers], history };
    }),
    implement(refreshClusterContract, async ({ params, signal }) => {
      clusterRows(parts, params.name);
      await inventory.refresh(params.name, signal);
      return clusterRows(parts, params.name).view;
    }),
    implement(listBrokersContract, ({ query }) => {
      const { sort = 'id', order } = query;
      const isName = sort === 'id' || sort === 'host';
      const fit = rows.all().flatMap((cluster) => brokersThatFit(cluster, query));
      const sorting = {
        keyOf: (broker: BrokerView): SortKey => broker[sort],
        idOf: ({ id }: BrokerView): string => id,
        descending: order === undefined ? !isName : order === 'desc',
      };
      const page = selectPage(fit, sorting, query);
      return { items: [...page.rows], next: page.next };
    }),
    implement(getBrokerContract, async ({ params: { cluster, nodeId } }) => {
      const { brokers, observed } = clusterRows(parts, cluster);
      const view = brokers.find((broker) => broker.nodeId === nodeId);
      if (view === undefined) throw notFound(`cluster ${cluster} has no broker ${nodeId}`, 'brokers');
      const configs = observed.brokers.find((broker) => broker.nodeId === nodeId)?.configs ?? null;
      const of = { cluster, kind: 'broker', name: String(nodeId), limit: historyMax };
      return { ...view, configs: configs && { ...configs }, history: (await readChanges(db, of)).items };
    }),
    implement(listChangesContract, ({ query }) => readChanges(db, query)),
    implement(topologyContract, async () => topologyOf(record.current(), rows.all(), await runsNow(db))),
    implement(searchContract, ({ query: { q, kinds, limit = 50 } }) =>
      searchFleet(record.current(), rows.all(), { q, kinds, limit }),
    ),
  ];
}

function brokersThatFit(
  { spec, brokers }: ClusterRows,
  query: {
    readonly q?: string;
    readonly cluster?: string;
    readonly site?: string;
    readonly environment?: string;
    readonly rack?: string;
    readonly silent?: boolean;
  },
): readonly BrokerView[] {
  const { q, cluster, site, environment, rack, silent } = query;
  if (cluster !== undefined && spec.name !== cluster) return [];
  if (site !== undefined && spec.site !== site) return [];
  if (environment !== undefined && spec.environment !== environment) return [];
  const needle = q?.toLowerCase();
  return brokers.filter(
    ({ host, port, id, rack: own, problem }) =>
      (rack === undefined || own === rack) &&
      (silent === undefined || (problem !== null) === silent) &&
      (needle === undefined || `${id} ${host}:${port}`.toLowerCase().includes(needle)),
  );
}
