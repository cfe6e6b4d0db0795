import type { AuditEntry } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { parsed, text } from '../framework/option.ts';
import { limitOption, showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { isoMoment, momentForms } from '../records/moment.ts';
import { callServer } from '../server/find-server.ts';
import { readPages } from '../server/read-pages.ts';
import { serverOptions } from '../server/server-options.ts';

const columns: readonly Column<AuditEntry>[] = [
  { title: 'ENTRY', cell: (row) => row.seq, plain: true },
  { title: 'AT', cell: (row) => row.at.slice(0, 19).replace('T', ' ') },
  { title: 'WHO', cell: (row) => row.principal, shrinks: true },
  { title: 'ACTION', cell: (row) => row.action },
  { title: 'WHAT', cell: (row) => [row.kind, row.id].filter((part) => part !== null).join(' '), shrinks: true },
  { title: 'WHY', cell: (row) => row.why || null, shrinks: true },
];

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
    from: parsed({ placeholder: 'TIME', help: `Not before this: ${momentForms}` }, isoMoment),
    until: parsed({ placeholder: 'TIME', help: 'Before this' }, isoMoment),
    ...limitOption,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace audit list --kind topic --id east/orders', does: 'All that was done to a topic' },
    { command: 'millrace audit list --from 1h', does: 'What was done in the last hour' },
    { command: 'millrace audit list --by user:ann --json', does: 'With what was before and after, for a script' },
  ],
  async run({ options, terminal }) {
    const { listAuditContract } = await import('@millrace/api/fleet');
    const { kind, id, by: principal, action, operation, from, until, limit } = options;
    const filter = { kind, id, principal, action, operation, from, until };
    const { items: rows, more } = await readPages(
      (page) => callServer(options, listAuditContract, { query: { ...filter, ...page } }, terminal),
      limit,
    );
    await showList({ name: 'entries', rows, columns, more, none: 'The audit log has no such entries.' }, terminal);
    return undefined;
  },
});
