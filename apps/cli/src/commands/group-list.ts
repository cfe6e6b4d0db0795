import { clusterOptions } from '../cluster/cluster-options.ts';
import { withClusters } from '../cluster/open-cluster.ts';
import { command } from '../framework/command.ts';
import { many } from '../framework/option.ts';
import { showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';

export const groupList = command({
  name: 'group list',
  summary: 'List consumer groups',
  description:
    'Without --cluster or --bootstrap: the groups of every cluster of the platform that runs on this machine.',
  operands: [],
  options: {
    state: many({ placeholder: 'STATE', help: 'Only groups in this state: Stable, Empty, ...' }, (state) => state),
    ...clusterOptions,
  },
  examples: [{ command: 'millrace group list --state Empty', does: 'Groups without members' }],
  async run({ options, terminal }) {
    const { signal } = terminal;
    return withClusters(options, async (clusters) => {
      const states = options.state.length === 0 ? undefined : options.state;
      const listings = await Promise.all(
        clusters.map(async ({ name, admin }) => {
          const groups = await admin.listGroups({ states, signal });
          return groups.map((listing) => ({ cluster: name, ...listing }));
        }),
      );
      const groups = listings.flat();
      const columns: Column<(typeof groups)[number]>[] = [
        { title: 'GROUP', cell: (row) => row.group, shrinks: true },
        { title: 'STATE', cell: (row) => row.state },
        { title: 'PROTOCOL', cell: (row) => row.protocolType },
      ];
      if (clusters.length > 1) columns.unshift({ title: 'CLUSTER', cell: (row) => row.cluster });
      await showList({ name: 'groups', rows: groups, columns, none: 'There are no consumer groups.' }, terminal);
      return undefined;
    });
  },
});
