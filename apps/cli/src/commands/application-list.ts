import type { ApplicationItem } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { readPages } from '../server/read-pages.ts';
import { serverOptions } from '../server/server-options.ts';

const columns: readonly Column<ApplicationItem>[] = [
  { title: 'NAME', cell: (row) => row.name, shrinks: true },
  { title: 'TEAM', cell: (row) => row.team, shrinks: true },
  { title: 'CLUSTERS', cell: (row) => row.clusters.join(',') || null, shrinks: true },
  { title: 'TOPICS', cell: (row) => row.topics },
  { title: 'CREDENTIALS', cell: (row) => row.credentials },
  { title: 'SHUT OUT', cell: (row) => row.shutOut.join(',') || null, shrinks: true },
  { title: 'FINDINGS', cell: (row) => row.findings },
];

export const applicationList = command({
  name: 'application list',
  summary: 'List applications, with what they log in with',
  operands: [],
  options: {
    team: text({ placeholder: 'TEAM', help: 'Only of this team' }),
    cluster: text({ placeholder: 'NAME', help: 'Only those that use this cluster' }),
    ...serverOptions,
  },
  examples: [{ command: 'millrace application list --team shop', does: 'Those of one team' }],
  async run({ options, terminal }) {
    const { listApplicationsContract } = await import('@millrace/api/fleet');
    const { team, cluster } = options;
    const { items: rows } = await readPages((page) =>
      callServer(options, listApplicationsContract, { query: { team, cluster, ...page } }, terminal),
    );
    await showList({ name: 'applications', rows, columns, none: 'No such application is declared.' }, terminal);
    return undefined;
  },
});
