/** Shapes of tables that change while they are captured: nothing stops, and each row has the columns that it had. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CaptureEvent, SchemaChangeEvent } from '@millrace/postgres';
import { eventually } from '../../support/eventually.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { events, schemaChanges, values } from './captured-events.ts';
import { startCaptured } from './started-capture.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture({ wal_level: 'logical' });
});
after(() => fixture[Symbol.asyncDispose]());

function retries(told: readonly CaptureEvent[]): CaptureEvent[] {
  return told.filter(({ kind }) => kind === 'retrying');
}

test('each ALTER TABLE is an event before the first row that has its shape', { timeout: 60_000 }, async (t) => {
  const sql = 'CREATE TABLE t (id integer PRIMARY KEY, a text, b integer); INSERT INTO t VALUES (1, $$x$$, 1)';
  const { kafka, database, run, capture } = await startCaptured(t, fixture, { sql, name: 'alters' });
  for (const statement of [
    `BEGIN; UPDATE t SET b = 2; ALTER TABLE t ADD c numeric(10,2) DEFAULT 5; INSERT INTO t VALUES (2, 'y', 1, 1.5);
     ALTER TABLE t DROP b; INSERT INTO t VALUES (3, 'z', NULL); COMMIT`,
    'ALTER TABLE t RENAME a TO name; INSERT INTO t VALUES (4, $$n$$, 0)',
    'ALTER TABLE t ALTER name TYPE varchar(20); INSERT INTO t VALUES (5, $$v$$, 0)',
    'BEGIN; ALTER TABLE t ADD gone integer; INSERT INTO t VALUES (6, $$no$$, 0, 1); ROLLBACK',
    'DELETE FROM t WHERE id = 1',
  ]) {
    await run(statement);
  }
  const topic = `dbsync.${database}.public.t`;
  await eventually(async () => (await events(kafka, topic)).length === 8);
  const rows = (await events(kafka, topic)).map(({ op, before: old, after: row, version }) => [
    version,
    op,
    row ?? old,
  ]);
  const changes = await schemaChanges(kafka, database);
  const shapes = new Map(changes.map((change) => [Number(/ (\d+):/.exec(change)?.[1]), change.replace(/^.*: /, '')]));
  assert.deepEqual(
    rows.map(([version, op, row]) => [shapes.get(Number(version))?.replace(/;.*/, ''), op, row]),
    [
      ['id integer, a text, b integer', 'r', { id: 1, a: 'x', b: 1 }],
      ['id integer, a text, b integer', 'u', { id: 1, a: 'x', b: 2 }],
      ['id integer, a text, b integer, c numeric(10,2)', 'c', { id: 2, a: 'y', b: 1, c: 'AJY=' }],
      ['id integer, a text, c numeric(10,2)', 'c', { id: 3, a: 'z', c: null }],
      ['id integer, name text, c numeric(10,2)', 'c', { id: 4, name: 'n', c: 'AA==' }],
      ['id integer, name character varying(20), c numeric(10,2)', 'c', { id: 5, name: 'v', c: 'AA==' }],
      ['id integer, name character varying(20), c numeric(10,2)', 'd', { id: 1, name: null, c: null }],
      ['id integer, name character varying(20), c numeric(10,2)', null, null],
    ],
  );
  assert.ok(
    changes.some((change) => change.endsWith('; a is name')),
    changes.join('\n'),
  );
  assert.deepEqual(retries(capture.told), []);
});

test('what only the catalog tells is an event too: defaults, NOT NULL, comments, a column without rows behind it', {
  timeout: 60_000,
}, async (t) => {
  const sql = 'CREATE TABLE t (id integer PRIMARY KEY, a text)';
  const { kafka, database, run } = await startCaptured(t, fixture, { sql, name: 'catalog' });
  await run(`ALTER TABLE t ALTER a SET NOT NULL, ALTER a SET DEFAULT 'x', ADD e mood_of_all`).catch(() => undefined);
  await run(`CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS integer;
    ALTER TABLE t ALTER a SET NOT NULL, ALTER a SET DEFAULT 'x', ADD e mood, ADD p positive`);
  const topic = `dbsync.${database}.schema-changes`;
  const last = async () => (await values<SchemaChangeEvent>(kafka, topic)).at(-1)?.tableChanges[0];
  await eventually(async () => (await last())?.table?.columns.length === 4);
  const columns = (await last())?.table?.columns ?? [];
  const facts = columns.map(({ name, optional, defaultValueExpression, enumValues, domainOf }) => {
    return { name, optional, default: defaultValueExpression, enumValues, domainOf };
  });
  assert.deepEqual(facts, [
    { name: 'id', optional: false, default: null, enumValues: null, domainOf: null },
    { name: 'a', optional: false, default: `'x'::text`, enumValues: null, domainOf: null },
    { name: 'e', optional: true, default: null, enumValues: ['sad', 'ok'], domainOf: null },
    { name: 'p', optional: true, default: null, enumValues: null, domainOf: 'integer' },
  ]);
  await run(`ALTER TYPE mood ADD VALUE 'happy'`);
  await eventually(async () => (await last())?.table?.columns[2]?.enumValues?.includes('happy') === true);
});

