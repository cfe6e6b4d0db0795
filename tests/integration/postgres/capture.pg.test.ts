import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CaptureEvent, removeSlot, runCapture, withConnection } from '@millrace/postgres';
import { Client } from 'pg';
import { eventually } from '../../support/eventually.ts';
import { startMillrace } from '../../support/millrace-command.ts';
import { startFixture } from '../client/client-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { events, replayed } from './captured-events.ts';
import { startCapture } from './started-capture.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture({ wal_level: 'logical' });
});
after(() => fixture[Symbol.asyncDispose]());

async function tableRows(url: string, query: string): Promise<Record<string, unknown>[]> {
  return await withConnection(url, async (client) => (await client.query<Record<string, unknown>>(query)).rows);
}

test('rows that were there and changes come as events, in order', { timeout: 60_000 }, async (t) => {
  const kafka = (await startFixture(t)).client;
  const url = await fixture.emptyDatabase();
  const database = new URL(url).pathname.slice(1);
  await withConnection(url, (client) =>
    client.query(`CREATE TABLE t (id integer PRIMARY KEY, note text, version integer);
      INSERT INTO t VALUES (1, 'one', 1), (2, NULL, 1);`),
  );
  const capture = startCapture(t, { url, kafka, name: 'plain' });
  await eventually(() => capture.told.some((event) => event.kind === 'snapshot' && event.isDone));
  await withConnection(url, async (client) => {
    await client.query(`INSERT INTO t VALUES (3, 'th"ree', 1)`);
    await client.query(`UPDATE t SET note = 'changed', version = 2 WHERE id = 1`);
    await client.query('UPDATE t SET id = 20, version = 2 WHERE id = 2');
    await client.query('DELETE FROM t WHERE id = 3');
    await client.query('BEGIN; DELETE FROM t; ROLLBACK');
    await client.query('TRUNCATE t');
  });
  const topic = `dbsync.${database}.public.t`;
  await eventually(async () => (await events(kafka, topic)).some(({ op }) => op === 't'));
  const found = (await events(kafka, topic)).map(({ key, op, before: old, after: row }) => [op, key, old, row]);
  assert.deepEqual(found, [
    ['r', '{"id":1}', null, { id: 1, note: 'one', version: 1 }],
    ['r', '{"id":2}', null, { id: 2, note: null, version: 1 }],
    ['c', '{"id":3}', null, { id: 3, note: 'th"ree', version: 1 }],
    ['u', '{"id":1}', null, { id: 1, note: 'changed', version: 2 }],
    ['d', '{"id":2}', { id: 2, note: null, version: null }, null],
    [null, '{"id":2}', null, null],
    ['c', '{"id":20}', null, { id: 20, note: null, version: 2 }],
    ['d', '{"id":3}', { id: 3, note: null, version: null }, null],
    [null, '{"id":3}', null, null],
    ['t', null, null, null],
  ]);
  await capture.close();
});

