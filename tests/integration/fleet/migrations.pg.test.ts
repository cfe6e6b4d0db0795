/**
 * The platform's own tables, changed by its own tool: what comes with this version, databases of earlier versions, and
 * processes that start at once and die in the middle.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Migration, migrate, openDatabase, ownMigrations } from '@millrace/fleet/database';
import { lintScript, planScript, readCatalog, readPartitionKeys, withConnection } from '@millrace/postgres';
import type { Client } from 'pg';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture();
});
after(() => fixture[Symbol.asyncDispose]());

const program = fileURLToPath(new URL('./migrate-program.ts', import.meta.url));

/** Unsafe as it is written; it is applied in batches. */
const writtenBefore = new Map([['0081-config-enrolment-revision.sql', 'backfill']]);

test('no migration of this version is unsafe, and none waits for people', async () => {
  const url = await fixture.emptyDatabase();
  for (const migration of await ownMigrations()) {
    await withConnection(url, (client) => client.query('CREATE SCHEMA IF NOT EXISTS fleet'));
    const found = await withConnection(
      url,
      async (client) => {
        const catalog = await readCatalog(client);
        const linted = await lintScript(migration.text, catalog);
        const plan = await planScript(migration.text, { catalog, partitionKeys: await readPartitionKeys(client) });
        assert.deepEqual(
          plan.steps.filter(({ kind }) => kind === 'gate'),
          [],
        );
        return linted.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'unsafe');
      },
      'fleet',
    );
    const rules = found.map(({ rule }) => rule).filter((rule) => writtenBefore.get(migration.name) !== rule);
    assert.deepEqual(rules, [], `${migration.name}: ${found.map(({ message }) => message).join('; ')}`);
    await migrate({ url, migrations: [migration] });
  }
});

test('a database of an earlier version goes on, with its rows brought up to date', async () => {
  const url = await fixture.emptyDatabase();
  const all = await ownMigrations();
  await withConnection(url, (client) =>
    asBefore(
      client,
      all.filter(({ number }) => number <= 80),
    ),
  );
  await withConnection(
    url,
    (client) =>
      client.query(`
        INSERT INTO declared_history VALUES (7, 0, 'topic', 'a', NULL, '2026-01-01', 'user:root', 'test');
        INSERT INTO declared_history VALUES (8, 0, 'topic', 'b', NULL, '2026-03-01', 'user:root', 'test');
        INSERT INTO config_enrolment (id, application, digest, created_at, created_by)
          SELECT 'e' || i, 'shop', 'd' || i, '2026-02-01', 'user:root' FROM generate_series(1, 2000) i;
        INSERT INTO config_enrolment VALUES ('late', 'shop', 'dl', '2026-04-01', 'user:root')`),
    'fleet',
  );
  const told: string[] = [];
  await using database = await openDatabase({ url, tell: (line) => told.push(line) });
  const found = await database.db
    .selectFrom('config_enrolment')
    .select(({ fn }) => ['record_revision', fn.countAll().as('n')])
    .groupBy('record_revision')
    .orderBy('record_revision')
    .execute();
  assert.deepEqual(found, [
    { record_revision: 7, n: 2000 },
    { record_revision: 8, n: 1 },
  ]);
  const batches = 'database, 0081-config-enrolment-revision.sql, step 2 of 2: change rows of config_enrolment';
  assert.ok(told.includes(batches), told.join('\n'));
  assert.equal(new Set(told.map((line) => line.split(', ')[1])).size, all.filter(({ number }) => number > 80).length);
});

test('a migration that was applied and has another content now is told', async () => {
  const url = await fixture.emptyDatabase();
  const one = { number: 1, name: '0001-a.sql', text: 'CREATE TABLE a (id bigint)' };
  assert.deepEqual(await migrate({ url, migrations: [one] }), ['0001-a.sql']);
  assert.deepEqual(await migrate({ url, migrations: [one] }), []);
  await assert.rejects(migrate({ url, migrations: [{ ...one, text: 'CREATE TABLE b (id bigint)' }] }), {
    code: 'migration_changed',
  });
});

