import type { EnrolmentView } from '@millrace/api/config';
import { command } from '../framework/command.ts';
import { minuteOf, showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

const columns: readonly Column<EnrolmentView>[] = [
  { title: 'ENROLMENT', cell: (row) => row.id },
  { title: 'MADE', cell: (row) => minuteOf(row.createdAt) },
  { title: 'BY', cell: (row) => row.createdBy, shrinks: true },
  { title: 'LAST USED', cell: (row) => (row.lastUsedAt === null ? 'never' : minuteOf(row.lastUsedAt)) },
  { title: 'ENDED', cell: (row) => (row.endedAt === null ? null : minuteOf(row.endedAt)) },
];

export const configEnrolments = command({
  name: 'config enrolments',
  summary: 'List the enrolments of an application',
  operands: [{ name: 'APP', help: 'the application' }],
  options: serverOptions,
  examples: [{ command: 'millrace config enrolments shop', does: 'Who made them, and when each was last used' }],
  async run({ options, operands: [name = ''], terminal }) {
    const { listEnrolmentsContract } = await import('@millrace/api/config');
    const { items: rows } = await callServer(options, listEnrolmentsContract, { params: { name } }, terminal);
    await showList({ name: 'enrolments', rows, columns, none: `${name} was never enrolled.` }, terminal);
    return undefined;
  },
});
