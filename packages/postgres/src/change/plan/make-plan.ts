/**
 * A script of changes as a plan of safe steps. What is instant stays as it was written, each statement a step; what
 * would keep others waiting or break code is taken apart. The plan is made from what the database has, so there must be
 * one.
 */
import { createHash } from 'node:crypto';
import type { AlterTableCmd, AlterTableStmt, DropStmt, Node, RenameStmt, UpdateStmt } from 'libpg-query';
import type { Catalog } from '../../catalog/catalog.ts';
import { nameText, type ObjectName, quoted, relationName } from '../../sql/names.ts';
import { parseScript, type Statement } from '../../sql/parse-script.ts';
import { expressionSql, toSql, withColumn } from '../../sql/to-sql.ts';
import { columnType } from '../../sql/type-names.ts';
import { acceptedIn } from '../accepted-rules.ts';
import type { Effect, Rule } from '../effect.ts';
import { contextOf } from '../lint.ts';
import { droppedNames } from '../operations/indexes.ts';
import { ScriptCatalog } from '../script-catalog.ts';
import { effectOf } from '../statement-effect.ts';
import { addColumnSteps } from './add-column-steps.ts';
import { addConstraintSteps } from './constraint-steps.ts';
import { createIndexSteps, dropIndexStep, dropIndexSteps, reindexSteps } from './index-steps.ts';
import { isOfWhatIsMade, withStatement } from './new-objects.ts';
import { notNullSteps } from './not-null-steps.ts';
import { attachSteps, detachSteps, type PartitionKeys } from './partition-steps.ts';
import type { ChangePlan, DdlStep, Step } from './plan.ts';
import { PlanError } from './plan-error.ts';
import { hindrance, keyOf, type Replacement, replaceColumnSteps } from './replace-column.ts';
import { withVersion } from './version-steps.ts';
import { alter, backfill, ddl, gate, on, validate } from './write.ts';

export interface PlanOptions {
  /** A `ScriptCatalog` follows this script too, for the next one. */
  readonly catalog: Catalog;
  readonly partitionKeys?: PartitionKeys | undefined;
  /** Rules whose findings are accepted: such a statement stays as it was written. */
  readonly accepted?: ReadonlySet<Rule> | undefined;
  /** Makes a version of the schema of this name, so that the code before and the code after it run side by side. */
  readonly version?: string | undefined;
}

/** Throws `SqlSyntaxError`; `PlanError` where a statement has no safe way and is not accepted. */
export async function planScript(script: string, options: PlanOptions): Promise<ChangePlan> {
  const known = options.catalog instanceof ScriptCatalog ? options.catalog : new ScriptCatalog(options.catalog);
  const accepted = new Set([...(options.accepted ?? []), ...acceptedIn(script)]);
  const groups: Step[][] = [];
  let made: DdlStep | undefined;
  for (const statement of (await parseScript(script)).flatMap(singleCommands)) {
    if ('TransactionStmt' in statement.node) continue;
    const effect = effectOf(statement, contextOf(known));
    const next = stepsOf({ ...options, accepted, catalog: known, statement, effect }, known);
    known.follow(statement.node);
    const [only] = next;
    if (only?.kind !== 'ddl' || !isOfWhatIsMade(effect, known)) {
      groups.push(next);
      made = undefined;
    } else if (made === undefined) {
      made = { ...only, locks: [], isNew: true };
      groups.push([made]);
    } else {
      made = withStatement(made, only);
      groups.splice(-1, 1, [made]);
    }
  }
  const { version, catalog } = options;
  const id = changeId(script, version);
  if (version === undefined) return { id, steps: groups.flat() };
  return { id, steps: withVersion(groups, { version, base: catalog.schema }), version };
}

/** What a change is known by: the same for the same script. Without statements it is its version that makes it. */
export function changeId(script: string, version?: string | undefined): string {
  const text = script.trim();
  const told = text === '' && version !== undefined ? `-- version ${version}` : text;
  return createHash('sha256').update(told).digest('hex').slice(0, 16);
}

/** An ALTER TABLE of several commands is as many statements, in their order. */
function singleCommands(statement: Statement): Statement[] {
  if (!('AlterTableStmt' in statement.node)) return [statement];
  const { cmds = [], ...rest } = statement.node.AlterTableStmt;
  if (cmds.length < 2) return [statement];
  return cmds.map((command) => {
    const node = { AlterTableStmt: { ...rest, cmds: [command] } } as Node;
    return { ...statement, node, text: toSql(node) };
  });
}

interface Asked extends PlanOptions {
  readonly statement: Statement;
  readonly effect: Effect;
}

