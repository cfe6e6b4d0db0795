/** Which operation a statement is. */
import type { Node } from 'libpg-query';
import { nameOfWords, relationName } from '../sql/names.ts';
import type { Statement } from '../sql/parse-script.ts';
import { type Context, type Effect, type Finding, harmless } from './effect.ts';
import { alterTable } from './operations/alter-table.ts';
import { createIndex, dropIndex, reindex } from './operations/indexes.ts';
import { cluster, comment, createTrigger, lockTable, refresh, vacuum } from './operations/maintenance.ts';
import { changeRows, insertRows } from './operations/rows.ts';
import { createTable, dropTable, rename, truncate } from './operations/tables.ts';
import { alterDomain, alterEnum } from './operations/types.ts';

export function effectOf({ node, type, text }: Statement, context: Context): Effect {
  return tableEffect(node, context) ?? otherEffect(node, context) ?? quietEffect(type, text) ?? notChecked(type);
}

function tableEffect(node: Node, context: Context): Effect | undefined {
  if ('AlterTableStmt' in node) return alterTable(node.AlterTableStmt, context);
  if ('CreateStmt' in node) return createTable(node.CreateStmt, context);
  if ('IndexStmt' in node) return createIndex(node.IndexStmt, context);
  if ('DropStmt' in node) {
    const { removeType, objects = [] } = node.DropStmt;
    if (removeType === 'OBJECT_INDEX') return dropIndex(node.DropStmt, context);
    if (removeType === 'OBJECT_TABLE' || removeType === 'OBJECT_VIEW' || removeType === 'OBJECT_MATVIEW') {
      return dropTable(node.DropStmt, context);
    }
    if (removeType !== 'OBJECT_TRIGGER' && removeType !== 'OBJECT_POLICY' && removeType !== 'OBJECT_RULE') {
      return { kind: `DROP ${(removeType ?? '').replace('OBJECT_', '')}`, ...harmless };
    }
    // The table is named before the trigger's name.
    const tables = objects.flatMap((object) =>
      'List' in object ? [nameOfWords((object.List.items ?? []).slice(0, -1))] : [],
    );
    return {
      kind: `DROP ${removeType.replace('OBJECT_', '')}`,
      ...harmless,
      locks: tables.map((on) => ({ on, mode: 'ACCESS EXCLUSIVE' })),
    };
  }
  if ('RenameStmt' in node) return rename(node.RenameStmt, context);
  if ('TruncateStmt' in node) return truncate(node.TruncateStmt, context);
  if ('CreateTrigStmt' in node) return createTrigger(node.CreateTrigStmt.relation);
  if ('ReindexStmt' in node) return reindex(node.ReindexStmt, context);
  return undefined;
}

function otherEffect(node: Node, context: Context): Effect | undefined {
  if ('AlterEnumStmt' in node) return alterEnum(node.AlterEnumStmt);
  if ('AlterDomainStmt' in node) return alterDomain(node.AlterDomainStmt, context);
  if ('UpdateStmt' in node) return changeRows('UPDATE', node.UpdateStmt, context);
  if ('DeleteStmt' in node) return changeRows('DELETE', node.DeleteStmt, context);
  if ('InsertStmt' in node) return insertRows(node.InsertStmt.relation);
  if ('VacuumStmt' in node) return vacuum(node.VacuumStmt);
  if ('ClusterStmt' in node) return cluster(node.ClusterStmt);
  if ('RefreshMatViewStmt' in node) return refresh(node.RefreshMatViewStmt);
  if ('LockStmt' in node) return lockTable(node.LockStmt, context);
  if ('CommentStmt' in node) return comment(node.CommentStmt);
  if ('ViewStmt' in node) {
    const { view, replace } = node.ViewStmt;
    const isReplaced =
      replace === true && view !== undefined && context.catalog.table(relationName(view)) !== undefined;
    const locks =
      isReplaced && view !== undefined ? [{ on: relationName(view), mode: 'ACCESS EXCLUSIVE' } as const] : [];
    return { kind: 'CREATE VIEW', ...harmless, locks };
  }
  return undefined;
}

/** Statements that neither lock tables for long nor change what code sees. */
const quiet: Readonly<Record<string, string>> = {
  CreateSchemaStmt: 'CREATE SCHEMA',
  CreateSeqStmt: 'CREATE SEQUENCE',
  AlterSeqStmt: 'ALTER SEQUENCE',
  CreateEnumStmt: 'CREATE TYPE',
  CompositeTypeStmt: 'CREATE TYPE',
  CreateRangeStmt: 'CREATE TYPE',
  CreateDomainStmt: 'CREATE DOMAIN',
  CreateFunctionStmt: 'CREATE FUNCTION',
  CreateExtensionStmt: 'CREATE EXTENSION',
  CreateRoleStmt: 'CREATE ROLE',
  AlterRoleStmt: 'ALTER ROLE',
  GrantStmt: 'GRANT',
  GrantRoleStmt: 'GRANT',
  AlterDefaultPrivilegesStmt: 'ALTER DEFAULT PRIVILEGES',
  CreatePublicationStmt: 'CREATE PUBLICATION',
  AlterPublicationStmt: 'ALTER PUBLICATION',
  CreateStatsStmt: 'CREATE STATISTICS',
  CreateTableAsStmt: 'CREATE TABLE AS',
  SelectStmt: 'SELECT',
  VariableSetStmt: 'SET',
  VariableShowStmt: 'SHOW',
  TransactionStmt: 'transaction',
  ExplainStmt: 'EXPLAIN',
  NotifyStmt: 'NOTIFY',
  AlterOwnerStmt: 'ALTER ... OWNER',
};

function quietEffect(type: string, text: string): Effect | undefined {
  const kind = quiet[type];
  if (kind === undefined) return undefined;
  return { kind: kind === 'transaction' ? text.split(/\s/, 1)[0]!.toUpperCase() : kind, ...harmless };
}

function notChecked(type: string): Effect {
  const kind = type.replace(/Stmt$/, '');
  const finding: Finding = {
    rule: 'not-checked',
    severity: 'warning',
    breaks: [],
    message:
      kind === 'Do'
        ? 'what a DO block runs can not be told beforehand'
        : `what ${kind} does to others is not known here`,
    safe: ['write the statements out, or make sure yourself'],
  };
  return { kind: kind === 'Do' ? 'DO' : kind, locks: [], rewrites: 'maybe', scans: 'maybe', findings: [finding] };
}