test('values of the types of the mapping, in a snapshot and in the stream alike', { timeout: 60_000 }, async (t) => {
  const kafka = (await startFixture(t)).client;
  const url = await fixture.emptyDatabase();
  const database = new URL(url).pathname.slice(1);
  const columns: readonly (readonly [type: string, literal: string, json: unknown])[] = [
    ['boolean', 'true', true],
    ['bit(1)', `B'1'`, true],
    ['bit(10)', `B'1000000001'`, Buffer.from([0x01, 0x02]).toString('base64')],
    ['bit varying', `B'101'`, Buffer.from([0x05]).toString('base64')],
    ['smallint', '-7', -7],
    ['bigint', '9007199254740991', 9007199254740991],
    ['oid', '4294967295', 4294967295],
    ['real', '1.5', 1.5],
    ['double precision', `'NaN'`, 'NaN'],
    ['char(4)', `'ab'`, 'ab  '],
    ['varchar(9)', `E'a\\nb'`, 'a\nb'],
    ['timestamptz', `'2020-02-29 12:00:00.5+02'`, '2020-02-29T10:00:00.500000Z'],
    ['timetz', `'01:30:00+02'`, '23:30:00Z'],
    ['interval', `'1 day 00:00:01'`, 86_401_000_000],
    ['bytea', `'\\x00ff'`, Buffer.from([0, 255]).toString('base64')],
    ['jsonb', `'{"a": 1}'`, '{"a": 1}'],
    ['xml', `'<a/>'`, '<a/>'],
    ['uuid', `'00000000-0000-0000-0000-000000000001'`, '00000000-0000-0000-0000-000000000001'],
    ['inet', `'10.0.0.1'`, '10.0.0.1'],
    ['cidr', `'10.0.0.0/8'`, '10.0.0.0/8'],
    ['macaddr', `'08:00:2b:01:02:03'`, '08:00:2b:01:02:03'],
    ['int4range', `'[1,5)'`, '[1,5)'],
    ['mood', `'ok'`, 'ok'],
    ['date', `'1969-12-31'`, -1],
    ['date', `'infinity'`, 9223372036825200000],
    ['time(3)', `'00:00:01.5'`, 1500],
    ['time', `'00:00:01.5'`, 1_500_000],
    ['timestamp(3)', `'1970-01-01 00:00:01.5'`, 1500],
    ['timestamp', `'1969-12-31 23:59:59.999999'`, -1],
    ['numeric(10,2)', '-1.5', Buffer.from([0xff, 0x6a]).toString('base64')],
    ['numeric', '12.345', { scale: 3, value: Buffer.from([0x30, 0x39]).toString('base64') }],
    ['money', '12.34', Buffer.from([0x04, 0xd2]).toString('base64')],
    ['integer[]', `'{1,NULL,3}'`, [1, null, 3]],
    ['text[]', `'{"a,\\"b\\"",NULL,"NULL"}'`, ['a,"b"', null, 'NULL']],
    ['positive', '5', 5],
    ['point', `'(1,2.5)'`, undefined],
    ['tsvector', `'fat cat'`, "'cat' 'fat'"],
  ];
  const table = columns.map(([type], index) => `c${index} ${type}`).join(', ');
  const values = columns.map(([, literal]) => literal).join(', ');
  await withConnection(url, (client) =>
    client.query(`CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
      CREATE TABLE v (id integer PRIMARY KEY, ${table}); INSERT INTO v VALUES (1, ${values})`),
  );
  const capture = startCapture(t, { url, kafka, name: 'types' });
  await eventually(() => capture.told.some((event) => event.kind === 'snapshot' && event.isDone));
  await withConnection(url, (client) => client.query(`INSERT INTO v VALUES (2, ${values})`));
  const topic = `dbsync.${database}.public.v`;
  await eventually(async () => (await events(kafka, topic)).length === 2);
  const [read, streamed] = (await events(kafka, topic)).map(({ after: row }) => row ?? {});
  for (const [index, [type, , json]] of columns.entries()) {
    if (json !== undefined) assert.deepEqual(streamed?.[`c${index}`], json, type);
    assert.deepEqual(read?.[`c${index}`], streamed?.[`c${index}`], type);
  }
  assert.equal((streamed?.['c35'] as { readonly x: number }).x, 1);
  await capture.close();
});

