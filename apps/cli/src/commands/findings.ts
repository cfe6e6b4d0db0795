import type { Finding } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { readPages } from '../server/read-pages.ts';
import { serverOptions } from '../server/server-options.ts';

const columns: readonly Column<Finding>[] = [
  { title: 'SEVERITY', cell: (row) => row.severity },
  { title: 'KIND', cell: (row) => row.kind },
  { title: 'WHAT', cell: (row) => row.text, shrinks: true },
  { title: 'ADVICE', cell: (row) => row.advice, shrinks: true },
];

export const findings = command({
  name: 'findings',
  summary: 'Show what is wrong with access: drift, unused rights, expiry, plaintext',
  operands: [],
  options: {
    kind: text({ placeholder: 'KINDS', help: 'Only these, separated by commas: undeclared_acl, unused_grant, ...' }),
    severity: text({ placeholder: 'WORDS', help: 'Only these, separated by commas: high, medium, low' }),
    cluster: text({ placeholder: 'NAME', help: 'Only of this cluster' }),
    application: text({ placeholder: 'NAME', help: 'Only of this application' }),
    team: text({ placeholder: 'TEAM', help: 'Only of applications of this team' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace findings --severity high', does: 'What should not wait' },
    { command: 'millrace findings --application orders --json', does: 'All about one application, with what to do' },
  ],
  async run({ options, terminal }) {
    const { listFindingsContract } = await import('@millrace/api/fleet');
    const { kind, severity, cluster, application, team } = options;
    const filter = { kind, severity, cluster, application, team };
    const { items: rows } = await readPages((page) =>
      callServer(options, listFindingsContract, { query: { ...filter, ...page } }, terminal),
    );
    await showList(
      { name: 'findings', rows, columns, none: 'Nothing is wrong, as far as it was looked for.' },
      terminal,
    );
    return undefined;
  },
});
