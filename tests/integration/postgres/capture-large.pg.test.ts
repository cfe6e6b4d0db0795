/** Transactions that are too large for the server's memory, markers, rows asked for again, and bounds of a slot. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requestSnapshot, type TransactionMarker, withConnection } from '@millrace/postgres';
import { eventually } from '../../support/eventually.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { events, values } from './captured-events.ts';
import { startCaptured } from './started-capture.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture({ wal_level: 'logical', logical_decoding_work_mem: '64kB' });
});
after(() => fixture[Symbol.asyncDispose]());

test('a transaction that streams before its commit comes whole, without what its savepoints undid', {
  timeout: 60_000,
}, async (t) => {
  const sql = 'CREATE TABLE t (id integer PRIMARY KEY, note text)';
  const { kafka, url, database, run, capture } = await startCaptured(t, fixture, {
    ...{ sql, name: 'streams', commitRecords: 700 },
  });
  const topic = `dbsync.${database}.public.t`;
  const rows = (from: number, to: number): string =>
    `INSERT INTO t SELECT i, repeat('x', 200) FROM generate_series(${from}, ${to}) i`;
  const streamed = async (): Promise<number> => {
    const found = await run(`SELECT stream_txns FROM pg_stat_replication_slots WHERE slot_name = 'millrace_streams'`);
    return Number((found.rows[0] as { stream_txns: string } | undefined)?.stream_txns ?? 0);
  };
  await withConnection(url, async (client) => {
    await client.query(
      `BEGIN; ${rows(1, 3000)}; SAVEPOINT a; ${rows(10_001, 13_000)}; SAVEPOINT b; ${rows(20_001, 22_000)}`,
    );
    // Others commit meanwhile, and are not kept waiting.
    await run(rows(50_001, 50_001));
    await eventually(async () => (await events(kafka, topic)).length === 1);
    await client.query(`ROLLBACK TO a; ${rows(30_001, 32_000)}; DELETE FROM t WHERE id <= 1000; COMMIT`);
  });
  await run(`BEGIN; ${rows(60_001, 64_000)}; ROLLBACK`);
  await run(rows(50_002, 50_002));
  await eventually(async () => (await events(kafka, topic)).some(({ key }) => key === '{"id":50002}'));
  const list = await events(kafka, topic);
  const count = (op: string, from: number, to: number): number =>
    list.filter((event) => {
      const id = Number((event.after ?? event.before)?.['id']);
      return event.op === op && id >= from && id <= to;
    }).length;
  assert.deepEqual(
    [count('c', 1, 3000), count('c', 30_001, 32_000), count('d', 1, 1000), count('c', 50_001, 50_002)],
    [3000, 2000, 1000, 2],
  );
  assert.equal(list.filter(({ op }) => op !== null).length, 6002);
  assert.ok((await streamed()) >= 1, 'the server streamed');
  assert.deepEqual(
    capture.told.filter(({ kind }) => kind === 'retrying'),
    [],
  );
});

test('transactions are marked, and each event tells its place, also when the session breaks in its middle', {
  timeout: 60_000,
}, async (t) => {
  const sql = 'CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY)';
  const { kafka, database, run, capture } = await startCaptured(t, fixture, {
    ...{ sql, name: 'markers', commitRecords: 500 },
  });
  const end = `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'millrace_markers'`;
  await run(
    'BEGIN; INSERT INTO a VALUES (-1), (-2); INSERT INTO b VALUES (-1); UPDATE a SET id = -3 WHERE id = -2; COMMIT',
  );
  await run(
    `BEGIN; INSERT INTO a SELECT generate_series(1, 6000); INSERT INTO b SELECT generate_series(1, 20); COMMIT`,
  );
  const committed = (): number =>
    capture.told.filter((event) => event.kind === 'committed' && event.records > 0).length;
  await eventually(() => committed() > 3);
  await run(end);
  const markers = () => values<TransactionMarker>(kafka, `dbsync.${database}.transaction`);
  await eventually(async () => (await markers()).length === 4);
  const counts = (await markers()).map(({ status, event_count, data_collections }) => [
    ...[status, event_count],
    ...(data_collections ?? []).map((each) => `${each.data_collection} ${each.event_count}`),
  ]);
  assert.deepEqual(counts, [
    ['BEGIN', null],
    ['END', 5, 'public.a 4', 'public.b 1'],
    ['BEGIN', null],
    ['END', 6020, 'public.a 6000', 'public.b 20'],
  ]);
  const [first, , second] = await markers();
  const list = [
    ...(await events(kafka, `dbsync.${database}.public.a`)),
    ...(await events(kafka, `dbsync.${database}.public.b`)),
  ];
  for (const [marker, total] of [
    [first, 5],
    [second, 6020],
  ] as const) {
    const orders = list.filter(({ transaction }) => transaction?.id === marker?.id).map((event) => event.transaction);
    const places = orders.map((order) => order?.total_order ?? 0).toSorted((x, y) => x - y);
    assert.deepEqual(
      places,
      Array.from({ length: total }, (_, index) => index + 1),
    );
  }
  assert.ok(list.some(({ transaction }) => transaction?.data_collection_order === 6000));
});

test('rows are read again when they are asked for, while changes go on', { timeout: 60_000 }, async (t) => {
  const sql =
    'CREATE TABLE t (id integer PRIMARY KEY, v integer); INSERT INTO t SELECT i, 0 FROM generate_series(1, 12000) i';
  const { kafka, url, database, run, capture } = await startCaptured(t, fixture, { sql, name: 'again' });
  const reads = (): number => capture.told.filter((event) => event.kind === 'snapshot' && event.isDone).length;
  await withConnection(url, (client) => requestSnapshot(client, { capture: 'again', tables: ['t'] }));
  for (let i = 0; i < 40; i++) await run(`UPDATE t SET v = v + 1 WHERE id = ${1 + ((i * 997) % 12_000)}`);
  await eventually(() => reads() === 2);
  await run('INSERT INTO t VALUES (0, 0)');
  const topic = `dbsync.${database}.public.t`;
  await eventually(async () => (await events(kafka, topic)).some(({ key }) => key === '{"id":0}'));
  const last = new Map((await events(kafka, topic)).map(({ key, after: row }) => [key, row]));
  const there = (await run('SELECT * FROM t')).rows as { id: number; v: number }[];
  assert.deepEqual(last, new Map(there.map((row) => [`{"id":${row.id}}`, row])));
  assert.ok((await events(kafka, topic)).filter(({ op }) => op === 'r').length > 23_000);
  const unknown = withConnection(url, (client) => requestSnapshot(client, { capture: 'no', tables: ['t'] }));
  await assert.rejects(unknown, { code: 'capture_invalid' });
});

test('a slot for which too much is kept ends the capture, and is dropped where that is wanted', {
  timeout: 60_000,
}, async (t) => {
  const sql = 'CREATE TABLE t (id integer PRIMARY KEY)';
  const { run, capture } = await startCaptured(t, fixture, {
    ...{ sql, name: 'bounded', slotMs: 50, slotLimits: { bytesMax: 20 * 1024 * 1024, beyond: 'drop' } },
  });
  assert.ok(capture.told.some(({ kind }) => kind === 'slot_unbounded'));
  // One old transaction keeps the log, whatever is confirmed.
  await run(`BEGIN; INSERT INTO t VALUES (1);
    SELECT count(pg_logical_emit_message(false, 'other', repeat('x', 1000000))) FROM generate_series(1, 30);
    SELECT pg_sleep(1); COMMIT`);
  await assert.rejects(capture.running, { code: 'source_not_ready' });
  const { rows } = await run(`SELECT FROM pg_replication_slots WHERE slot_name = 'millrace_bounded'`);
  assert.equal(rows.length, 0);
});
