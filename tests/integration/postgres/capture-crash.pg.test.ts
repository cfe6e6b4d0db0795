/**
 * Seeded runs of a capture that is killed again and again while a random load writes and changes the tables' shapes:
 * at the end the topic, replayed by key, has the rows of the table, value for value.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandomness } from '@millrace/base';
import { withConnection } from '@millrace/postgres';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { type Event, events, schemaChanges } from './captured-events.ts';
import { startCapture } from './started-capture.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 0.2);
const runs = Math.max(1, Math.round(scale));
const firstSeed = Number(process.env['MILLRACE_TEST_SEED'] ?? Date.now() % 1_000_000);
const program = fileURLToPath(new URL('capture-program.ts', import.meta.url));
/** Few, so that kills fall into transactions of the source that span several of Kafka's. */
const commitRecords = 20;

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture({ wal_level: 'logical', logical_decoding_work_mem: '64kB' });
});
after(() => fixture[Symbol.asyncDispose]());

for (let index = 0; index < runs; index++) {
  const seed = firstSeed + index;
  test(`killed while tables change, seed ${seed} (MILLRACE_TEST_SEED)`, { timeout: 120_000 }, (t) => run(t, seed));
}

async function run(t: TestContext, seed: number): Promise<void> {
  const randomness = seededRandomness(seed);
  const random = (): number => randomness.float();
  const broker = await startFixture(t);
  const url = await fixture.emptyDatabase();
  // Slots belong to the server, which all runs share.
  const name = `crash_${seed}`;
  const database = new URL(url).pathname.slice(1);
  await withConnection(url, (client) =>
    client.query(`CREATE TABLE t (id integer PRIMARY KEY, c0 text, large text); ALTER TABLE t REPLICA IDENTITY FULL;
      ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
      INSERT INTO t SELECT i, 'x' || i, repeat('l', 3000) FROM generate_series(1, 300) i;
      CREATE TABLE made (xid bigint, events integer);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO made VALUES (pg_current_xact_id()::text::bigint,
          CASE WHEN TG_OP = 'UPDATE' AND OLD.id <> NEW.id THEN 2 ELSE 1 END);
        RETURN NULL;
      END $$;
      CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()`),
  );
  const load = writeAtRandom(url, random);
  for (let kills = 0; kills < 4; kills++) {
    const running = fork(program, [url, broker.bootstrap, name, String(commitRecords)]);
    const ended = once(running, 'exit');
    const [told] = await Promise.race([once(running, 'message'), ended]);
    assert.equal(told, 'committed', 'the capture ended by itself');
    await sleep(random() * 1_000);
    running.kill('SIGKILL');
    await ended;
  }
  const statements = await load.end();
  const capture = startCapture(t, { url, kafka: broker.client, name, commitRecords, tables: ['t'] });
  await withConnection(url, (client) => client.query('DELETE FROM t WHERE id = 0; INSERT INTO t (id) VALUES (0)'));
  const topic = `dbsync.${database}.public.t`;
  const { rows: there } = await withConnection(url, (client) =>
    client.query<{ row: Record<string, unknown> }>('SELECT to_json(t) AS row FROM t'),
  );
  const expected = new Map(there.map(({ row }) => [`{"id":${row['id']}}`, row]));
  let list: readonly Event[] = [];
  let found = replayed(list);
  const wrong = (): unknown[] =>
    [...expected]
      .filter(([key, row]) => JSON.stringify(found.get(key)) !== JSON.stringify(row))
      .map(([key, row]) => [key, row, found.get(key)]);
  const isEqual = async (): Promise<boolean> => {
    list = await events(broker.client, topic);
    found = replayed(list);
    return found.size === expected.size && wrong().length === 0;
  };
  // What is wrong then is shown below.
  await eventually(isEqual, { timeoutMs: 60_000 }).catch(() => undefined);
  assert.deepEqual(wrong().slice(0, 3), []);
  assert.equal(found.size, expected.size);
  assert.deepEqual((await comeTwice(url, list)).slice(0, 3), []);
  const changes = await schemaChanges(broker.client, database);
  t.diagnostic(`${statements} statements, ${list.length} events, ${changes.length} schema changes`);
  await capture.close();
  // A server has ten.
  await withConnection(url, (client) => client.query(`SELECT pg_drop_replication_slot('millrace_${name}')`));
}

function replayed(list: readonly Event[]): Map<string, Record<string, unknown>> {
  const rows = new Map<string, Record<string, unknown>>();
  for (const { key, op, after: row } of list) {
    if (op === 't') rows.clear();
    else if (key !== null && row === null) rows.delete(key);
    else if (key !== null && row !== null) rows.set(key, row);
  }
  return rows;
}

/** Transactions of which there are more events than a trigger counted in the database. */
async function comeTwice(url: string, list: readonly Event[]): Promise<unknown[]> {
  const { rows } = await withConnection(url, (client) =>
    client.query<{ xid: string; events: string }>('SELECT xid, sum(events) AS events FROM made GROUP BY xid'),
  );
  const made = new Map(rows.map(({ xid, events: count }) => [xid, Number(count)]));
  const found = new Map<string, number>();
  for (const { transaction } of list) {
    const xid = transaction?.id.split(':')[0];
    if (xid !== undefined) found.set(xid, (found.get(xid) ?? 0) + 1);
  }
  return [...found].flatMap(([xid, count]) =>
    count > (made.get(xid) ?? 0) ? [{ xid, count, made: made.get(xid) }] : [],
  );
}

function writeAtRandom(url: string, random: () => number): { end(): Promise<number> } {
  let isOver = false;
  let statements = 0;
  let column = 'c0';
  let count = 0;
  const pick = (bound: number): number => 1 + Math.floor(random() * bound);
  const next = (): string => {
    const choice = random();
    if (choice < 0.4) return `UPDATE t SET ${column} = '${pick(1e6)}' WHERE id = ${pick(300)}`;
    if (choice < 0.55) return `DELETE FROM t WHERE id = ${pick(300)}`;
    if (choice < 0.75)
      return `INSERT INTO t (id, large) VALUES (${pick(300)}, repeat('m', 3000)) ON CONFLICT DO NOTHING`;
    if (choice < 0.85)
      return `UPDATE t SET id = id + 10000
      WHERE id = ${pick(300)} AND NOT EXISTS (SELECT FROM t o WHERE o.id = t.id + 10000)`;
    if (choice < 0.97) {
      return `BEGIN; UPDATE t SET ${column} = '${pick(9)}' WHERE id % 7 = ${pick(6)}; SAVEPOINT s;
        UPDATE t SET large = '${pick(9)}' WHERE id % 5 = ${pick(4)}; ROLLBACK TO s; COMMIT`;
    }
    const old = column;
    column = `c${++count}`;
    const alter = [
      `RENAME ${old} TO ${column}`,
      `DROP ${old}, ADD ${column} text DEFAULT 'new'`,
      `DROP ${old}, ADD ${column} integer`,
    ][count % 3];
    // Each row comes again in its new shape, so that the topic alone has all of it.
    return `BEGIN; ALTER TABLE t ${alter}; UPDATE t SET id = id; COMMIT`;
  };
  const working = withConnection(url, async (client) => {
    while (!isOver) {
      await client.query(next());
      statements++;
      await sleep(2);
    }
  });
  return {
    async end() {
      isOver = true;
      await working;
      return statements;
    },
  };
}
