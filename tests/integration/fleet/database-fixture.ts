/** A PostgreSQL for the tests of a file; `DATABASE_URL` names another, in which they make databases of their own. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@millrace/engines';
import { Client } from 'pg';

/** Nothing is kept, so that nothing need survive a machine that loses power; what PostgreSQL promises else holds. */
const settings = { fsync: 'off', full_page_writes: 'off' };

export interface DatabaseFixture extends AsyncDisposable {
  /** The URL of an empty database that nobody else uses. */
  emptyDatabase(): Promise<string>;
}

/** `more`: settings of the server, where it is not one that is given. */
export async function startDatabaseFixture(more: Readonly<Record<string, string>> = {}): Promise<DatabaseFixture> {
  const given = process.env['DATABASE_URL'];
  const directory = await mkdtemp(join(tmpdir(), 'millrace-database-'));
  await chmod(directory, 0o755);
  const server =
    given === undefined
      ? await startPostgres({ directory: join(directory, 'postgres'), settings: { ...settings, ...more } })
      : undefined;
  const url = given ?? server?.url ?? '';
  const made: string[] = [];
  return {
    async emptyDatabase() {
      const name = `test_${process.pid}_${made.length}`;
      made.push(name);
      await run(url, `CREATE DATABASE ${name}`);
      const own = new URL(url);
      own.pathname = `/${name}`;
      return own.href;
    },
    async [Symbol.asyncDispose]() {
      if (server === undefined) for (const name of made) await run(url, `DROP DATABASE ${name} WITH (FORCE)`);
      await server?.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
