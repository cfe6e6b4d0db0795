import type { BrokerView, ClusterDetail } from '@millrace/api/fleet';
import { amount, sinceText } from '../cluster/observed-text.ts';
import { command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { type Column, counted, table } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';
import { stateOf } from './cluster-list.ts';

type Change = ClusterDetail['history'][number];

export const clusterDescribe = command({
  name: 'cluster describe',
  summary: 'Show a cluster: its brokers, and what changed',
  operands: [{ name: 'CLUSTER', help: 'which cluster to describe' }],
  options: {
    refresh: flag({ help: 'Look at it now, and not show what was last seen' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace cluster describe east', does: 'As it was last seen' },
    { command: 'millrace cluster describe east --refresh --json', does: 'As it is now, for a script' },
  ],
  async run({ options, operands: [name = ''], terminal }) {
    const { getClusterContract, refreshClusterContract } = await import('@millrace/api/fleet');
    const params = { name };
    if (options.refresh) await callServer(options, refreshClusterContract, { params }, terminal);
    const cluster = await callServer(options, getClusterContract, { params }, terminal);
    if (terminal.json) terminal.output.json(cluster);
    else print(cluster, terminal);
    return undefined;
  },
});

function print(cluster: ClusterDetail, { output }: Terminal): void {
  const now = Date.now();
  const { name, site, zone, environment, bootstrap, observedAt, clusterId } = cluster;
  const places = [environment, site, zone].filter((place) => place !== null).join(', ');
  output.line(`${name}${places === '' ? '' : ` (${places})`}: ${stateOf(cluster)}, seen ${sinceText(observedAt, now)}`);
  output.line(`  id ${clusterId ?? 'unknown'}, bootstrap ${bootstrap}`);
  const things = [
    counted(cluster.topics, 'topic'),
    counted(cluster.partitions, 'partition'),
    counted(cluster.groups, 'group'),
    cluster.acls === null ? 'no ACLs known' : counted(cluster.acls, 'ACL'),
  ];
  output.line(`  ${things.join(', ')}`);
  const rates = [amount(cluster.recordsPerSecond, ' records/s'), amount(cluster.storedBytes, 'B stored')];
  const told = rates.filter((rate) => rate !== null);
  if (told.length > 0) output.line(`  ${told.join(', ')}`);
  if (cluster.brokerList.length > 0) {
    output.line('');
    for (const line of table(cluster.brokerList, brokerColumns, output.columns)) output.line(line);
  }
  if (cluster.history.length === 0) return;
  output.line('');
  const columns: Column<Change>[] = [
    { title: 'CHANGED', cell: (row) => sinceText(row.at, now) },
    { title: 'WHAT', cell: (row) => `${row.kind} ${row.name}`, shrinks: true },
    { title: 'HOW', cell: changeText, shrinks: true },
  ];
  for (const line of table(cluster.history.slice(0, 10), columns, output.columns)) output.line(line);
}

const brokerColumns: Column<BrokerView>[] = [
  { title: 'BROKER', cell: (row) => row.nodeId, plain: true },
  { title: 'ADDRESS', cell: (row) => `${row.host}:${row.port}`, shrinks: true },
  { title: 'RACK', cell: (row) => row.rack },
  { title: 'ROLE', cell: (row) => (row.controller ? 'controller' : '') },
  { title: 'LEADS', cell: (row) => row.leads },
  { title: 'REPLICAS', cell: (row) => row.replicas },
  { title: 'LOGS', cell: (row) => amount(row.logBytes, 'B') },
  { title: 'FREE', cell: (row) => amount(row.diskUsableBytes, 'B') },
  { title: 'PROBLEM', cell: (row) => row.problem ?? '', shrinks: true },
];

function changeText({ what, field, from, to }: Change): string {
  if (what !== 'changed') return what;
  return `${field}: ${JSON.stringify(from ?? null)} -> ${JSON.stringify(to ?? null)}`;
}
