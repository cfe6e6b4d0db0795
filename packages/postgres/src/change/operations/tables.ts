/** Tables made, dropped, emptied and renamed, and names of other things changed. */
import type { CreateStmt, DropStmt, RenameStmt, TruncateStmt } from 'libpg-query';
import { nameText, type ObjectName, quoted, relationName } from '../../sql/names.ts';
import { type Context, type Effect, type Finding, harmless, type LockTaken } from '../effect.ts';
import { droppedNames } from './indexes.ts';

export function createTable(statement: CreateStmt, context: Context): Effect {
  const locks: LockTaken[] = [];
  const findings: Finding[] = context.isDropped(statement.relation) ? [forced(statement)] : [];
  for (const other of referencedTables(statement)) locks.push({ on: other, mode: 'SHARE ROW EXCLUSIVE' });
  const parents = (statement.inhRelations ?? []).flatMap((node) =>
    'RangeVar' in node ? [relationName(node.RangeVar)] : [],
  );
  const isPartition = statement.partbound !== undefined;
  for (const parent of parents) {
    locks.push({ on: parent, mode: isPartition ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE' });
    const byDefault = isPartition ? context.catalog.table(parent)?.defaultPartition : undefined;
    if (byDefault !== undefined) locks.push({ on: byDefault, mode: 'ACCESS EXCLUSIVE' });
    if (!isPartition || context.isNew(parent)) continue;
    const own = statement.relation === undefined ? '' : nameText(relationName(statement.relation));
    findings.push({
      rule: 'create-partition',
      severity: byDefault === undefined ? 'warning' : 'unsafe',
      breaks: ['reads', 'writes'],
      message:
        `nobody can read or write ${nameText(parent)} meanwhile` +
        (byDefault === undefined ? '' : `, and each row of ${nameText(byDefault)} is read`),
      safe: [
        `CREATE TABLE ${own} (LIKE ${nameText(parent)} INCLUDING ALL)`,
        `ALTER TABLE ${nameText(parent)} ATTACH PARTITION ${own} FOR VALUES ...`,
      ],
    });
  }
  const scans = locks.some(({ on }) =>
    parents.some((parent) => context.catalog.table(parent)?.defaultPartition === on),
  );
  return { kind: 'CREATE TABLE', locks, rewrites: 'no', scans: scans ? 'yes' : 'no', findings };
}

function forced({ relation }: CreateStmt): Finding {
  const name = relation === undefined ? '' : nameText(relationName(relation));
  return {
    rule: 'create-table-force',
    severity: 'unsafe',
    breaks: ['running code', 'consumers', 'data'],
    message: `${name} is dropped and made anew: its rows are gone`,
    safe: [`make it under another name, or with IF NOT EXISTS`],
  };
}

function referencedTables({ tableElts = [], constraints = [] }: CreateStmt): ObjectName[] {
  const found: ObjectName[] = [];
  const look = (nodes: typeof tableElts): void => {
    for (const node of nodes) {
      if ('Constraint' in node && node.Constraint.pktable !== undefined)
        found.push(relationName(node.Constraint.pktable));
      if ('ColumnDef' in node) look(node.ColumnDef.constraints ?? []);
    }
  };
  look([...tableElts, ...constraints]);
  return found;
}

/** Dropping what is dropped by `DROP TABLE`, views and materialized views likewise. */
export function dropTable(statement: DropStmt, context: Context): Effect {
  const names = droppedNames(statement);
  const kind = `DROP ${(statement.removeType ?? '').replace('OBJECT_', '').replace('MATVIEW', 'MATERIALIZED VIEW')}`;
  const locks = names.flatMap((name): LockTaken[] => {
    const facts = context.catalog.table(name);
    const others = (facts?.constraints ?? []).flatMap(({ references }) =>
      references === undefined ? [] : [references],
    );
    const all = [name, ...(facts?.partitions ?? []), ...others, ...(facts?.parent === undefined ? [] : [facts.parent])];
    return all.map((on) => ({ on, mode: 'ACCESS EXCLUSIVE' }));
  });
  const old = names.filter((name) => !context.isNew(name));
  if (old.length === 0) return { kind, ...harmless, locks };
  const isTable = kind === 'DROP TABLE';
  return {
    kind,
    ...harmless,
    locks,
    findings: [
      {
        rule: 'drop-table',
        severity: 'unsafe',
        breaks: isTable ? ['running code', 'consumers', 'data'] : ['running code'],
        message:
          `code that still names ${old.map(nameText).join(', ')} fails at once` +
          (isTable ? ", its rows are gone, and readers of the table's changes hear nothing more" : ''),
        safe: ['stop using it in all code, deploy that, and drop it when nobody has read or written it for a while'],
      },
    ],
  };
}

export function truncate({ relations = [] }: TruncateStmt, context: Context): Effect {
  const tables = relations.flatMap((node) => ('RangeVar' in node ? [relationName(node.RangeVar)] : []));
  const all = tables.flatMap((table) => [table, ...(context.catalog.table(table)?.partitions ?? [])]);
  return {
    kind: 'TRUNCATE',
    ...harmless,
    locks: all.map((on) => ({ on, mode: 'ACCESS EXCLUSIVE' })),
    rewrites: 'yes',
    findings: [
      {
        rule: 'truncate',
        severity: 'unsafe',
        breaks: ['reads', 'writes', 'consumers', 'data'],
        message: `${tables.map(nameText).join(', ')} is emptied; those downstream hear one event, without the rows`,
        safe: ['delete in batches'],
      },
    ],
  };
}

export function rename(statement: RenameStmt, context: Context): Effect {
  const { renameType, relation, subname = '', newname = '' } = statement;
  const table = relation === undefined ? { name: '' } : relationName(relation);
  const to = quoted(newname);
  const whole = [{ on: table, mode: 'ACCESS EXCLUSIVE' } as const];
  switch (renameType) {
    case 'OBJECT_COLUMN': {
      const column = `${nameText(table)}.${quoted(subname)}`;
      const safe = [
        `add ${to}; write both from a trigger; fill old rows in batches`,
        `read ${to} in all code and deploy that; then drop ${quoted(subname)}`,
      ];
      const message = `code that names ${column} fails at once, and so does code that names ${to} till then`;
      return broken('ALTER TABLE ... RENAME COLUMN', { locks: whole, rule: 'rename-column', message, safe });
    }
    case 'OBJECT_TABLE': {
      const safe = [
        `in one transaction: ALTER TABLE ${nameText(table)} RENAME TO ${to}; ` +
          `CREATE VIEW ${nameText(table)} AS SELECT * FROM ${to}`,
        `name ${to} in all code and deploy that; then drop the view`,
      ];
      const message = `code that names ${nameText(table)} fails at once`;
      return broken('ALTER TABLE ... RENAME', { locks: whole, rule: 'rename-table', message, safe });
    }
    case 'OBJECT_SCHEMA': {
      const safe = ['make the new schema, with views of the old one, move code over, then move the tables'];
      const message = `code that names schema ${quoted(subname)} fails at once`;
      return broken('ALTER SCHEMA ... RENAME', { locks: [], rule: 'rename-schema', message, safe });
    }
    case 'OBJECT_INDEX':
      return { kind: 'ALTER INDEX ... RENAME', ...harmless };
    default: {
      const isOfTable =
        renameType === 'OBJECT_TABCONSTRAINT' || renameType === 'OBJECT_VIEW' || renameType === 'OBJECT_MATVIEW';
      return { kind: 'ALTER ... RENAME', ...harmless, locks: isOfTable && !context.isNew(table) ? whole : [] };
    }
  }
}

function broken(
  kind: string,
  { locks, ...found }: Pick<Finding, 'rule' | 'message' | 'safe'> & { readonly locks: readonly LockTaken[] },
): Effect {
  return {
    kind,
    ...harmless,
    locks,
    findings: [{ severity: 'unsafe', breaks: ['running code', 'consumers'], ...found }],
  };
}