test('values that are stored apart and did not change are taken from the old row, or marked', {
  timeout: 60_000,
}, async (t) => {
  const kafka = (await startFixture(t)).client;
  const url = await fixture.emptyDatabase();
  const database = new URL(url).pathname.slice(1);
  await withConnection(url, (client) =>
    client.query(`CREATE TABLE part (id integer PRIMARY KEY, large text, small integer);
      ALTER TABLE part ALTER COLUMN large SET STORAGE EXTERNAL;
      CREATE TABLE whole (LIKE part INCLUDING ALL); ALTER TABLE whole REPLICA IDENTITY FULL;`),
  );
  const capture = startCapture(t, { url, kafka, name: 'toast' });
  await eventually(() => capture.told.some((event) => event.kind === 'snapshot' && event.table.endsWith('whole')));
  await withConnection(url, async (client) => {
    for (const name of ['part', 'whole']) {
      await client.query(`BEGIN; INSERT INTO ${name} VALUES (1, repeat('x', 100000), 1);
        UPDATE ${name} SET small = 2; COMMIT`);
    }
  });
  const last = async (name: string) =>
    (await events(kafka, `dbsync.${database}.public.${name}`)).find(({ op }) => op === 'u')?.after;
  await eventually(async () => (await last('whole')) !== undefined);
  assert.equal((await last('part'))?.['large'], '__debezium_unavailable_value');
  assert.equal(String((await last('whole'))?.['large']).length, 100_000);
  await capture.close();
});

test('captures that are killed under a random load miss nothing and repeat nothing', {
  timeout: 120_000,
}, async (t) => {
  const broker = await startFixture(t);
  const url = await fixture.emptyDatabase();
  const database = new URL(url).pathname.slice(1);
  await withConnection(url, (client) =>
    client.query(`CREATE TABLE t (id integer PRIMARY KEY, version integer NOT NULL, note text);
      CREATE TABLE other (id integer PRIMARY KEY, version integer NOT NULL);
      INSERT INTO t SELECT i, 1, repeat('n', 50) FROM generate_series(1, 20000) i;
      INSERT INTO other SELECT i, 1 FROM generate_series(1, 7000) i;`),
  );
  let isOver = false;
  const writers = Array.from({ length: 2 }, async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    for (let added = 0; !isOver; ) {
      const id = 1 + Math.floor(Math.random() * 20_000);
      const choice = Math.random();
      if (choice < 0.6) await client.query('UPDATE t SET version = version + 1 WHERE id = $1', [id]);
      else if (choice < 0.7) await client.query('DELETE FROM t WHERE id = $1', [id]);
      else if (choice < 0.9) await client.query('INSERT INTO t VALUES ($1, 1) ON CONFLICT DO NOTHING', [id]);
      else if (choice < 0.92)
        await client.query('UPDATE other SET version = version + 1 WHERE id % 50 = $1', [added++ % 50]);
      await sleep(1);
    }
    await client.end();
  });
  let kills = 0;
  for (const end = Date.now() + 12_000; Date.now() < end; kills++) {
    const words = [
      'sync',
      'capture',
      '--database-url',
      url,
      '--bootstrap',
      broker.bootstrap,
      '--name',
      'killed',
      '--json',
    ];
    const running = startMillrace(words);
    running.child.stdin.end();
    await sleep(900 + Math.random() * 1_500);
    running.child.kill('SIGKILL');
    await running.ended;
  }
  const capture = startCapture(t, { url, kafka: broker.client, name: 'killed' });
  isOver = true;
  await Promise.all(writers);
  await withConnection(url, (client) => client.query('INSERT INTO other VALUES (0, 1)'));
  const otherTopic = `dbsync.${database}.public.other`;
  await eventually(async () => (await events(broker.client, otherTopic)).some(({ key }) => key === '{"id":0}'), {
    timeoutMs: 60_000,
  });
  await eventually(() => capture.told.some((event) => event.kind === 'committed'));
  for (const name of ['t', 'other']) {
    const list = await events(broker.client, `dbsync.${database}.public.${name}`);
    const { rows, wrong } = replayed(list);
    assert.deepEqual(wrong, [], name);
    const there = await tableRows(url, `SELECT * FROM ${name}`);
    const byKey = new Map(there.map((row) => [JSON.stringify({ id: row['id'] }), row]));
    assert.deepEqual(rows, byKey, name);
    t.diagnostic(`${name}: ${list.length} events, ${kills} kills`);
  }
  await capture.close();
});

