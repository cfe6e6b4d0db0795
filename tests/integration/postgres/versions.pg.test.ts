/**
 * Versions of a schema: code of both versions reads and writes at the same time, each through its own views, while a
 * column changes its name, another its type, one goes and one comes.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  applyPlan,
  changeId,
  changeOf,
  dropVersion,
  listVersions,
  planScript,
  readCatalog,
  readPartitionKeys,
  withConnection,
} from '@millrace/postgres';
import { Client } from 'pg';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { startLoad } from './busy-table.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture();
});
after(() => fixture[Symbol.asyncDispose]());

const rows = 5_000;
const schema = `
  CREATE TABLE t (
    id bigserial PRIMARY KEY, amount integer NOT NULL DEFAULT 7 CHECK (amount >= 0), name text NOT NULL DEFAULT 'none',
    old_code text NOT NULL, kept text
  );
  CREATE INDEX t_name ON t (name);
  CREATE TABLE other (id bigint PRIMARY KEY);
  INSERT INTO t (amount, name, old_code, kept) SELECT i, 'n' || i, 'c', 'k' FROM generate_series(1, ${rows}) i;
  ANALYZE t;
`;
const script = `
  ALTER TABLE t ALTER COLUMN amount TYPE bigint;
  ALTER TABLE t RENAME COLUMN name TO title;
  ALTER TABLE t DROP COLUMN old_code;
  ALTER TABLE t ADD COLUMN note text DEFAULT 'new';
`;

async function change(url: string, text: string, version: string, isDeployed = false) {
  const catalog = await withConnection(url, readCatalog);
  const partitionKeys = await withConnection(url, readPartitionKeys);
  const begun = await withConnection(url, (client) => changeOf(client, changeId(text, version)));
  const plan = begun ?? (await planScript(text, { catalog, partitionKeys, version }));
  return await applyPlan(plan, { url, isDeployed, limits: { giveUpMs: 60_000 } });
}

interface Writer {
  stop(): Promise<{ readonly written: ReadonlyMap<number, string>; readonly errors: readonly string[] }>;
}

/** Code of one version: inserts, and changes rows that it inserted, and those that were there. */
function startWriter(url: string, version: string, columns: { amount: string; name: string; extra: string }): Writer {
  let isOver = false;
  const written = new Map<number, string>();
  const errors: string[] = [];
  const more = columns.extra === '' ? { names: '', values: '' } : { names: `, ${columns.extra}`, values: `, 'x'` };
  const running = (async () => {
    const client = new Client({ connectionString: url, options: `-c search_path=${version},public` });
    await client.connect();
    for (let i = 0; !isOver; i++) {
      try {
        const value = `${version}-${i}`;
        const { rows: made } = await client.query<{ id: string }>(
          `INSERT INTO t (${columns.amount}, ${columns.name}${more.names}) VALUES ($1, $2${more.values}) RETURNING id`,
          [i, value],
        );
        const id = Number(made[0]?.id);
        written.set(id, `${i} ${value}`);
        // Each version changes rows of its own half.
        const other = 1 + 2 * Math.floor(Math.random() * (rows / 2)) + (version === 'v1' ? 0 : 1);
        await client.query(`UPDATE t SET ${columns.amount} = $2, ${columns.name} = $3 WHERE id = $1`, [
          other,
          i,
          value,
        ]);
        written.set(other, `${i} ${value}`);
        const { rows: seen } = await client.query(
          `SELECT ${columns.amount}::text AS amount, ${columns.name} AS name FROM t WHERE id = $1`,
          [other],
        );
        assert.deepEqual(seen, [{ amount: String(i), name: value }]);
      } catch (error) {
        errors.push(String(error));
        await sleep(50);
      }
      await sleep(2);
    }
    await client.end();
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return { written, errors };
    },
  };
}

