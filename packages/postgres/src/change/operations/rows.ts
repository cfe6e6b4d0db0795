/** Statements that change rows, in a script of changes to the schema. */
import type { DeleteStmt, RangeVar, UpdateStmt } from 'libpg-query';
import { nameText, relationName } from '../../sql/names.ts';
import { type Context, type Effect, harmless } from '../effect.ts';

export function changeRows(what: 'UPDATE' | 'DELETE', statement: UpdateStmt | DeleteStmt, context: Context): Effect {
  const { relation } = statement;
  const table = relation === undefined ? { name: '' } : relationName(relation);
  const locks = [{ on: table, mode: 'ROW EXCLUSIVE' } as const];
  if (context.isNew(table)) return { kind: what, ...harmless, locks };
  return {
    kind: what,
    ...harmless,
    locks,
    scans: 'maybe',
    findings: [
      {
        rule: 'backfill',
        severity: 'unsafe',
        breaks: ['writes', 'consumers'],
        message:
          `all rows that it changes in ${nameText(table)} stay locked until it ends, nothing is vacuumed meanwhile, ` +
          'and replicas and readers of changes get it as one transaction',
        safe: ['change rows in batches, each its own transaction, with pauses (millrace schema apply does)'],
      },
    ],
  };
}

export function insertRows(relation: RangeVar | undefined): Effect {
  const locks = relation === undefined ? [] : [{ on: relationName(relation), mode: 'ROW EXCLUSIVE' } as const];
  return { kind: 'INSERT', ...harmless, locks };
}
