import type { SchemaVersion } from '@millrace/postgres';
import { command } from '../framework/command.ts';
import { printable } from '../framework/printable.ts';
import { type Column, table } from '../framework/table.ts';
import { databaseOption, databaseUrlOf } from '../schema/database-option.ts';

export const schemaVersions = command({
  name: 'schema versions',
  summary: 'List the versions of a PostgreSQL schema that code runs on side by side',
  description: `A version is a schema with a view of each table, as the code of that version sees it; schema apply
    --version makes one, and code chooses it by its search_path. A version whose change is under way waits until all
    code uses it.`,
  operands: [],
  options: databaseOption,
  examples: [{ command: 'millrace schema versions --database-url postgres://localhost/shop', does: 'Oldest first' }],
  async run({ options, terminal }) {
    const { listVersions, withConnection } = await import('@millrace/postgres');
    const versions = await withConnection(databaseUrlOf(options), listVersions);
    if (terminal.json) terminal.output.json({ versions });
    else if (versions.length === 0) terminal.note('There is no version; schema apply --version NAME makes one.');
    else for (const line of table(versions, columns, terminal.output.columns)) terminal.output.line(printable(line));
    return undefined;
  },
});

const columns: readonly Column<SchemaVersion>[] = [
  { title: 'VERSION', cell: ({ name }) => name },
  { title: 'OF', cell: ({ base }) => base },
  { title: 'VIEWS', cell: ({ views }) => views },
  { title: 'MADE', cell: ({ madeAt }) => madeAt.toISOString() },
  { title: 'CHANGE', cell: ({ change, isUnderWay }) => `${change}, ${isUnderWay ? 'under way' : 'done'}` },
];
