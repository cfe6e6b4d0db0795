/** `ALTER TABLE ... SET NOT NULL`: reads each row, unless a valid constraint proves that none is null. */
import { nameText, type ObjectName, quoted } from '../../sql/names.ts';
import type { Context, Effect } from '../effect.ts';

export function setNotNull(table: ObjectName, column: string, context: Context): Effect {
  const facts = context.catalog.table(table);
  const isProved =
    facts?.columns.get(column)?.isNotNull === true ||
    (facts?.constraints ?? []).some(
      ({ kind, isValid, definition }) =>
        kind === 'check' && isValid && definition.replace(/^CHECK \(+|\)+$/g, '') === `${quoted(column)} IS NOT NULL`,
    );
  const constraint = quoted(`${table.name}_${column}_not_null`);
  const condition = `CHECK (${quoted(column)} IS NOT NULL)`;
  return {
    kind: 'ALTER TABLE ... SET NOT NULL',
    locks: [{ on: table, mode: 'ACCESS EXCLUSIVE' }],
    rewrites: 'no',
    scans: isProved ? 'no' : facts === undefined ? 'maybe' : 'yes',
    findings: isProved
      ? []
      : [
          {
            rule: 'set-not-null',
            severity: 'unsafe',
            breaks: ['reads', 'writes'],
            message: `each row of ${nameText(table)} is read while nobody can read or write`,
            safe: [
              `ALTER TABLE ${nameText(table)} ADD CONSTRAINT ${constraint} ${condition} NOT VALID`,
              `ALTER TABLE ${nameText(table)} VALIDATE CONSTRAINT ${constraint}`,
              `ALTER TABLE ${nameText(table)} ALTER COLUMN ${quoted(column)} SET NOT NULL`,
              `ALTER TABLE ${nameText(table)} DROP CONSTRAINT ${constraint}`,
            ],
          },
        ],
  };
}