test('code of two versions writes side by side, each sees what the other wrote, and the old one ends', {
  timeout: 120_000,
}, async (t) => {
  const url = await fixture.emptyDatabase();
  await withConnection(url, (client) => client.query(schema));
  assert.equal((await change(url, '', 'v1')).state, 'done');
  const old = startWriter(url, 'v1', { amount: 'amount', name: 'name', extra: 'old_code' });
  const load = await startLoad({
    ...{ url, rows, reportMs: 1_500, pauseMs: 300 },
    reading: 'SELECT count(*) FROM v1.t WHERE id < 100',
    writing: `UPDATE v1.t SET kept = 'w' WHERE id = $1`,
    report: ['SELECT count(*) FROM v1.t', `UPDATE v1.t SET kept = 'r' WHERE id = 1`],
  });
  const expanded = await change(url, script, 'v2');
  assert.equal(expanded.state, 'waiting');
  const next = startWriter(url, 'v2', { amount: 'amount', name: 'title', extra: '' });
  await sleep(1_500);
  assert.deepEqual(await columnsOf(url, 'v1'), [
    'id bigint',
    'amount integer',
    'name text',
    'old_code text',
    'kept text',
  ]);
  assert.deepEqual(await columnsOf(url, 'v2'), ['id bigint', 'amount bigint', 'title text', 'kept text', 'note text']);
  await assert.rejects(change(url, script, 'v2', true), {
    code: 'in_use',
    message: /version v1 still shows t\.\w+: .*millrace schema drop-version v1/,
  });
  const [ofOld, ofNext] = [await old.stop(), await next.stop()];
  const { longestWaitMs, errors } = await load.stop();
  assert.deepEqual([...ofOld.errors, ...ofNext.errors, ...errors], []);
  assert.ok(longestWaitMs <= 2_000, `somebody waited ${Math.round(longestWaitMs)} ms`);
  const written = new Map([...ofOld.written, ...ofNext.written]);
  t.diagnostic(
    `${ofOld.written.size} rows by old code, ${ofNext.written.size} by new; ${Math.round(longestWaitMs)} ms`,
  );
  const seenAs = async (version: string, name: string) => {
    const { rows: found } = await withConnection(url, (client) =>
      client.query<{ id: string; value: string }>(
        `SELECT id, amount || ' ' || ${name} AS value FROM ${version}.t WHERE id = ANY ($1)`,
        [[...written.keys()]],
      ),
    );
    return new Map(found.map(({ id, value }) => [Number(id), value]).sort() as [number, string][]);
  };
  const expected = new Map([...written].sort());
  assert.deepEqual(new Map([...(await seenAs('v1', 'name'))].sort()), expected);
  assert.deepEqual(new Map([...(await seenAs('v2', 'title'))].sort()), expected);

  await assert.rejects(dropVersion({ url, name: 'v0' }), { code: 'no_version', message: /there are v1, v2/ });
  await dropVersion({ url, name: 'v1' });
  assert.equal((await change(url, script, 'v2', true)).state, 'done');
  const versions = await withConnection(url, listVersions);
  assert.deepEqual(
    versions.map(({ name, isUnderWay, views }) => [name, isUnderWay, views]),
    [['v2', false, 2]],
  );
  assert.deepEqual(await columnsOf(url, 'public'), [
    'id bigint',
    'kept text',
    'amount bigint',
    'title text',
    'note text',
  ]);
  assert.deepEqual(new Map([...(await seenAs('v2', 'title'))].sort()), expected);
});

test('who may use the table may use the view, and no more', async () => {
  const url = await fixture.emptyDatabase();
  const role = `reader_${process.pid}`;
  await withConnection(url, (client) =>
    client.query(
      `${schema}; CREATE ROLE ${role}; GRANT SELECT ON t TO ${role}; GRANT USAGE ON SCHEMA public TO ${role}`,
    ),
  );
  await change(url, '', 'v1');
  await withConnection(url, async (client) => {
    await client.query(`SET ROLE ${role}`);
    await client.query('SELECT FROM v1.t LIMIT 1');
    await assert.rejects(client.query('DELETE FROM v1.t'), /permission denied/);
    await assert.rejects(client.query('SELECT FROM v1.other'), /permission denied/);
    await client.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
});

test('a table that is renamed or dropped has its new name in the new version, or none', async () => {
  const url = await fixture.emptyDatabase();
  await withConnection(url, (client) => client.query(schema));
  await change(url, '', 'v1');
  const text = 'ALTER TABLE t RENAME TO items; DROP TABLE other';
  assert.equal((await change(url, text, 'v2')).state, 'waiting');
  await withConnection(url, async (client) => {
    const { rows: views } = await client.query(
      `SELECT table_schema || '.' || table_name AS name FROM information_schema.views
       WHERE table_schema IN ('v1', 'v2') ORDER BY 1`,
    );
    assert.deepEqual(
      views.map(({ name }) => name),
      ['v1.other', 'v1.t', 'v2.items'],
    );
    await client.query(`INSERT INTO v1.t (amount, old_code) VALUES (1, 'c')`);
    await client.query(`INSERT INTO v2.items (amount, old_code) VALUES (1, 'c')`);
  });
  await dropVersion({ url, name: 'v1' });
  assert.equal((await change(url, text, 'v2', true)).state, 'done');
});

async function columnsOf(url: string, of: string): Promise<string[]> {
  const { rows: found } = await withConnection(url, (client) =>
    client.query<{ text: string }>(
      `SELECT attname || ' ' || format_type(atttypid, atttypmod) AS text FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [`${of}.t`],
    ),
  );
  return found.map(({ text }) => text);
}
