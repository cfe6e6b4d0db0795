import type { ClusterView, MirrorRoute, Topology } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import type { Output } from '../framework/output.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';
import { stateOf } from './cluster-list.ts';

const clusterColumns: readonly Column<ClusterView>[] = [
  { title: 'SITE', cell: (row) => row.site },
  { title: 'ZONE', cell: (row) => row.zone },
  { title: 'CLUSTER', cell: (row) => row.name },
  { title: 'ENVIRONMENT', cell: (row) => row.environment },
  { title: 'STATE', cell: stateOf, shrinks: true },
];

const mirrorColumns: readonly Column<MirrorRoute>[] = [
  { title: 'FROM', cell: (row) => row.source },
  { title: 'TO', cell: (row) => row.target },
  { title: 'MIRROR', cell: (row) => row.name },
  { title: 'TOPICS', cell: (row) => row.topics.join(',') || null, shrinks: true },
  { title: 'STATE', cell: ({ problem, state, declared }) => problem ?? state ?? (declared ? null : 'not declared') },
];

export const topology = command({
  name: 'topology',
  summary: 'Show where clusters are, how, and the mirrors between them',
  operands: [],
  options: serverOptions,
  examples: [
    { command: 'millrace topology', does: 'Where each cluster is, how it is, and what is copied to where' },
    { command: 'millrace topology --json', does: 'With sites, zones and environments, for a script' },
  ],
  async run({ options, terminal }) {
    const { topologyContract } = await import('@millrace/api/fleet');
    const map = await callServer(options, topologyContract, {}, terminal);
    if (terminal.json) terminal.output.json(map);
    else if (map.clusters.length === 0) terminal.note('There are no clusters in the record of the fleet.');
    else print(map, terminal.output);
    return undefined;
  },
});

function print({ clusters, mirrors }: Topology, output: Output): void {
  const placeOf = ({ site, zone, name }: ClusterView): string => [site ?? '~', zone ?? '~', name].join('\n');
  const sorted = clusters.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  for (const line of table(sorted, clusterColumns, output.columns)) output.line(line);
  if (mirrors.length === 0) return;
  output.line('');
  for (const line of table(mirrors, mirrorColumns, output.columns)) output.line(line);
}
