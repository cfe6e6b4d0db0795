/**
 * Brings the tables up to date: numbered SQL files, each applied once, as `schema apply` does it. So who uses the
 * database meanwhile is not kept waiting, rows are changed in batches, and what a killed process left in the middle is
 * gone on with. Processes that start at the same time take turns.
 *
 * A migration must leave the previous version of Millrace working, which may still run: it adds, and what it replaces
 * is removed by a later version. So a database that is newer than this version is one that it works with. It has to run
 * to its end by itself: where code would have to be deployed in between, it is two migrations of two versions.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMillraceError, messageOf } from '@millrace/base';
import {
  type ApplyEvent,
  applyPlan,
  type ChangePlan,
  eventText,
  planScript,
  readCatalog,
  readPartitionKeys,
  ScriptCatalog,
  withConnection,
} from '@millrace/postgres';
import type { Client } from 'pg';
import { DatabaseError } from './database-error.ts';

export interface Migration {
  readonly number: number;
  /** The file's name. */
  readonly name: string;
  readonly text: string;
}

export interface MigrateOptions {
  readonly url: string;
  /** Ascending. Default: those that come with this version. */
  readonly migrations?: readonly Migration[] | undefined;
  /** Told what is done to a database that is in use, line by line. */
  readonly tell?: ((line: string) => void) | undefined;
}

const schema = 'fleet';
/** Beside the tables, so that whoever drops or copies the schema has both. */
const record = { schema, change: 'migration_change', step: 'migration_step' } as const;
/** An arbitrary number that is this program's among advisory locks. */
const lockKey = 6_481_204;
const pollMs = 50;
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

/** Applies what is missing; answers the names. Throws `DatabaseError`, `PostgresError`. */
export async function migrate({ url, migrations, tell }: MigrateOptions): Promise<string[]> {
  const wanted = migrations ?? (await ownMigrations());
  const work = async (client: Client): Promise<string[]> => {
    if (missing(wanted, await readLedger(client)).length === 0) return [];
    await takeTurn(client);
    const ledger = await openLedger(client);
    const left = missing(wanted, ledger);
    // Nobody uses what is made from nothing.
    const isNew = ledger.size === 0;
    const made = isNew ? new ScriptCatalog(await readCatalog(client)) : undefined;
    for (const migration of left) {
      const catalog = made ?? (await readCatalog(client));
      const partitionKeys = isNew ? undefined : await readPartitionKeys(client);
      const plan = await planned(migration, { catalog, partitionKeys });
      await apply(migration, plan, { url, tell: isNew ? undefined : tell });
      await client.query(
        `INSERT INTO ${schema}.migration (number, name, digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
        [migration.number, migration.name, digestOf(migration)],
      );
    }
    return left.map(({ name }) => name);
  };
  return await withConnection(url, work, schema);
}

/**
 * Tried again and again: whoever waits for a lock in a statement has a snapshot meanwhile, which CREATE INDEX
 * CONCURRENTLY would wait for. The session keeps the lock until its end.
 */
async function takeTurn(client: Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [lockKey]);
    if (rows[0]?.taken === true) return;
    await sleep(pollMs);
  }
}

interface Applied {
  readonly name: string;
  readonly digest: string;
}

/** What was applied, by number. */
async function readLedger(client: Client): Promise<Map<number, Applied>> {
  const { rows: tables } = await client.query<{ isThere: boolean }>(
    `SELECT to_regclass('${schema}.migration') IS NOT NULL AS "isThere"`,
  );
  if (tables[0]?.isThere !== true) return new Map();
  const { rows } = await client.query<Applied & { number: number }>(
    `SELECT number, name, digest FROM ${schema}.migration`,
  );
  return new Map(rows.map(({ number, name, digest }) => [number, { name, digest }]));
}

async function openLedger(client: Client): Promise<Map<number, Applied>> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await client.query(`CREATE TABLE IF NOT EXISTS ${schema}.migration (
    number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL, applied_at timestamptz DEFAULT now()
  )`);
  return await readLedger(client);
}

function missing(wanted: readonly Migration[], ledger: ReadonlyMap<number, Applied>): Migration[] {
  return wanted.filter((migration) => {
    const known = ledger.get(migration.number);
    if (known === undefined) return true;
    if (known.digest === digestOf(migration)) return false;
    const sentence = `migration ${known.name} was applied with another content than ${migration.name} has now`;
    throw new DatabaseError('migration_changed', `${sentence}; put the file back and add a new one`);
  });
}

function digestOf({ text }: Migration): string {
  return createHash('sha256').update(text).digest('hex');
}

async function planned(migration: Migration, options: Parameters<typeof planScript>[1]): Promise<ChangePlan> {
  try {
    const { steps } = await planScript(migration.text, options);
    return { id: `${migration.name}-${digestOf(migration).slice(0, 16)}`, steps };
  } catch (error) {
    throw failed(migration, error);
  }
}

async function apply(
  migration: Migration,
  plan: ChangePlan,
  { url, tell }: Pick<MigrateOptions, 'url' | 'tell'>,
): Promise<void> {
  const report = (event: ApplyEvent): void => {
    const line = eventText(event, plan.steps.length);
    if (line !== undefined) tell?.(`database, ${migration.name}, ${line}`);
  };
  for (;;) {
    try {
      const applied = await applyPlan(plan, { url, schema, record, report });
      if (applied.state === 'done') return;
      throw new DatabaseError('migration_failed', `migration ${migration.name} waits until ${applied.gate}`);
    } catch (error) {
      // Somebody's `schema apply` of other tables of the database.
      if (!isMillraceError(error, 'being_applied')) throw failed(migration, error);
      await sleep(pollMs * 10);
    }
  }
}

function failed({ name }: Migration, error: unknown): unknown {
  if (isMillraceError(error, 'migration_failed')) return error;
  const sentence = `migration ${name} failed, and the next start goes on with it: ${messageOf(error)}`;
  return new DatabaseError('migration_failed', sentence, error);
}