test('tables that are made, renamed, dropped and made anew are followed without a restart', {
  timeout: 60_000,
}, async (t) => {
  const sql = 'CREATE TABLE old (id integer PRIMARY KEY)';
  const { kafka, database, run, capture } = await startCaptured(t, fixture, { sql, name: 'tables' });
  const topic = (table: string) => `dbsync.${database}.public.${table}`;
  const read = (table: string) => async () =>
    capture.told.filter((event) => event.kind === 'snapshot' && event.isDone && event.table === `public.${table}`)
      .length;
  await run('CREATE TABLE fresh (id integer PRIMARY KEY, a text); INSERT INTO fresh VALUES (1, $$before$$)');
  await eventually(async () => (await read('fresh')()) === 1);
  await run(
    'INSERT INTO fresh VALUES (2, $$behind$$); ALTER TABLE old RENAME TO renamed; INSERT INTO renamed VALUES (7)',
  );
  await eventually(async () => (await events(kafka, topic('renamed')).catch(() => [])).length === 1);
  await run('DROP TABLE fresh; CREATE TABLE fresh (id bigint PRIMARY KEY); INSERT INTO fresh VALUES (3)');
  await eventually(async () => (await read('fresh')()) === 2);
  await eventually(async () => (await events(kafka, topic('fresh'))).some(({ after: row }) => row?.['id'] === 3));
  const found = (await events(kafka, topic('fresh'))).map(({ op, after: row }) => [op, row]);
  assert.deepEqual(found, [
    ['r', { id: 1, a: 'before' }],
    ['c', { id: 2, a: 'behind' }],
    ['t', null],
    ['r', { id: 3 }],
  ]);
  const changes = await schemaChanges(kafka, database);
  const versions = changes.map((change) => Number(/ (\d+):/.exec(change)?.[1]));
  assert.deepEqual(
    versions,
    [...new Set(versions)].toSorted((a, b) => a - b),
  );
  const told = changes.filter((change) => !/^ALTER \S+ \d/.test(change));
  assert.deepEqual(
    told.map((change) => change.replace(/ \d+:/, ':')),
    [
      'CREATE public.old: id integer',
      'CREATE public.fresh: id integer, a text',
      'ALTER public.old is public.renamed: id integer',
      'DROP public.fresh: ',
      'CREATE public.fresh: id bigint',
    ],
  );
  await run('DROP TABLE renamed');
  await eventually(
    async () => (await schemaChanges(kafka, database)).at(-1)?.startsWith('DROP public.renamed') === true,
  );
  assert.deepEqual(retries(capture.told), []);
});

test('a table without a key is read whole and followed; whoever writes to it is not refused', {
  timeout: 60_000,
}, async (t) => {
  const sql = `CREATE TABLE log (line text); INSERT INTO log SELECT 'line ' || i FROM generate_series(1, 5000) i`;
  const { kafka, database, run, capture } = await startCaptured(t, fixture, { sql, name: 'keyless' });
  await run(`INSERT INTO log VALUES ('more'); UPDATE log SET line = 'changed' WHERE line = 'line 1'`);
  assert.ok(capture.told.some((event) => event.kind === 'no_identity' && event.table === 'public.log'));
  await run('ALTER TABLE log REPLICA IDENTITY FULL');
  await eventually(async () => (await schemaChanges(kafka, database)).length >= 1);
  const topic = `dbsync.${database}.public.log`;
  await eventually(async () => {
    await run(`UPDATE log SET line = line || '!' WHERE line LIKE 'more%'`);
    return (await events(kafka, topic)).some(({ op }) => op === 'u');
  });
  const list = await events(kafka, topic);
  assert.deepEqual([list[0]?.op, list.filter(({ op }) => op === 'r').length], ['t', 5000]);
  assert.equal(list.filter(({ op }) => op === 'c').length, 1);
});
