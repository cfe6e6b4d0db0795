import type { AuditEntry } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { integer, text, withDefault } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const auditList = command({
  name: 'audit list',
  summary: 'List who changed what, newest first',
  operands: [],
  options: {
    kind: text({ placeholder: 'KIND', help: 'Only of things of this kind: cluster, topic, operation and so on' }),
    id: text({ placeholder: 'ID', help: 'Only of the one with this id: east/orders' }),
    by: text({ placeholder: 'WHO', help: 'Only what they did: user:ann' }),
    action: text({ placeholder: 'ACTION', help: 'Only this; with a * at the end, all that begin so' }),
    operation: text({ placeholder: 'ID', help: 'Only what this operation did' }),
    limit: withDefault(integer({ placeholder: 'N', help: 'How many at most' }, { min: 1, max: 1_000 }), 50),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace audit list --kind topic --id east/orders', does: 'All that was done to a topic' },
    { command: 'millrace audit list --by user:ann --json', does: 'With what was before and after, for a script' },
  ],
  async run({ options, terminal }) {
    const { listAuditContract } = await import('@millrace/api/fleet');
    const { kind, id, by: principal, action, operation, limit } = options;
    const query = { kind, id, principal, action, operation, limit };
    const { items } = await callServer(options, listAuditContract, { query }, terminal);
    if (terminal.json) {
      terminal.output.json({ entries: items });
      return undefined;
    }
    const columns: Column<AuditEntry>[] = [
      { title: 'ENTRY', cell: (row) => row.seq, plain: true },
      { title: 'AT', cell: (row) => row.at.slice(0, 19).replace('T', ' ') },
      { title: 'WHO', cell: (row) => row.principal, shrinks: true },
      { title: 'ACTION', cell: (row) => row.action },
      { title: 'WHAT', cell: (row) => [row.kind, row.id].filter((part) => part !== null).join(' '), shrinks: true },
      { title: 'WHY', cell: (row) => row.why || null, shrinks: true },
    ];
    for (const line of table(items, columns, terminal.output.columns)) terminal.output.line(line);
    return undefined;
  },
});
