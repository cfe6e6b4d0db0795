/** Partitions attached behind a constraint that proves them, and detached while others go on. */
import type { AlterTableCmd, Node, PartitionBoundSpec } from 'libpg-query';
import type { Queryable } from '../../catalog/read-catalog.ts';
import { nameText, type ObjectName, quoted, relationName } from '../../sql/names.ts';
import { expressionSql } from '../../sql/to-sql.ts';
import type { Step } from './plan.ts';
import { alter, ddl, on, shortName, validate } from './write.ts';

export type PartitionKeys = ReadonlyMap<string, { readonly strategy: string; readonly columns: readonly string[] }>;

/** The columns by which tables are partitioned, by `schema.name`; expressions are left out. */
export async function readPartitionKeys(connection: Queryable): Promise<PartitionKeys> {
  const { rows } = await connection.query<{ name: string; strategy: string; columns: string[] | null }>(
    `SELECT c.oid::regclass::text AS name, p.partstrat::text AS strategy,
       (SELECT array_agg(a.attname::text ORDER BY k.position)
        FROM unnest(p.partattrs) WITH ORDINALITY k (number, position)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number) AS columns
     FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid WHERE NOT 0 = ANY (p.partattrs)`,
  );
  return new Map(rows.map(({ name, strategy, columns }) => [name, { strategy, columns: columns ?? [] }]));
}

/** Undefined where the bounds can't be told as a constraint. */
export function attachSteps(
  parent: ObjectName,
  command: AlterTableCmd,
  {
    column,
    statement,
    byDefault,
  }: { readonly column: string; readonly statement: string; readonly byDefault: ObjectName | undefined },
): Step[] | undefined {
  if (command.def === undefined || !('PartitionCmd' in command.def)) return undefined;
  const { name, bound } = command.def.PartitionCmd;
  if (name === undefined || bound === undefined) return undefined;
  const child = relationName(name);
  const condition = conditionOf(bound, quoted(column));
  if (condition === undefined) return undefined;
  const proof = shortName(child.name, 'bounds');
  const steps: Step[] = [
    alter(
      child,
      `new rows of ${nameText(child)} are within its bounds`,
      `ADD CONSTRAINT ${quoted(proof)} CHECK (${condition}) NOT VALID`,
    ),
    validate(child, proof),
  ];
  const rest = byDefault === undefined ? undefined : shortName(byDefault.name, child.name, 'bounds');
  if (byDefault !== undefined && rest !== undefined) {
    steps.push(
      alter(
        byDefault,
        `no new rows of it in ${nameText(byDefault)}`,
        `ADD CONSTRAINT ${quoted(rest)} CHECK (NOT (${condition})) NOT VALID`,
      ),
      validate(byDefault, rest),
    );
  }
  const locks = [on(parent, 'SHARE UPDATE EXCLUSIVE'), on(child), ...(byDefault === undefined ? [] : [on(byDefault)])];
  steps.push(ddl(`${nameText(child)} is a partition of ${nameText(parent)}`, statement, locks));
  steps.push(alter(child, 'the constraint has done its work', `DROP CONSTRAINT ${quoted(proof)}`));
  if (byDefault !== undefined && rest !== undefined) {
    steps.push(alter(byDefault, 'the constraint has done its work', `DROP CONSTRAINT ${quoted(rest)}`));
  }
  return steps;
}

/** Of one column by range or list; of several, by hash or as default it is undefined. */
function conditionOf(bound: PartitionBoundSpec, column: string): string | undefined {
  if (bound.is_default === true) return undefined;
  if (bound.strategy === 'l') {
    const values = (bound.listdatums ?? []).map(expressionSql);
    return values.some((value) => /^NULL$/i.test(value))
      ? undefined
      : `${column} IS NOT NULL AND ${column} IN (${values.join(', ')})`;
  }
  if (bound.strategy !== 'r' || bound.lowerdatums?.length !== 1 || bound.upperdatums?.length !== 1) return undefined;
  const sides = [side(column, '>=', bound.lowerdatums[0]), side(column, '<', bound.upperdatums[0])];
  return [`${column} IS NOT NULL`, ...sides.flatMap((each) => each ?? [])].join(' AND ');
}

/** MINVALUE and MAXVALUE stand as columns of that name, and bound nothing. */
function side(column: string, operator: string, value: Node | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = expressionSql(value);
  return /^"?(minvalue|maxvalue)"?$/i.test(text) ? undefined : `${column} ${operator} ${text}`;
}

export function detachSteps(parent: ObjectName, command: AlterTableCmd): Step[] {
  const relation =
    command.def !== undefined && 'PartitionCmd' in command.def ? command.def.PartitionCmd.name : undefined;
  const partition = relation === undefined ? { name: '' } : relationName(relation);
  return [
    {
      kind: 'alone',
      title: `${nameText(partition)} is no partition of ${nameText(parent)} any more`,
      sql: `ALTER TABLE ${nameText(parent)} DETACH PARTITION ${nameText(partition)} CONCURRENTLY`,
      isOutside: true,
      detaches: { parent, partition },
      locks: [on(parent, 'SHARE UPDATE EXCLUSIVE')],
    },
  ];
}
