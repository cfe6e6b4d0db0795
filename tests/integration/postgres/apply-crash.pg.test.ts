import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandomness } from '@millrace/base';
import { applyPlan, planScript, readCatalog, withConnection } from '@millrace/postgres';
import { Client } from 'pg';
import { startMillrace } from '../../support/millrace-command.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';

let fixture: DatabaseFixture;
let directory: string;
before(async () => {
  fixture = await startDatabaseFixture();
  directory = await mkdtemp(join(tmpdir(), 'millrace-apply-'));
});
after(async () => {
  await fixture[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const rows = 10_000;
const rounds = Math.max(1, Math.round(3 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 0.2)));

const schema = `
  CREATE TABLE t (id bigint PRIMARY KEY, a integer NOT NULL CHECK (a >= 0), b text, UNIQUE (id, a));
  CREATE INDEX t_a ON t (a);
  INSERT INTO t SELECT i, 0, 'b' FROM generate_series(1, ${rows}) i;
  ANALYZE t;
`;

const script = `
  ALTER TABLE t ALTER COLUMN a TYPE bigint;
  ALTER TABLE t ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
  CREATE INDEX t_token ON t (token);
  ALTER TABLE t ALTER COLUMN b SET NOT NULL;
`;

for (let round = 0; round < rounds; round++) {
  const seed = Number(process.env['MILLRACE_SEED'] ?? Math.floor(Math.random() * 2 ** 31)) + round;

  test(`a change whose process is killed again and again is made once, seed ${seed}`, {
    timeout: 240_000,
  }, async (t) => {
    const url = await fixture.emptyDatabase();
    await withConnection(url, (client) => client.query(schema));
    const file = join(directory, `${seed}.sql`);
    await writeFile(file, script);
    await using writer = await startWriter(url);
    const random = seededRandomness(seed);
    let kills = 0;
    let gates = 0;
    for (let runs = 0; ; runs++) {
      assert.ok(runs < 200, 'it does not come to an end');
      const words = ['schema', 'apply', file, '--database-url', url, '--yes', '--json'];
      const running = startMillrace(gates > 0 ? [...words, '--deployed'] : words);
      running.child.stdin.end();
      // Later runs get more time, so that a slow machine ends too.
      const timer = setTimeout(() => running.child.kill('SIGKILL'), 250 + random.float() * (500 + runs * 150));
      const { code, stderr, text } = await running.ended;
      clearTimeout(timer);
      if (code === null) {
        kills++;
        continue;
      }
      assert.equal(code, 0, stderr);
      const { state } = JSON.parse(text) as { readonly state: string };
      if (state === 'done') break;
      gates++;
    }
    t.diagnostic(`${kills} kills, ${gates} gates`);
    assert.ok(kills > 0 && gates > 0);
    const written = await writer.stop();
    await withConnection(url, async (client) => {
      assert.deepEqual(await shape(client), {
        columns: ['a bigint not null', 'b text not null', 'id bigint not null', 'token uuid not null'],
        indexes: ['t_a', 't_id_a_key', 't_pkey', 't_token'],
        constraints: ['CHECK ((a >= 0))', 'PRIMARY KEY (id)', 'UNIQUE (id, a)'],
        leftovers: [],
      });
      const { rows: found } = await client.query<{ id: string; a: string }>('SELECT id, a FROM t WHERE a <> 0');
      assert.deepEqual(new Map(found.map(({ id, a }) => [Number(id), Number(a)])), written);
      const { rows: tokens } = await client.query(
        'SELECT count(DISTINCT token)::int AS n, count(*)::int AS all FROM t',
      );
      assert.deepEqual(tokens, [{ n: rows, all: rows }]);
    });
  });
}

test('a change goes on when its sessions are ended by the server', { timeout: 120_000 }, async () => {
  const url = await fixture.emptyDatabase();
  await withConnection(url, (client) => client.query(schema));
  const plan = await planScript(script, { catalog: await withConnection(url, readCatalog) });
  let ended = 0;
  let isOver = false;
  const ending = withConnection(url, async (client) => {
    while (!isOver) {
      await sleep(150);
      const { rows: found } = await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'millrace schema apply'`,
      );
      ended += found.length;
      await sleep(ended * 100);
    }
  });
  let applied = await applyPlan(plan, { url });
  while (applied.state === 'waiting') applied = await applyPlan(plan, { url, isDeployed: true });
  isOver = true;
  await ending;
  assert.ok(ended > 0);
  const found = await withConnection(url, shape);
  assert.deepEqual(found.leftovers, []);
  assert.ok(found.columns.includes('a bigint not null'));
});

test('old and new code side by side see what the other writes, until the old goes', { timeout: 60_000 }, async () => {
  const url = await fixture.emptyDatabase();
  await withConnection(url, (client) => client.query(schema));
  const plan = await planScript('ALTER TABLE t RENAME COLUMN b TO title', {
    catalog: await withConnection(url, readCatalog),
  });
  assert.deepEqual((await applyPlan(plan, { url })).state, 'waiting');
  await withConnection(url, async (client) => {
    await client.query(`INSERT INTO t (id, a, b) VALUES (${rows + 1}, 1, 'by old code')`);
    await client.query(`INSERT INTO t (id, a, title) VALUES (${rows + 2}, 1, 'by new code')`);
    await client.query(`UPDATE t SET b = 'changed by old code' WHERE id = 1`);
    await client.query(`UPDATE t SET title = 'changed by new code' WHERE id = 2`);
    await client.query(`UPDATE t SET b = NULL WHERE id = 3`);
    const { rows: unequal } = await client.query('SELECT * FROM t WHERE b IS DISTINCT FROM title');
    assert.deepEqual(unequal, []);
    const { rows: found } = await client.query(
      `SELECT title FROM t WHERE id IN (1, 2, 3, ${rows + 1}, ${rows + 2}) ORDER BY id`,
    );
    assert.deepEqual(
      found.map(({ title }) => title),
      ['changed by old code', 'changed by new code', null, 'by old code', 'by new code'],
    );
  });
  // Nobody said that code is deployed.
  assert.deepEqual((await applyPlan(plan, { url })).state, 'waiting');
  assert.deepEqual((await applyPlan(plan, { url, isDeployed: true })).state, 'done');
  assert.deepEqual((await withConnection(url, shape)).leftovers, []);
  assert.deepEqual((await applyPlan(plan, { url })).state, 'done');
});

test('rows that two have the same of are told, and no invalid index is left', async () => {
  const url = await fixture.emptyDatabase();
  await withConnection(url, (client) => client.query(schema));
  const catalog = await withConnection(url, readCatalog);
  const plan = await planScript('ALTER TABLE t ADD CONSTRAINT once UNIQUE (b)', { catalog });
  await assert.rejects(applyPlan(plan, { url }), {
    code: 'step_failed',
    message: /two rows have the same values: Key \(b\)=\(b\)/,
  });
  assert.deepEqual((await withConnection(url, shape)).leftovers, []);
  // What a killed process may leave behind.
  const made = withConnection(url, (client) => client.query('CREATE UNIQUE INDEX CONCURRENTLY once ON t (b)'));
  await assert.rejects(made, { code: '23505' });
  assert.deepEqual((await withConnection(url, shape)).leftovers, ['once']);
  await withConnection(url, (client) => client.query(`UPDATE t SET b = id::text`));
  assert.equal((await applyPlan(plan, { url })).state, 'done');
  assert.ok((await withConnection(url, shape)).indexes.includes('once'));
});

test('one process at a time; what has no safe way is refused before anything is done', async () => {
  const url = await fixture.emptyDatabase();
  await withConnection(url, (client) => client.query(schema));
  const catalog = await withConnection(url, readCatalog);
  const plan = await planScript('ALTER TABLE t ADD COLUMN x integer', { catalog });
  await withConnection(url, async (other) => {
    await other.query('SELECT pg_advisory_lock(6481203)');
    await assert.rejects(applyPlan(plan, { url }), { code: 'being_applied' });
  });
  for (const refused of [
    'CLUSTER t USING t_pkey',
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
    'ALTER TABLE t ADD COLUMN x integer NOT NULL',
  ]) {
    await assert.rejects(planScript(refused, { catalog }), { code: 'no_safe_way' }, refused);
  }
  const accepted = await planScript('TRUNCATE t', { catalog, accepted: new Set(['truncate']) });
  assert.equal((await applyPlan(accepted, { url })).state, 'done');
});

async function shape(client: Client) {
  const list = async (query: string): Promise<string[]> =>
    (await client.query<{ text: string }>(query)).rows.map(({ text }) => text);
  return {
    columns: await list(
      `SELECT attname || ' ' || format_type(atttypid, atttypmod)
         || CASE WHEN attnotnull THEN ' not null' ELSE '' END AS text
       FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1`,
    ),
    indexes: await list(
      `SELECT indexrelid::regclass::text AS text FROM pg_index
       WHERE indrelid = 't'::regclass AND indisvalid ORDER BY 1`,
    ),
    constraints: await list(
      `SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint
       WHERE conrelid = 't'::regclass AND contype <> 'n' AND convalidated ORDER BY 1`,
    ),
    leftovers: await list(
      `SELECT tgname::text AS text FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal
       UNION ALL SELECT proname::text FROM pg_proc WHERE proname LIKE 'millrace%'
       UNION ALL SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisvalid
       UNION ALL SELECT attname::text FROM pg_attribute
         WHERE attrelid = 't'::regclass AND NOT attisdropped AND (attname LIKE '%_new' OR attname LIKE '%_old')`,
    ),
  };
}

/** Code that knows nothing of the change: it writes `a`, and remembers what was acknowledged. */
async function startWriter(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const written = new Map<number, number>();
  let isOver = false;
  const running = (async () => {
    for (let value = 1; !isOver; value++) {
      const id = 1 + Math.floor(Math.random() * rows);
      await client.query('UPDATE t SET a = $1 WHERE id = $2', [value, id]);
      written.set(id, value);
      await sleep(2);
    }
  })();
  const stop = async (): Promise<Map<number, number>> => {
    isOver = true;
    await running;
    return written;
  };
  return {
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await client.end();
    },
  };
}
