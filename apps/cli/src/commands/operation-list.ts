import type { OperationView } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { integer, text, withDefault } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const operationList = command({
  name: 'operation list',
  summary: 'List operations, newest first',
  operands: [],
  options: {
    state: text({ placeholder: 'A,B', help: 'Only in these states; open: all that have not ended' }),
    kind: text({ placeholder: 'KIND', help: 'Only of this kind' }),
    by: text({ placeholder: 'WHO', help: 'Only what they applied: user:ann' }),
    limit: withDefault(integer({ placeholder: 'N', help: 'How many at most' }, { min: 1, max: 1_000 }), 50),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace operation list --state open', does: 'What is going on' },
    { command: 'millrace operation list --state failed --json', does: 'What waits to be resumed, for a script' },
  ],
  async run({ options, terminal }) {
    const { listOperationsContract } = await import('@millrace/api/fleet');
    const { state, kind, by: principal, limit } = options;
    const { items } = await callServer(
      options,
      listOperationsContract,
      { query: { state, kind, principal, limit } },
      terminal,
    );
    if (terminal.json) {
      terminal.output.json({ operations: items });
      return undefined;
    }
    const columns: Column<OperationView>[] = [
      { title: 'OPERATION', cell: (row) => row.id },
      { title: 'STATE', cell: (row) => row.state },
      { title: 'STEPS', cell: (row) => `${row.progress.done}/${row.progress.total}` },
      { title: 'WHAT', cell: (row) => row.title, shrinks: true },
      { title: 'BY', cell: (row) => row.principal, shrinks: true },
      { title: 'APPLIED', cell: (row) => row.createdAt.slice(0, 19).replace('T', ' ') },
    ];
    for (const line of table(items, columns, terminal.output.columns)) terminal.output.line(line);
    return undefined;
  },
});