test('a migration that fails is told, and goes on when what hindered it is away', async () => {
  const url = await fixture.emptyDatabase();
  await migrate({ url, migrations: [first] });
  await withConnection(url, (client) => client.query('UPDATE t SET a = 0'), 'fleet');
  const unique = { number: 2, name: '0002-unique.sql', text: 'ALTER TABLE t ADD CONSTRAINT one UNIQUE (a)' };
  await assert.rejects(migrate({ url, migrations: [first, unique] }), {
    code: 'migration_failed',
    message: /0002-unique\.sql failed, and the next start goes on with it: .*two rows have the same values/,
  });
  await withConnection(url, (client) => client.query('UPDATE t SET a = id'), 'fleet');
  assert.deepEqual(await migrate({ url, migrations: [first, unique] }), ['0002-unique.sql']);
});

test('what the script of a migration accepts is done as it is written', async () => {
  const url = await fixture.emptyDatabase();
  const text = '-- millrace:accept remove-column: the version before does not use it\nALTER TABLE t DROP COLUMN a';
  const dropped = { number: 2, name: '0002-drop.sql', text };
  await migrate({ url, migrations: [first] });
  assert.deepEqual(await migrate({ url, migrations: [first, dropped] }), ['0002-drop.sql']);
});

const rows = 20_000;
const first: Migration = {
  number: 1,
  name: '0001-t.sql',
  text: `CREATE TABLE t (id bigint PRIMARY KEY, a bigint);
         INSERT INTO t SELECT i, 0 FROM generate_series(1, ${rows}) i`,
};
const second: Migration = {
  number: 2,
  name: '0002-more.sql',
  text: `ALTER TABLE t ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
         CREATE INDEX t_token ON t (token);
         UPDATE t SET a = a + 1`,
};

test('processes that start at once wait for each other, not in a circle', { timeout: 60_000 }, async () => {
  const url = await fixture.emptyDatabase();
  await migrate({ url, migrations: [first] });
  const applied = await Promise.all([1, 2, 3].map(() => migrate({ url, migrations: [first, second] })));
  assert.deepEqual(applied.flat(), ['0002-more.sql']);
});

test('processes that start at once and are killed in the middle change everything once', {
  timeout: 240_000,
}, async (t) => {
  const url = await fixture.emptyDatabase();
  await migrate({ url, migrations: [first] });
  let kills = 0;
  const run = async (name: number): Promise<void> => {
    for (let tries = 0; ; tries++) {
      const child = spawn(process.execPath, [program, url], { stdio: ['pipe', 'ignore', 'inherit'] });
      child.stdin.on('error', () => undefined).end(JSON.stringify([first, second]));
      const afterMs = 400 + 150 * name + Math.random() * 400 + tries * 250;
      const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
      const [code] = (await once(child, 'exit')) as [number | null];
      clearTimeout(timer);
      if (code === 0) return;
      assert.equal(code, null);
      kills++;
    }
  };
  await Promise.all([run(0), run(1), run(2)]);
  t.diagnostic(`${kills} kills`);
  assert.ok(kills > 0);
  await withConnection(
    url,
    async (client) => {
      const { rows: sums } = await client.query(
        'SELECT count(*)::int AS n, sum(a)::int AS a, count(DISTINCT token)::int AS tokens FROM t',
      );
      assert.deepEqual(sums, [{ n: rows, a: rows, tokens: rows }]);
      const { rows: state } = await client.query(
        `SELECT (SELECT array_agg(number ORDER BY number) FROM migration) AS ledger,
           (SELECT count(*)::int FROM pg_index WHERE NOT indisvalid) AS invalid,
           (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t_token')) AS "isThere"`,
      );
      assert.deepEqual(state, [{ ledger: [1, 2], invalid: 0, isThere: true }]);
    },
    'fleet',
  );
});

/** As earlier versions applied them: each file as it stands, and the ledger. */
async function asBefore(client: Client, migrations: readonly Migration[]): Promise<void> {
  await client.query(`CREATE SCHEMA fleet; SET search_path TO fleet; CREATE TABLE fleet.migration (
    number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL, applied_at timestamptz DEFAULT now()
  )`);
  for (const { number, name, text } of migrations) {
    const digest = createHash('sha256').update(text).digest('hex');
    await client.query(text);
    await client.query('INSERT INTO fleet.migration (number, name, digest) VALUES ($1, $2, $3)', [
      number,
      name,
      digest,
    ]);
  }
}
