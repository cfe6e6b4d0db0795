import { clusterOptions } from '../cluster/cluster-options.ts';
import { describeGroup, type GroupLag, noSuchGroup } from '../cluster/group-lag.ts';
import { type OpenCluster, withClusters } from '../cluster/open-cluster.ts';
import { command } from '../framework/command.ts';
import { count, counted, table } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';

export const groupDescribe = command({
  name: 'group describe',
  summary: "Show groups' members, committed offsets and lag",
  description: 'The lag of a partition is what lies between the committed offset and the end.',
  operands: [{ name: 'GROUP', help: 'which groups to describe', many: true }],
  options: clusterOptions,
  examples: [
    { command: 'millrace group describe billing --json', does: 'For a script: lag and offsets of each partition' },
  ],
  async run({ options, operands, terminal }) {
    return withClusters(options, async (clusters) => {
      const groups: GroupLag[] = [];
      for (const name of operands) {
        const found = await Promise.all(
          clusters.map((cluster) => describeGroup(cluster, name, { signal: terminal.signal })),
        );
        const here = found.filter((group) => group !== undefined);
        if (here.length === 0) throw await noSuchGroup(name, clusters[0] as OpenCluster);
        groups.push(...here);
      }
      if (terminal.json) terminal.output.json({ groups });
      else for (const [index, group] of groups.entries()) print(group, index, terminal);
      return undefined;
    });
  },
});

function print(described: GroupLag, index: number, { output }: Terminal): void {
  const { cluster, group, state, protocol, members, lag, offsets } = described;
  if (index > 0) output.line('');
  const assignor = protocol === '' ? '' : `, ${protocol}`;
  output.line(`${group} on ${cluster}: ${state}${assignor}, ${counted(members.length, 'member')}, lag ${count(lag)}`);
  if (offsets.length === 0) {
    output.line('It has committed no offsets.');
    return;
  }
  output.line('');
  const lines = table(
    offsets,
    [
      { title: 'TOPIC', cell: (row) => row.topic, shrinks: true },
      { title: 'PARTITION', cell: (row) => row.partition, plain: true },
      { title: 'COMMITTED', cell: (row) => row.committed },
      { title: 'END', cell: (row) => row.end },
      { title: 'LAG', cell: (row) => row.lag },
      { title: 'CLIENT', cell: (row) => row.clientId, shrinks: true },
      { title: 'MEMBER', cell: (row) => row.memberId, shrinks: true },
    ],
    output.columns,
  );
  for (const line of lines) output.line(line);
}
