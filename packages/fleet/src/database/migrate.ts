/**
 * Applies numbered SQL files, each once and in a transaction of its own. Processes that start at the same time take
 * turns.
 *
 * A migration must leave the previous version of Millrace working, which may still run: it adds, and what it replaces
 * is removed by a later version. So a database that is newer than this version is one that it works with.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { messageOf } from '@millrace/base';
import { type Kysely, sql, type Transaction } from 'kysely';
import { DatabaseError } from './database-error.ts';
import type { Schema } from './schema.ts';

export interface Migration {
  readonly number: number;
  /** The file's name. */
  readonly name: string;
  readonly text: string;
}

/** An arbitrary number that is this program's among advisory locks. */
const lockKey = 6_481_202;
/** A migration that waits for a table longer than this is broken off: who uses the table goes first. */
const lockTimeoutMs = 5_000;
const fileName = /^(\d{4})-[a-z0-9-]+\.sql$/;

/** Those that come with this version, ascending. */
export async function ownMigrations(): Promise<Migration[]> {
  const folder = new URL('./migrations/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => fileName.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => {
      return { number: Number(name.slice(0, 4)), name, text: await readFile(new URL(name, folder), 'utf8') };
    }),
  );
}

/** Applies what is missing; answers the names. Throws `DatabaseError`. */
export async function migrate(db: Kysely<Schema>, migrations?: readonly Migration[]): Promise<string[]> {
  const wanted = migrations ?? (await ownMigrations());
  return await db.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${sql.lit(lockKey)})`.execute(connection);
    try {
      await sql`CREATE SCHEMA IF NOT EXISTS fleet`.execute(connection);
      await sql`CREATE TABLE IF NOT EXISTS fleet.migration (
        number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL, applied_at timestamptz DEFAULT now()
      )`.execute(connection);
      const applied: string[] = [];
      for (const migration of wanted) if (await apply(connection, migration)) applied.push(migration.name);
      return applied;
    } finally {
      await sql`SELECT pg_advisory_unlock(${sql.lit(lockKey)})`.execute(connection);
    }
  });
}

async function apply(connection: Kysely<Schema>, { number, name, text }: Migration): Promise<boolean> {
  const digest = createHash('sha256').update(text).digest('hex');
  const known = await sql<{ name: string; digest: string }>`
    SELECT name, digest FROM fleet.migration WHERE number = ${number}`.execute(connection);
  const [row] = known.rows;
  if (row !== undefined) {
    if (row.digest === digest) return false;
    const sentence = `migration ${row.name} was applied with another content than ${name} has now`;
    throw new DatabaseError('migration_changed', `${sentence}; put the file back and add a new one`);
  }
  const run = async (transaction: Transaction<Schema>): Promise<void> => {
    await sql`SET LOCAL lock_timeout = ${sql.lit(lockTimeoutMs)}`.execute(transaction);
    await sql.raw(text).execute(transaction);
    await sql`INSERT INTO fleet.migration (number, name, digest) VALUES (${number}, ${name}, ${digest})`.execute(
      transaction,
    );
  };
  try {
    await connection.transaction().execute(run);
  } catch (error) {
    throw new DatabaseError(
      'migration_failed',
      `migration ${name} failed and changed nothing: ${messageOf(error)}`,
      error,
    );
  }
  return true;
}
