/** `ALTER TABLE ... DROP COLUMN`: instant, and breaks whoever still names the column. */
import { nameText, type ObjectName, quoted } from '../../sql/names.ts';
import type { Context, Effect, LockTaken } from '../effect.ts';

export function dropColumn(table: ObjectName, column: string, context: Context): Effect {
  const facts = context.catalog.table(table);
  const indexes = facts?.indexes.filter(({ columns }) => columns.includes(column)) ?? [];
  const others = (facts?.constraints ?? []).flatMap(({ kind, columns, references }): LockTaken[] =>
    kind === 'foreign' && columns.includes(column) && references !== undefined
      ? [{ on: references, mode: 'ACCESS EXCLUSIVE' }]
      : [],
  );
  const name = `${nameText(table)}.${quoted(column)}`;
  return {
    kind: 'ALTER TABLE ... DROP COLUMN',
    locks: [{ on: table, mode: 'ACCESS EXCLUSIVE' }, ...others],
    rewrites: 'no',
    scans: 'no',
    findings: [
      {
        rule: 'remove-column',
        severity: 'unsafe',
        breaks: ['running code', 'consumers'],
        message: `code that still names ${name} fails at once; readers of the table's changes lose the field`,
        safe: [
          `stop using ${quoted(column)} in all code, and deploy that`,
          ...indexes.map((index) => `DROP INDEX CONCURRENTLY ${nameText(index.name)}`),
          `then ALTER TABLE ${nameText(table)} DROP COLUMN ${quoted(column)}`,
        ],
      },
    ],
  };
}
