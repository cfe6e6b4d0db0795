/** A column added empty, given its default for new rows, and filled in old ones. */
import type { ColumnDef, Constraint, Node } from 'libpg-query';
import type { Catalog } from '../../catalog/catalog.ts';
import { nameText, type ObjectName, quoted } from '../../sql/names.ts';
import { expressionSql, toSql, withColumn } from '../../sql/to-sql.ts';
import { columnType } from '../../sql/type-names.ts';
import { addConstraintSteps } from './constraint-steps.ts';
import { notNullSteps } from './not-null-steps.ts';
import type { Step } from './plan.ts';
import { alter, backfill, ddl, on, shortName } from './write.ts';

/** `key`: the primary key's columns, by which old rows are filled. Undefined where no safe way is known. */
export function addColumnSteps(
  table: ObjectName,
  definition: ColumnDef,
  {
    key,
    isVolatile,
    catalog,
  }: { readonly key: readonly string[]; readonly isVolatile: boolean; readonly catalog: Catalog },
): Step[] | undefined {
  const { colname: column = '', typeName } = definition;
  if (typeName === undefined) return undefined;
  const constraints = (definition.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
  const find = (kind: Constraint['contype']) => constraints.find(({ contype }) => contype === kind);
  const type = columnType(typeName);
  const domain = catalog.type(type.base);
  const generated = find('CONSTR_GENERATED');
  const initial = find('CONSTR_DEFAULT')?.raw_expr;
  if (find('CONSTR_IDENTITY') !== undefined || find('CONSTR_EXCLUSION') !== undefined) return undefined;
  if (domain?.isConstrained === true) return undefined;
  const steps: Step[] = [];
  const isNotNull = find('CONSTR_NOTNULL') !== undefined;
  const isFilledLater = type.isSerial || isVolatile || generated?.generated_kind === 's';
  if (!isFilledLater) {
    if (isNotNull && initial === undefined) return undefined;
    const kept = constraints.filter(({ contype }) =>
      ['CONSTR_DEFAULT', 'CONSTR_NOTNULL', 'CONSTR_NULL', 'CONSTR_GENERATED'].includes(contype ?? ''),
    );
    steps.push(addOnly(table, { ...definition, constraints: kept.map((Constraint) => ({ Constraint })) }));
  } else {
    if (key.length === 0) return undefined;
    steps.push(
      alter(
        table,
        `column ${quoted(column)} of ${nameText(table)}, empty`,
        `ADD COLUMN ${quoted(column)} ${type.text}`,
      ),
    );
    steps.push(...fillSteps(table, column, { key, generated, value: type.isSerial ? undefined : initial }));
    if (isNotNull || type.isSerial) steps.push(...notNullSteps(table, column));
  }
  for (const constraint of constraints) steps.push(...(ownConstraint(table, column, constraint, catalog) ?? []));
  return steps;
}

function addOnly(table: ObjectName, definition: ColumnDef): Step {
  const statement = {
    AlterTableStmt: {
      relation: { schemaname: table.schema, relname: table.name, inh: true, relpersistence: 'p' },
      cmds: [{ AlterTableCmd: { subtype: 'AT_AddColumn', def: { ColumnDef: definition }, behavior: 'DROP_RESTRICT' } }],
      objtype: 'OBJECT_TABLE',
    },
  } as unknown as Node;
  return ddl(`column ${quoted(definition.colname ?? '')} of ${nameText(table)}`, toSql(statement), [on(table)]);
}

/** What new rows get from now on, and then the old ones. Without a value they are numbered. */
function fillSteps(
  table: ObjectName,
  column: string,
  how: {
    readonly key: readonly string[];
    readonly generated: Constraint | undefined;
    readonly value: Node | undefined;
  },
): Step[] {
  const name = nameText(table);
  const title = `fill ${name}.${quoted(column)} of old rows`;
  const where = `${quoted(column)} IS NULL`;
  if (how.generated?.raw_expr !== undefined) return triggerSteps(table, column, how.generated.raw_expr, how.key);
  if (how.value !== undefined) {
    const value = expressionSql(how.value);
    return [
      alter(table, `default of ${name}.${quoted(column)}`, `ALTER COLUMN ${quoted(column)} SET DEFAULT ${value}`),
      backfill(table, how.key, { title, set: `${quoted(column)} = ${value}`, where }),
    ];
  }
  const sequence = { schema: table.schema, name: shortName(table.name, column, 'seq') };
  const next = `nextval('${nameText(sequence).replaceAll("'", "''")}'::regclass)`;
  return [
    ddl(
      `numbers for ${name}.${quoted(column)}`,
      `CREATE SEQUENCE ${nameText(sequence)} OWNED BY ${name}.${quoted(column)}`,
      [on(table, 'ACCESS SHARE')],
    ),
    alter(table, `default of ${name}.${quoted(column)}`, `ALTER COLUMN ${quoted(column)} SET DEFAULT ${next}`),
    backfill(table, how.key, { title, set: `${quoted(column)} = ${next}`, where }),
  ];
}

/** In the place of a stored generated column: a trigger writes it, and old rows are filled. */
function triggerSteps(table: ObjectName, column: string, expression: Node, key: readonly string[]): Step[] {
  const routine = { schema: table.schema, name: shortName('millrace', table.name, column) };
  const value = expressionSql(qualified(expression));
  return [
    ddl(
      `${nameText(table)}.${quoted(column)} is written with each row`,
      [
        `CREATE OR REPLACE FUNCTION ${nameText(routine)}() RETURNS trigger LANGUAGE plpgsql AS ` +
          `$millrace$ BEGIN NEW.${quoted(column)} := ${value}; RETURN NEW; END $millrace$`,
        `CREATE TRIGGER ${quoted(routine.name)} BEFORE INSERT OR UPDATE ON ${nameText(table)} ` +
          `FOR EACH ROW EXECUTE FUNCTION ${nameText(routine)}()`,
      ],
      [on(table, 'SHARE ROW EXCLUSIVE')],
    ),
    backfill(table, key, {
      title: `fill ${nameText(table)}.${quoted(column)} of old rows`,
      set: `${quoted(column)} = ${expressionSql(expression)}`,
      where: `${quoted(column)} IS DISTINCT FROM (${expressionSql(expression)})`,
    }),
  ];
}

/** Each column as that of the row that a trigger is given. */
function qualified(expression: Node): Node {
  const names = new Set<string>();
  JSON.stringify(expression, (key, value: { readonly fields?: { readonly String?: { readonly sval?: string } }[] }) => {
    if (key === 'ColumnRef') names.add(value.fields?.at(-1)?.String?.sval ?? '');
    return value;
  });
  let changed = expression;
  for (const name of names) changed = withColumn(changed, name, name, 'new');
  return changed;
}

/** What stood with the column as a constraint of the table. */
function ownConstraint(
  table: ObjectName,
  column: string,
  constraint: Constraint,
  catalog: Catalog,
): Step[] | undefined {
  const keys = [{ String: { sval: column } }] as Node[];
  switch (constraint.contype) {
    case 'CONSTR_CHECK':
      return addConstraintSteps(
        table,
        { ...constraint, conname: constraint.conname ?? shortName(table.name, column, 'check') },
        catalog,
      );
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY':
      return addConstraintSteps(table, { ...constraint, keys }, catalog);
    case 'CONSTR_FOREIGN':
      return addConstraintSteps(table, { ...constraint, fk_attrs: keys }, catalog);
    default:
      return undefined;
  }
}
