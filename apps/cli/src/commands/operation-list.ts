import type { OperationView } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { limitOption, showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { readPages } from '../server/read-pages.ts';
import { serverOptions } from '../server/server-options.ts';

const columns: readonly Column<OperationView>[] = [
  { title: 'OPERATION', cell: (row) => row.id },
  { title: 'STATE', cell: (row) => row.state },
  { title: 'STEPS', cell: (row) => `${row.progress.done}/${row.progress.total}` },
  { title: 'WHAT', cell: (row) => row.title, shrinks: true },
  { title: 'BY', cell: (row) => row.principal, shrinks: true },
  { title: 'APPLIED', cell: (row) => row.createdAt.slice(0, 19).replace('T', ' ') },
];

export const operationList = command({
  name: 'operation list',
  summary: 'List operations, newest first',
  operands: [],
  options: {
    state: text({ placeholder: 'A,B', help: 'Only in these states; open: all that have not ended' }),
    kind: text({ placeholder: 'KIND', help: 'Only of this kind' }),
    by: text({ placeholder: 'WHO', help: 'Only what they applied: user:ann' }),
    ...limitOption,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace operation list --state open', does: 'What is going on' },
    { command: 'millrace operation list --state failed --json', does: 'What waits to be resumed, for a script' },
  ],
  async run({ options, terminal }) {
    const { listOperationsContract } = await import('@millrace/api/fleet');
    const { state, kind, by: principal, limit } = options;
    const filter = { state, kind, principal };
    const { items: rows, more } = await readPages(
      (page) => callServer(options, listOperationsContract, { query: { ...filter, ...page } }, terminal),
      limit,
    );
    await showList({ name: 'operations', rows, columns, more, none: 'There are no such operations.' }, terminal);
    return undefined;
  },
});
