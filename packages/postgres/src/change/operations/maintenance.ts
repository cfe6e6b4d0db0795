/** What keeps tables in order, and locks asked for by name. */
import type { ClusterStmt, CommentStmt, LockStmt, RangeVar, RefreshMatViewStmt, VacuumStmt } from 'libpg-query';
import { nameOfWords, nameText, type ObjectName, relationName } from '../../sql/names.ts';
import { type Context, type Effect, type Finding, harmless } from '../effect.ts';
import { blocksWrites, lockModes } from '../lock-modes.ts';

export function vacuum({ options = [], rels = [], is_vacuumcmd: isVacuum }: VacuumStmt): Effect {
  const isFull = options.some((node) => 'DefElem' in node && node.DefElem.defname === 'full');
  const tables = rels.flatMap((node) =>
    'VacuumRelation' in node && node.VacuumRelation.relation !== undefined
      ? [relationName(node.VacuumRelation.relation)]
      : [],
  );
  const kind = isVacuum === true ? (isFull ? 'VACUUM FULL' : 'VACUUM') : 'ANALYZE';
  if (!isFull) {
    return { kind, ...harmless, locks: tables.map((on) => ({ on, mode: 'SHARE UPDATE EXCLUSIVE' })), scans: 'maybe' };
  }
  const what = tables.length === 0 ? 'each table' : tables.map(nameText).join(', ');
  return rewritten(kind, tables, `${what} is written anew while nobody can read or write`);
}

export function cluster({ relation }: ClusterStmt): Effect {
  const tables = relation === undefined ? [] : [relationName(relation)];
  return rewritten('CLUSTER', tables, 'the table is written anew while nobody can read or write');
}

export function refresh({ relation, concurrent }: RefreshMatViewStmt): Effect {
  const views = relation === undefined ? [] : [relationName(relation)];
  if (concurrent === true) {
    const kind = 'REFRESH MATERIALIZED VIEW CONCURRENTLY';
    return { kind, ...harmless, locks: views.map((on) => ({ on, mode: 'EXCLUSIVE' })) };
  }
  return rewritten('REFRESH MATERIALIZED VIEW', views, 'nobody can read the view until it is refreshed');
}

function rewritten(kind: string, tables: readonly ObjectName[], message: string): Effect {
  const finding: Finding = {
    rule: 'rewrite-table',
    severity: 'unsafe',
    breaks: ['reads', 'writes'],
    message,
    safe: kind.startsWith('REFRESH') ? ['give the view a unique index, and refresh it CONCURRENTLY'] : [],
  };
  const locks = tables.map((on) => ({ on, mode: 'ACCESS EXCLUSIVE' }) as const);
  return { kind, locks, rewrites: 'yes', scans: 'yes', findings: [finding] };
}

export function lockTable({ relations = [], mode = 8 }: LockStmt, context: Context): Effect {
  const taken = lockModes[mode - 1] ?? 'ACCESS EXCLUSIVE';
  const tables = relations.flatMap((node) => ('RangeVar' in node ? [relationName(node.RangeVar)] : []));
  const locks = tables.map((on) => ({ on, mode: taken }));
  if (!blocksWrites(taken) || tables.every((table) => context.isNew(table)))
    return { kind: 'LOCK TABLE', ...harmless, locks };
  const finding: Finding = {
    rule: 'long-lock',
    severity: 'unsafe',
    breaks: ['writes'],
    message: `${tables.map(nameText).join(', ')} stays locked until the transaction ends`,
    safe: ['do what needs the lock in a transaction of its own, with a lock_timeout'],
  };
  return { kind: 'LOCK TABLE', ...harmless, locks, findings: [finding] };
}

/** A trigger made on a table keeps writers waiting for an instant. */
export function createTrigger(relation: RangeVar | undefined): Effect {
  const locks = relation === undefined ? [] : [{ on: relationName(relation), mode: 'SHARE ROW EXCLUSIVE' } as const];
  return { kind: 'CREATE TRIGGER', ...harmless, locks };
}

export function comment({ objtype, object }: CommentStmt): Effect {
  if (object === undefined || (objtype !== 'OBJECT_TABLE' && objtype !== 'OBJECT_COLUMN'))
    return { kind: 'COMMENT', ...harmless };
  const words = 'List' in object ? (object.List.items ?? []) : [object];
  const on = nameOfWords(objtype === 'OBJECT_COLUMN' ? words.slice(0, -1) : words);
  return { kind: 'COMMENT', ...harmless, locks: [{ on, mode: 'SHARE UPDATE EXCLUSIVE' }] };
}
