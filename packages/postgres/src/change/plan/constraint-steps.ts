/** Constraints that hold for new rows at once, and are checked in old ones while others go on. */
import type { Constraint, Node } from 'libpg-query';
import type { Catalog } from '../../catalog/catalog.ts';
import { nameText, type ObjectName, quoted, relationName, wordsOf } from '../../sql/names.ts';
import { toSql } from '../../sql/to-sql.ts';
import { notNullSteps } from './not-null-steps.ts';
import type { Step } from './plan.ts';
import { alter, ddl, on, shortName, validate } from './write.ts';

/** Undefined where no safe way is known. */
export function addConstraintSteps(table: ObjectName, constraint: Constraint, catalog: Catalog): Step[] | undefined {
  switch (constraint.contype) {
    case 'CONSTR_CHECK':
    case 'CONSTR_NOTNULL':
    case 'CONSTR_FOREIGN':
      return checkedSteps(table, constraint);
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY':
      return uniqueSteps(table, constraint, catalog);
    default:
      return undefined;
  }
}

function checkedSteps(table: ObjectName, constraint: Constraint): Step[] {
  const name = constraint.conname ?? nameFor(table, constraint);
  const other = constraint.pktable === undefined ? undefined : relationName(constraint.pktable);
  const { initially_valid: _, ...rest } = constraint;
  const added = toSql({
    AlterTableStmt: {
      relation: { schemaname: table.schema, relname: table.name, inh: true, relpersistence: 'p' },
      cmds: [
        {
          AlterTableCmd: {
            subtype: 'AT_AddConstraint',
            def: { Constraint: { ...rest, conname: name, skip_validation: true } },
            behavior: 'DROP_RESTRICT',
          },
        },
      ],
      objtype: 'OBJECT_TABLE',
    },
  } as unknown as Node);
  const locks =
    other === undefined ? [on(table)] : [on(table, 'SHARE ROW EXCLUSIVE'), on(other, 'SHARE ROW EXCLUSIVE')];
  const add = ddl(`${name} holds for new rows of ${nameText(table)}`, added, locks);
  // One that was asked for without a check of old rows stays so.
  return constraint.skip_validation === true ? [add] : [add, validate(table, name)];
}

function uniqueSteps(table: ObjectName, constraint: Constraint, catalog: Catalog): Step[] {
  const isPrimary = constraint.contype === 'CONSTR_PRIMARY';
  const name = constraint.conname ?? nameFor(table, constraint);
  const what = isPrimary ? 'PRIMARY KEY' : 'UNIQUE';
  const facts = catalog.table(table);
  const given = constraint.indexname;
  const columns =
    given === undefined
      ? wordsOf(constraint.keys)
      : (facts?.indexes.find((index) => index.name.name === given)?.columns ?? []);
  const steps: Step[] = [];
  if (isPrimary) {
    for (const column of columns) {
      if (facts?.columns.get(column)?.isNotNull !== true) steps.push(...notNullSteps(table, column));
    }
  }
  if (given === undefined) {
    const list = columns.map(quoted).join(', ');
    const nulls = constraint.nulls_not_distinct === true ? ' NULLS NOT DISTINCT' : '';
    const including = wordsOf(constraint.including).map(quoted).join(', ');
    const include = including === '' ? '' : ` INCLUDE (${including})`;
    steps.push({
      kind: 'alone',
      title: `unique index ${name} of ${nameText(table)}`,
      sql: `CREATE UNIQUE INDEX CONCURRENTLY ${quoted(name)} ON ${nameText(table)} (${list})${include}${nulls}`,
      isOutside: true,
      makesIndex: { schema: facts?.name.schema ?? table.schema, name },
      locks: [on(table, 'SHARE UPDATE EXCLUSIVE')],
    });
  }
  const using = `ADD CONSTRAINT ${quoted(name)} ${what} USING INDEX ${quoted(given ?? name)}`;
  const deferred =
    constraint.deferrable === true ? ` DEFERRABLE${constraint.initdeferred === true ? ' INITIALLY DEFERRED' : ''}` : '';
  return [...steps, alter(table, `${name} is ${what} of ${nameText(table)}`, using + deferred)];
}

/** As PostgreSQL names what has no name. */
function nameFor(table: ObjectName, { contype, keys, fk_attrs: own }: Constraint): string {
  switch (contype) {
    case 'CONSTR_PRIMARY':
      return shortName(table.name, 'pkey');
    case 'CONSTR_UNIQUE':
      return shortName(table.name, ...wordsOf(keys), 'key');
    case 'CONSTR_FOREIGN':
      return shortName(table.name, ...wordsOf(own), 'fkey');
    case 'CONSTR_NOTNULL':
      return shortName(table.name, ...wordsOf(keys), 'not_null');
    default:
      return shortName(table.name, 'check');
  }
}
