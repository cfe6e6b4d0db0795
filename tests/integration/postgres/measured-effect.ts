/**
 * What a statement really does: the locks of its session on tables that were there before (pg_locks), whether their
 * files or those of their indexes became others (pg_relation_filenode), and whether it read them row by row
 * (pg_stat_xact_all_tables).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

export interface MeasuredEffect {
  /** The strongest mode by table, without what reading takes. */
  readonly locks: Readonly<Record<string, string>>;
  readonly rewrites: boolean;
  readonly scans: boolean;
}

const tables = `SELECT c.oid, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm')`;

/** Counters of a session also hold what it has not told the server of earlier transactions. */
async function rowsRead(session: Client): Promise<Map<string, number>> {
  const { rows } = await session.query<{ name: string; count: number }>(
    `SELECT relname AS name, seq_tup_read::float8 AS count FROM pg_stat_xact_all_tables WHERE schemaname = 'public'`,
  );
  return new Map(rows.map(({ name, count }) => [name, count]));
}

interface Before {
  readonly names: ReadonlyMap<number, string>;
  readonly files: ReadonlyMap<string, string>;
}

/** Runs the statement in a transaction, and takes it back. */
export async function measureInTransaction(session: Client, statement: string): Promise<MeasuredEffect> {
  const before = await look(session);
  await session.query('BEGIN');
  try {
    const readBefore = await rowsRead(session);
    await session.query(statement);
    const { rows } = await session.query<{ relation: number; mode: string }>(
      `SELECT relation::int AS relation, mode FROM pg_locks
       WHERE locktype = 'relation' AND granted AND pid = pg_backend_pid()`,
    );
    const read = await rowsRead(session);
    const names = new Set(before.names.values());
    const after = await look(session);
    return {
      locks: strongestByTable(rows, before),
      rewrites: [...before.files].some(([key, file]) => after.files.has(key) && after.files.get(key) !== file),
      scans: [...read].some(([name, count]) => names.has(name) && count > (readBefore.get(name) ?? 0)),
    };
  } finally {
    await session.query('ROLLBACK');
  }
}

/**
 * Runs a statement that can't be in a transaction while another session has read the table and not ended, for which
 * such a statement waits; `observer` looks at its locks meanwhile.
 */
export async function measureWhileWaiting(
  statement: string,
  sessions: { readonly session: Client; readonly reader: Client; readonly observer: Client; readonly read: string },
): Promise<Readonly<Record<string, string>>> {
  const { session, reader, observer, read } = sessions;
  const before = await look(observer);
  const { rows: pids } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await reader.query(read);
  const running = session.query(statement);
  let locks: Readonly<Record<string, string>> = {};
  for (let tries = 0; tries < 200 && Object.keys(locks).length === 0; tries++) {
    await sleep(20);
    const { rows } = await observer.query<{ relation: number; mode: string }>(
      `SELECT relation::int AS relation, mode FROM pg_locks WHERE locktype = 'relation' AND granted AND pid = $1`,
      [pids[0]?.pid],
    );
    locks = strongestByTable(rows, before);
  }
  await reader.query('COMMIT');
  await running;
  return locks;
}

const order = [
  ...['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock'],
  ...['ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'],
];

function strongestByTable(
  rows: readonly { readonly relation: number; readonly mode: string }[],
  { names }: Before,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { relation, mode } of rows) {
    const name = names.get(relation);
    if (name === undefined || mode === 'AccessShareLock') continue;
    if (order.indexOf(mode) > order.indexOf(found[name] ?? '')) found[name] = mode;
  }
  return found;
}

async function look(session: Client): Promise<Before> {
  const { rows } = await session.query<{ oid: number; name: string }>(tables);
  const files = await session.query<{ oid: number; file: string | null }>(
    `SELECT t.oid, pg_relation_filenode(t.oid)::text AS file FROM (${tables}) t
     UNION ALL SELECT i.indexrelid, pg_relation_filenode(i.indexrelid)::text
     FROM pg_index i JOIN (${tables}) t ON t.oid = i.indrelid`,
  );
  return {
    names: new Map(rows.map(({ oid, name }) => [oid, name])),
    files: new Map(files.rows.map(({ oid, file }) => [String(oid), file ?? ''])),
  };
}
