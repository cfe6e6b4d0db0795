/**
 * What makes a column a key: constraints and numbers that another column takes over, and foreign keys of other tables
 * that refer to it.
 */
import type { Catalog, ColumnFacts, ConstraintFacts } from '../../catalog/catalog.ts';
import { nameText, type ObjectName, quoted } from '../../sql/names.ts';
import type { Step } from './plan.ts';
import { ddl, on, shortName, validate } from './write.ts';

export function refersTo(definition: string, table: ObjectName, column: string): boolean {
  const [, other = '', list = ''] = /REFERENCES (\S+?)\(([^)]*)\)/.exec(definition) ?? [];
  const isTable = other === nameText(table) || other.endsWith(`.${quoted(table.name)}`) || other === quoted(table.name);
  return isTable && list.split(', ').includes(quoted(column));
}

/** A foreign key of another table that refers to the column. */
export interface Reference {
  readonly table: ObjectName;
  readonly constraint: ConstraintFacts;
}

export function referringKeys(
  { table, from }: { readonly table: ObjectName; readonly from: string },
  catalog: Catalog,
): Reference[] {
  return catalog
    .referencing(table)
    .flatMap((name) =>
      (catalog.table(name)?.constraints ?? [])
        .filter(({ kind, definition }) => kind === 'foreign' && refersTo(definition, table, from))
        .map((constraint) => ({ table: name, constraint })),
    );
}

/** The same key by the new column, beside the one that there is. */
export function otherKey(
  { table, from }: { readonly table: ObjectName; readonly from: string },
  reference: Reference,
  added: string,
): Step[] {
  const { table: other, constraint } = reference;
  const name = shortName(constraint.name, 'new');
  const definition = constraint.definition
    .replace(/ NOT VALID$/, '')
    .replace(/(REFERENCES \S+?\()([^)]*)\)/, (_, before: string, list: string) => {
      const columns = list.split(', ').map((each) => (each === quoted(from) ? quoted(added) : each));
      return `${before}${columns.join(', ')})`;
    });
  const add = `ALTER TABLE ${nameText(other)} ADD CONSTRAINT ${quoted(name)} ${definition} NOT VALID`;
  const locks = [on(other, 'SHARE ROW EXCLUSIVE'), on(table, 'SHARE ROW EXCLUSIVE')];
  return [
    ddl(`new rows of ${nameText(other)} refer to ${quoted(added)} too`, add, locks),
    ...(constraint.isValid ? [validate(other, name)] : []),
  ];
}

/** Constraints of the old column end, those of the new one get their names. */
export function handOver(
  table: ObjectName,
  taken: readonly ConstraintFacts[],
  referring: readonly Reference[],
): string[] {
  const name = nameText(table);
  const keys = referring.flatMap(({ table: other, constraint }) => [
    `ALTER TABLE ${nameText(other)} DROP CONSTRAINT ${quoted(constraint.name)}`,
    `ALTER TABLE ${nameText(other)} RENAME CONSTRAINT ${quoted(shortName(constraint.name, 'new'))} ` +
      `TO ${quoted(constraint.name)}`,
  ]);
  const own = taken.flatMap((constraint) => {
    const made = quoted(shortName(constraint.name, 'new'));
    const given = quoted(constraint.name);
    const drop = `ALTER TABLE ${name} DROP CONSTRAINT ${given}`;
    if (constraint.kind !== 'unique' && constraint.kind !== 'primary') {
      return [drop, `ALTER TABLE ${name} RENAME CONSTRAINT ${made} TO ${given}`];
    }
    const what = constraint.kind === 'primary' ? 'PRIMARY KEY' : 'UNIQUE';
    return [drop, `ALTER TABLE ${name} ADD CONSTRAINT ${given} ${what} USING INDEX ${made}`];
  });
  return [...keys, ...own];
}

/**
 * Where the old column is numbered, the new one goes on with its numbers. A sequence of its own would go with the old
 * column, and keeps to the old type.
 */
export function numbersFrom(
  table: ObjectName,
  {
    old,
    added,
    column,
    type,
  }: { readonly old: string; readonly added: string; readonly column: ColumnFacts; readonly type: string },
): string[] {
  const name = nameText(table);
  const of = (each: string): string => `${literal(name)}, ${literal(each)}`;
  if (/[ad]/.test(column.special)) {
    const kind = column.special === 'a' ? 'ALWAYS' : 'BY DEFAULT';
    return [
      `ALTER TABLE ${name} ALTER COLUMN ${quoted(added)} ADD GENERATED ${kind} AS IDENTITY`,
      `SELECT setval(pg_get_serial_sequence(${of(added)}), nextval(pg_get_serial_sequence(${of(old)})), false)`,
      `ALTER TABLE ${name} ALTER COLUMN ${quoted(old)} DROP IDENTITY`,
    ];
  }
  const [, sequence] = /^nextval\('(.+)'::regclass\)$/.exec(column.default ?? '') ?? [];
  if (sequence === undefined) return [];
  const range = /^(smallint|integer|bigint)$/.test(type) ? ` AS ${type}` : '';
  return [`ALTER SEQUENCE ${sequence.replaceAll("''", "'")}${range} OWNED BY ${name}.${quoted(added)}`];
}

function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