function stepsOf(asked: Asked, known: ScriptCatalog): Step[] {
  const { statement, effect } = asked;
  const isOfNew = effect.locks.length > 0 && effect.locks.every((lock) => known.isNew(lock.on));
  const findings = effect.findings.filter(
    ({ severity, rule }) => severity === 'unsafe' && asked.accepted?.has(rule) !== true,
  );
  if (isOfNew || findings.length === 0) return [alone(asked) ?? plain(asked)];
  const steps = safeSteps(asked);
  if (steps !== undefined) return steps;
  const [found] = findings;
  const way =
    found === undefined || found.safe.length === 0 ? 'no safe way is known' : `by hand: ${found.safe.join('; ')}`;
  throw new PlanError(statement.line, `${effect.kind}: ${found?.message}; ${way}; or accept the rule ${found?.rule}`);
}

function plain({ statement, effect }: Asked): Step {
  return ddl(effect.kind.toLowerCase(), statement.text, effect.locks);
}

/** Statements that are safe as they were written, and take their time. */
function alone({ statement, effect, catalog }: Asked): Step | undefined {
  const { node, text: sql } = statement;
  const title = effect.kind.toLowerCase();
  if ('IndexStmt' in node && node.IndexStmt.concurrent === true) return createIndexSteps(node.IndexStmt, catalog)[0];
  if (/CONCURRENTLY$|^VACUUM|^ANALYZE/.test(effect.kind)) {
    if ('DropStmt' in node) return dropIndexSteps(node.DropStmt, catalog)[0];
    return { kind: 'alone', title, sql, isOutside: !effect.kind.startsWith('ANALYZE'), locks: effect.locks };
  }
  if (!effect.kind.endsWith('VALIDATE CONSTRAINT') || !('AlterTableStmt' in node)) return undefined;
  const [command] = node.AlterTableStmt.cmds ?? [];
  const table = effect.locks[0]?.on;
  return table === undefined || command === undefined || !('AlterTableCmd' in command)
    ? undefined
    : validate(table, command.AlterTableCmd.name ?? '');
}

function safeSteps(asked: Asked): Step[] | undefined {
  const { node } = asked.statement;
  const { catalog } = asked;
  if ('AlterTableStmt' in node) return tableSteps(asked, node.AlterTableStmt);
  if ('IndexStmt' in node) return createIndexSteps(node.IndexStmt, catalog);
  if ('ReindexStmt' in node) return reindexSteps(node.ReindexStmt, catalog);
  if ('DropStmt' in node) return dropSteps(asked, node.DropStmt);
  if ('RenameStmt' in node) return renameSteps(asked, node.RenameStmt);
  if ('UpdateStmt' in node) return updateSteps(node.UpdateStmt, catalog);
  if (
    'DeleteStmt' in node &&
    node.DeleteStmt.relation !== undefined &&
    (node.DeleteStmt.usingClause ?? []).length === 0
  ) {
    const table = relationName(node.DeleteStmt.relation);
    const where = node.DeleteStmt.whereClause === undefined ? 'true' : expressionSql(node.DeleteStmt.whereClause);
    return rowSteps(table, catalog, { title: `delete from ${nameText(table)}`, set: undefined, where });
  }
  return undefined;
}

function tableSteps(asked: Asked, statement: AlterTableStmt): Step[] | undefined {
  const [node] = statement.cmds ?? [];
  if (node === undefined || !('AlterTableCmd' in node) || statement.relation === undefined) return undefined;
  const table = relationName(statement.relation);
  const command = node.AlterTableCmd;
  const { catalog } = asked;
  const key = keyOf(catalog.table(table));
  switch (command.subtype) {
    case 'AT_AddColumn': {
      if (command.def === undefined || !('ColumnDef' in command.def)) return undefined;
      const isVolatile = asked.effect.rewrites !== 'no';
      return addColumnSteps(table, command.def.ColumnDef, { key, isVolatile, catalog });
    }
    case 'AT_SetNotNull':
      return notNullSteps(table, command.name ?? '');
    case 'AT_AddConstraint':
      return command.def !== undefined && 'Constraint' in command.def
        ? addConstraintSteps(table, command.def.Constraint, catalog)
        : undefined;
    case 'AT_DropColumn':
      return dropColumnSteps(table, command.name ?? '', catalog, asked.statement.text);
    case 'AT_AlterColumnType':
      return typeSteps(asked, table, command);
    case 'AT_DetachPartition':
      return detachSteps(table, command);
    case 'AT_AttachPartition': {
      const keys = asked.partitionKeys?.get(nameText(table)) ?? asked.partitionKeys?.get(quoted(table.name));
      const column = keys?.columns.length === 1 ? keys.columns[0] : undefined;
      if (column === undefined) return undefined;
      const byDefault = catalog.table(table)?.defaultPartition;
      return attachSteps(table, command, { column, statement: asked.statement.text, byDefault });
    }
    default:
      return undefined;
  }
}