test('a large transaction spans several of Kafka, and goes on in its middle', { timeout: 60_000 }, async (t) => {
  const kafka = (await startFixture(t)).client;
  const url = await fixture.emptyDatabase();
  const database = new URL(url).pathname.slice(1);
  await withConnection(url, (client) => client.query('CREATE TABLE t (id integer PRIMARY KEY, note text)'));
  const stop = new AbortController();
  t.after(() => stop.abort());
  // More bytes than sockets hold.
  const large = 20_000;
  let breaks = 0;
  let commits = 0;
  let isRead = false;
  const report = (event: CaptureEvent): void => {
    isRead ||= event.kind === 'snapshot' && event.isDone;
    // In the middle of the transaction the server ends the session that streams.
    if (event.kind !== 'committed' || event.records < 500 || ++commits % 7 !== 0) return;
    breaks++;
    const end = `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'millrace_large'`;
    void withConnection(url, (client) => client.query(end)).catch(() => undefined);
  };
  const running = runCapture({ url, kafka, name: 'large', commitRecords: 500, report }, stop.signal);
  await eventually(() => isRead);
  await withConnection(url, (client) =>
    client.query(`INSERT INTO t SELECT i, repeat('n', 2000) FROM generate_series(1, ${large}) i`),
  );
  const topic = `dbsync.${database}.public.t`;
  await eventually(async () => (await events(kafka, topic)).length >= large, { timeoutMs: 40_000 });
  const found = await events(kafka, topic);
  assert.equal(new Set(found.map(({ key }) => key)).size, large);
  assert.equal(found.length, large);
  assert.ok(breaks > 2 && commits >= 40, `${breaks} breaks, ${commits} commits`);
  stop.abort();
  await running;
});

test('a source that can not be captured is one sentence; a second capture of the same name ends the first', {
  timeout: 60_000,
}, async (t) => {
  const kafka = (await startFixture(t)).client;
  const url = await fixture.emptyDatabase();
  await withConnection(url, (client) => client.query('CREATE TABLE t (id integer PRIMARY KEY)'));
  await assert.rejects(startCapture(t, { url, kafka, name: 'no-such-name' }).running, { code: 'capture_invalid' });
  const first = startCapture(t, { url, kafka, name: 'twice' });
  await eventually(() => first.told.some(({ kind }) => kind === 'snapshot'));
  const second = startCapture(t, { url, kafka, name: 'twice' });
  await assert.rejects(first.running, { code: 'producer_fenced' });
  await eventually(() => second.told.some(({ kind }) => kind === 'streaming'));
  await second.close();
  const left = 'SELECT slot_name FROM pg_replication_slots WHERE slot_name = $1';
  await withConnection(url, async (client) => {
    assert.equal((await client.query(left, ['millrace_twice'])).rows.length, 1);
    await removeSlot(client, { slot: 'millrace_twice', publication: 'millrace_twice' });
    assert.equal((await client.query(left, ['millrace_twice'])).rows.length, 0);
  });
});

test('a server without a free slot says which of them are inactive, and what to do', { timeout: 60_000 }, async (t) => {
  const { client: kafka } = await startFixture(t);
  await using small = await startDatabaseFixture({ wal_level: 'logical', max_replication_slots: '1' });
  const url = await small.emptyDatabase();
  await withConnection(url, (client) => client.query(`SELECT pg_create_logical_replication_slot('left', 'pgoutput')`));
  await assert.rejects(runCapture({ name: 'second', url, kafka }, t.signal), {
    code: 'source_not_ready',
    message:
      'all replication slots of the server are in use (max_replication_slots is 1); inactive are left: drop one that ' +
      `nobody needs with SELECT pg_drop_replication_slot('NAME'), or raise max_replication_slots and ` +
      'restart the server',
  });
});
