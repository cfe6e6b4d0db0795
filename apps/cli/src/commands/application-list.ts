import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

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
    const items = [];
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const query = { team, cluster, cursor, limit: 1000 };
      const page = await callServer(options, listApplicationsContract, { query }, terminal);
      items.push(...page.items);
      cursor = page.next ?? undefined;
    }
    if (terminal.json) {
      terminal.output.json({ applications: items });
      return undefined;
    }
    const columns: Column<(typeof items)[number]>[] = [
      { title: 'NAME', cell: (row) => row.name, shrinks: true },
      { title: 'TEAM', cell: (row) => row.team, shrinks: true },
      { title: 'CLUSTERS', cell: (row) => row.clusters.join(',') || null, shrinks: true },
      { title: 'TOPICS', cell: (row) => row.topics },
      { title: 'CREDENTIALS', cell: (row) => row.credentials },
      { title: 'SHUT OUT', cell: (row) => row.shutOut.join(',') || null, shrinks: true },
      { title: 'FINDINGS', cell: (row) => row.findings },
    ];
    for (const line of table(items, columns, terminal.output.columns)) terminal.output.line(line);
    return undefined;
  },
});
