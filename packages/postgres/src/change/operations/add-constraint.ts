/** `ALTER TABLE ... ADD CONSTRAINT`: what holds from now on is instant; what old rows must be checked for is not. */
import type { Constraint } from 'libpg-query';
import { nameText, type ObjectName, quoted, relationName, wordsOf } from '../../sql/names.ts';
import type { Context, Effect, Finding } from '../effect.ts';
import { harmless } from '../effect.ts';

const kind = 'ALTER TABLE ... ADD CONSTRAINT';

export function addConstraint(table: ObjectName, constraint: Constraint, context: Context): Effect {
  const name = nameText(table);
  const own = constraint.conname === undefined ? '...' : quoted(constraint.conname);
  const isChecked = constraint.skip_validation !== true && constraint.is_enforced !== false;
  const exclusive = [{ on: table, mode: 'ACCESS EXCLUSIVE' } as const];
  switch (constraint.contype) {
    case 'CONSTR_FOREIGN':
      return foreignKey(table, constraint, isChecked);
    case 'CONSTR_CHECK':
    case 'CONSTR_NOTNULL': {
      const message = `each row of ${name} is checked while nobody can read or write`;
      const safe = [
        `ALTER TABLE ${name} ADD CONSTRAINT ${own} ... NOT VALID`,
        `ALTER TABLE ${name} VALIDATE CONSTRAINT ${own}`,
      ];
      const rule = constraint.contype === 'CONSTR_CHECK' ? 'add-check-constraint' : 'set-not-null';
      const findings = isChecked ? [blocking(rule, message, safe)] : [];
      return { kind, ...harmless, locks: exclusive, scans: isChecked ? 'yes' : 'no', findings };
    }
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY':
      return unique(table, constraint, context);
    case 'CONSTR_EXCLUSION': {
      const message = `an index of ${name} is built while nobody can read or write, and no other way is known`;
      return {
        kind,
        locks: exclusive,
        rewrites: 'no',
        scans: 'yes',
        findings: [blocking('add-exclusion-constraint', message, [])],
      };
    }
    default:
      return { kind, ...harmless, locks: exclusive };
  }
}

function foreignKey(table: ObjectName, constraint: Constraint, isChecked: boolean): Effect {
  const other = constraint.pktable === undefined ? undefined : relationName(constraint.pktable);
  const own = constraint.conname === undefined ? '...' : quoted(constraint.conname);
  const name = nameText(table);
  const both = `${name} and ${other === undefined ? 'the other table' : nameText(other)}`;
  const message = `writes to ${both} wait while each row is checked`;
  const safe = [
    `ALTER TABLE ${name} ADD CONSTRAINT ${own} FOREIGN KEY ... NOT VALID`,
    `ALTER TABLE ${name} VALIDATE CONSTRAINT ${own}`,
  ];
  return {
    kind,
    locks: [table, ...(other === undefined ? [] : [other])].map((on) => ({ on, mode: 'SHARE ROW EXCLUSIVE' })),
    rewrites: 'no',
    scans: isChecked ? 'yes' : 'no',
    findings: isChecked ? [{ ...blocking('add-foreign-key', message, safe), breaks: ['writes'] }] : [],
  };
}

function unique(table: ObjectName, constraint: Constraint, { catalog }: Context): Effect {
  const locks = [{ on: table, mode: 'ACCESS EXCLUSIVE' } as const];
  const name = nameText(table);
  const own = constraint.conname === undefined ? '...' : quoted(constraint.conname);
  const what = constraint.contype === 'CONSTR_PRIMARY' ? 'PRIMARY KEY' : 'UNIQUE';
  if (constraint.indexname !== undefined) {
    // A primary key makes its columns NOT NULL, which is checked where they are not.
    const facts = catalog.table(table);
    const index = facts?.indexes.find((each) => each.name.name === constraint.indexname);
    const isNotNull = index?.columns.every((column) => facts?.columns.get(column)?.isNotNull === true);
    const scans = what === 'UNIQUE' || isNotNull === true ? 'no' : index === undefined ? 'maybe' : 'yes';
    const message = `to make its columns NOT NULL, each row of ${name} is read while nobody can read or write`;
    const findings =
      scans === 'yes' ? [blocking('set-not-null', message, ['set its columns NOT NULL safely before'])] : [];
    return { kind, ...harmless, locks, scans, findings };
  }
  const columns = wordsOf(constraint.keys).map(quoted).join(', ');
  const message = `an index of ${name} is built while nobody can read or write`;
  const safe = [
    `CREATE UNIQUE INDEX CONCURRENTLY ${own} ON ${name} (${columns})`,
    `ALTER TABLE ${name} ADD CONSTRAINT ${own} ${what} USING INDEX ${own}`,
  ];
  return { kind, locks, rewrites: 'no', scans: 'yes', findings: [blocking('add-unique-constraint', message, safe)] };
}

function blocking(rule: Finding['rule'], message: string, safe: readonly string[]): Finding {
  return { rule, severity: 'unsafe', breaks: ['reads', 'writes'], message, safe };
}