function dropColumnSteps(table: ObjectName, column: string, catalog: Catalog, statement: string): Step[] {
  const facts = catalog.table(table);
  const own = new Set(facts?.constraints.map(({ name }) => name));
  const indexes = facts?.indexes.filter(({ name, columns }) => columns.includes(column) && !own.has(name.name)) ?? [];
  const other = (facts?.constraints ?? []).flatMap(({ columns, references }) =>
    columns.includes(column) && references !== undefined ? [on(references)] : [],
  );
  const { isNotNull = false, hasDefault = true, special = '' } = facts?.columns.get(column) ?? {};
  const isOfKey = keyOf(facts).includes(column);
  // Code that does not name it any more can't write it.
  const isDemanded = isNotNull && !hasDefault && special === '' && !isOfKey;
  const title = `rows of ${nameText(table)} need no ${quoted(column)} any more`;
  return [
    ...(isDemanded ? [alter(table, title, `ALTER COLUMN ${quoted(column)} DROP NOT NULL`)] : []),
    gate(`no code names ${nameText(table)}.${quoted(column)} any more, and that is deployed`, [{ table, column }]),
    ...indexes.map(({ name }) => dropIndexStep(name, catalog)),
    ddl(`column ${quoted(column)} of ${nameText(table)} goes`, statement, [on(table), ...other]),
  ];
}

function typeSteps(asked: Asked, table: ObjectName, command: AlterTableCmd): Step[] | undefined {
  const { catalog } = asked;
  const from = command.name ?? '';
  if (command.def === undefined || !('ColumnDef' in command.def) || command.def.ColumnDef.typeName === undefined) {
    return undefined;
  }
  const type = columnType(command.def.ColumnDef.typeName).text;
  const using = command.def.ColumnDef.raw_default;
  const old = catalog.table(table)?.columns.get(from)?.type ?? '';
  // There is no cast from one enum to another, but by their names.
  const isOfNames = [type, old].some((each) => catalog.type(each)?.kind === 'enum');
  const through = isOfNames ? '::text' : undefined;
  const by = through ?? '';
  const forward = (column: string): string => {
    if (using === undefined) return `${column}${by}::${type}`;
    const isOfRow = column.startsWith('NEW.');
    return `(${expressionSql(withColumn(using, from, from, isOfRow ? 'new' : undefined))})`;
  };
  return replacing(asked, {
    table,
    from,
    to: from,
    type,
    forward,
    back: (column) => `${column}${by}::${old}`,
    through,
  });
}

function replacing({ catalog, statement }: Asked, wanted: Replacement): Step[] {
  const why = hindrance(wanted, catalog);
  if (why !== undefined) throw new PlanError(statement.line, `it can't be replaced column by column: ${why}`);
  return replaceColumnSteps(wanted, catalog);
}

function dropSteps({ statement, catalog, effect }: Asked, drop: DropStmt): Step[] | undefined {
  if (drop.removeType === 'OBJECT_INDEX') return dropIndexSteps(drop, catalog);
  const names = droppedNames(drop).map(nameText).join(', ');
  return [
    gate(
      `no code names ${names} any more, and that is deployed`,
      droppedNames(drop).map((table) => ({ table })),
    ),
    ddl(`${names} goes`, statement.text, effect.locks),
  ];
}

function renameSteps(asked: Asked, statement: RenameStmt): Step[] | undefined {
  const { renameType, relation, subname = '', newname = '' } = statement;
  if (relation === undefined) return undefined;
  const table = relationName(relation);
  const facts = asked.catalog.table(table);
  if (renameType === 'OBJECT_COLUMN') {
    const type = facts?.columns.get(subname)?.type ?? '';
    const same = (column: string): string => column;
    return replacing(asked, { table, from: subname, to: newname, type, forward: same, back: same });
  }
  if (renameType !== 'OBJECT_TABLE' || facts?.kind === 'view') return undefined;
  const renamed = { schema: table.schema, name: newname };
  const view = `CREATE VIEW ${nameText(table)} AS SELECT * FROM ${nameText(renamed)}`;
  return [
    ddl(
      `${nameText(table)} is ${nameText(renamed)}, and a view of it for code that has the old name`,
      [asked.statement.text, view],
      [on(table)],
    ),
    gate(`all code names ${nameText(renamed)} instead of ${nameText(table)}, and is deployed`, [{ table }]),
    ddl(`the view goes`, `DROP VIEW ${nameText(table)}`, [on(table)]),
  ];
}

function updateSteps(statement: UpdateStmt, catalog: Catalog): Step[] | undefined {
  const { relation, targetList = [], whereClause, fromClause = [] } = statement;
  if (relation === undefined || fromClause.length > 0 || relation.alias !== undefined) return undefined;
  const table = relationName(relation);
  const set = targetList.flatMap((node) =>
    'ResTarget' in node && node.ResTarget.val !== undefined
      ? [`${quoted(node.ResTarget.name ?? '')} = ${expressionSql(node.ResTarget.val)}`]
      : [],
  );
  if (set.length !== targetList.length) return undefined;
  const where = whereClause === undefined ? 'true' : expressionSql(whereClause);
  return rowSteps(table, catalog, { title: `change rows of ${nameText(table)}`, set: set.join(', '), where });
}

function rowSteps(table: ObjectName, catalog: Catalog, rows: Parameters<typeof backfill>[2]): Step[] | undefined {
  const key = keyOf(catalog.table(table));
  return key.length === 0 ? undefined : [backfill(table, key, rows)];
}
