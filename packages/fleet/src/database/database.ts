/**
 * The system of record: a PostgreSQL that several processes share. Opening brings its tables up to date.
 *
 * All tables lie in the schema `fleet`, so that a database may be shared with others.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { databaseError } from './database-error.ts';
import { migrate } from './migrate.ts';
import { listen } from './notifications.ts';
import type { Schema } from './schema.ts';

export interface DatabaseOptions {
  /** `postgresql://...` */
  readonly url: string;
  /** Seen in `pg_stat_activity`. Default `millrace`. */
  readonly applicationName?: string | undefined;
  readonly connectionsMax?: number | undefined;
  /** Told of connections that broke while nobody used them. */
  readonly report?: ((message: string) => void) | undefined;
  /** Told what is done to bring the tables of a database that is in use up to date. */
  readonly tell?: ((line: string) => void) | undefined;
}

export interface Database extends AsyncDisposable {
  readonly db: Kysely<Schema>;
  /** Tells of notifications on a channel, and whenever some may have been missed, until the signal aborts. */
  listen(channel: string, onNotified: () => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export const schemaName = 'fleet';

/** Connects, and applies the migrations that are missing. Throws `DatabaseError`. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, applicationName = 'millrace', connectionsMax = 10, report, tell } = options;
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    max: connectionsMax,
    connectionTimeoutMillis: 10_000,
    options: `-c search_path=${schemaName} -c timezone=UTC`,
    types: { getTypeParser: parserOf },
  });
  let isClosing = false;
  pool.on('error', (error) => {
    // Connections that are given up may break before the server has taken note of it.
    if (!isClosing) report?.(`a connection to the database broke: ${messageOf(error)}`);
  });
  // A connection that breaks while it is used is told to whoever uses it, by what they ask next; the pool hears of
  // those alone that nobody uses, and an error that nobody hears ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const close = async (): Promise<void> => {
    isClosing = true;
    await db.destroy();
  };
  try {
    await migrate({ url, tell });
  } catch (error) {
    await close();
    const { host, pathname } = new URL(url);
    const reason = isMillraceError(error, 'postgres_failed') ? error.cause : error;
    throw databaseError(reason, `the database ${host}${pathname} can't be used, check DATABASE_URL and its server`);
  }
  const heard = { url, applicationName, report: report ?? (() => undefined) };
  return {
    db,
    listen: (channel, onNotified, signal) => listen({ ...heard, channel, onNotified }, signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** `bigint` columns are counters and ids far below 2^53. */
function parserOf(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === pg.types.builtins.INT8 && format !== 'binary') return toNumber;
  return pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown;
}

function toNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond the numbers that are read exactly`);
  return value;
}
