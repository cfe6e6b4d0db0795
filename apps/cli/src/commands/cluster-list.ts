import type { ClusterView } from '@millrace/api/fleet';
import { amount, sinceText } from '../cluster/observed-text.ts';
import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { readPages } from '../server/read-pages.ts';
import { serverOptions } from '../server/server-options.ts';

export const clusterList = command({
  name: 'cluster list',
  summary: 'List the clusters of the fleet as they were last seen',
  operands: [],
  options: {
    site: text({ placeholder: 'SITE', help: 'Only of this site' }),
    zone: text({ placeholder: 'ZONE', help: 'Only of this zone' }),
    environment: text({ placeholder: 'NAME', help: 'Only of this environment' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace cluster list', does: 'All, with what is in them and how old that is' },
    { command: 'millrace cluster list --environment production --json', does: 'For a script' },
  ],
  async run({ options, terminal }) {
    const { listClustersContract } = await import('@millrace/api/fleet');
    const { site, zone, environment } = options;
    const { items: rows } = await readPages((page) =>
      callServer(options, listClustersContract, { query: { site, zone, environment, ...page } }, terminal),
    );
    const now = Date.now();
    const columns: Column<ClusterView>[] = [
      { title: 'CLUSTER', cell: (row) => row.name },
      { title: 'STATE', cell: stateOf, shrinks: true },
      { title: 'SEEN', cell: (row) => sinceText(row.observedAt, now) },
      { title: 'SITE', cell: (row) => row.site },
      { title: 'ENVIRONMENT', cell: (row) => row.environment },
      { title: 'BROKERS', cell: (row) => row.brokers },
      { title: 'TOPICS', cell: (row) => row.topics },
      { title: 'PARTITIONS', cell: (row) => row.partitions },
      { title: 'GROUPS', cell: (row) => row.groups },
      { title: 'STORED', cell: (row) => amount(row.storedBytes, 'B') },
      { title: 'RECORDS', cell: (row) => amount(row.recordsPerSecond, '/s') },
    ];
    await showList(
      { name: 'clusters', rows, columns, none: 'No such cluster is in the record of the fleet.' },
      terminal,
    );
    return undefined;
  },
});

/** In few words; what does not answer comes first. */
export function stateOf(cluster: ClusterView): string {
  const { problem, offline, underReplicated, brokersSilent, stale } = cluster;
  if (problem !== null) return problem;
  if (brokersSilent > 0) return `${brokersSilent} brokers do not answer`;
  if (offline > 0) return `${offline} partitions offline`;
  if (underReplicated > 0) return `${underReplicated} under-replicated`;
  return stale ? 'not seen lately' : 'ok';
}
