import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { withConnection } from '@millrace/postgres';
import { startFixture } from '../client/client-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { areEqual, startApplier, startCapture, tableTexts } from './sync-pair.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture({ wal_level: 'logical' });
});
after(() => fixture[Symbol.asyncDispose]());

async function sql(url: string, text: string): Promise<void> {
  await withConnection(url, (client) => client.query(text));
}

test('rows and changes of a source arrive at a target that has no tables yet', { timeout: 60_000 }, async (t) => {
  const { client: kafka } = await startFixture(t);
  const [source, target] = [await fixture.emptyDatabase(), await fixture.emptyDatabase()];
  await sql(
    source,
    `CREATE TABLE t (id integer PRIMARY KEY, note text, version integer);
     CREATE TABLE pairs (a integer, b text, v numeric(6,2), PRIMARY KEY (b, a));
     INSERT INTO t SELECT i, 'n' || i, 1 FROM generate_series(1, 500) i; INSERT INTO pairs VALUES (1, 'x', 1.50);`,
  );
  await sql(target, 'CREATE TABLE pairs (a integer, b text, v numeric(6,2), PRIMARY KEY (b, a))');
  startCapture(t, { url: source, kafka });
  const applier = startApplier(t, { url: target, kafka });
  await applier.until(() => areEqual(source, target, ['t', 'pairs']));
  await sql(
    source,
    `UPDATE t SET version = 2 WHERE id % 2 = 0; DELETE FROM t WHERE id % 5 = 0; 
     UPDATE t SET id = id + 1000 WHERE id < 20;
     INSERT INTO t VALUES (7, NULL, 9); INSERT INTO pairs VALUES (2, 'x', NULL), (1, 'y', -0.01);
     UPDATE pairs SET b = 'z' WHERE a = 2;`,
  );
  await applier.until(() => areEqual(source, target, ['t', 'pairs']));
  await sql(source, 'TRUNCATE t; INSERT INTO t VALUES (1, NULL, 1)');
  await applier.until(() => areEqual(source, target, ['t', 'pairs']));
  assert.deepEqual((await tableTexts(target, 't')).length, 1);
  await applier.until(() => applier.told.some((event) => event.kind === 'applied' && event.latencyMs !== undefined));
  await applier.close();
});

const types: readonly (readonly [type: string, ...literals: string[]])[] = [
  ['boolean', 'true', 'false'],
  ['bit(1)', `B'1'`, `B'0'`],
  ['bit(10)', `B'0000000001'`, `B'1000000000'`],
  ['bit varying', `B'101'`, `B'1000000001'`],
  ['smallint', '-32768', '32767'],
  ['integer', '-2147483648', '2147483647'],
  ['bigint', '-9223372036854775808', '9223372036854775807'],
  ['oid', '4294967295', '0'],
  ['real', `'NaN'`, `'-0'`, `'1e-37'`, `'Infinity'`],
  ['double precision', `'-Infinity'`, '0.1', `'-0'`, '1.7976931348623157e308', '123456789012345678'],
  ['char(4)', `'ab'`],
  ['varchar(9)', `E'a\\nb'`, `'__"\\'`],
  ['text', `''`, `'ünï {,"NULL"}'`],
  ['"char"', `'x'`],
  ['timestamptz', `'2020-02-29 12:00:00.123456+02'`, `'0044-03-15 12:00:00+00 BC'`, `'infinity'`, `'-infinity'`],
  ['timestamptz', `'294276-12-31 00:00:00+00'`],
  ['timetz', `'01:30:00.25+00'`],
  ['interval', `'1 day 00:00:01.5' - interval '1 day'`, `'-00:00:00.000001'`],
  ['bytea', `'\\x00ff'`, `''`],
  ['json', `'{"b":1, "a": [1,  2]}'`, `'null'`],
  ['jsonb', `'{"a": 12345678901234567890.10}'`, `'"text"'`],
  ['xml', `'<a>ü</a>'`],
  ['uuid', `'00000000-0000-0000-0000-000000000001'`],
  ['point', `'(1,-2.5)'`, `'(1e300,NaN)'`],
  ['line', `'{1,2,3}'`],
  ['lseg', `'[(1,2),(3,4)]'`],
  ['box', `'(3,4),(1,2)'`],
  ['path', `'[(1,2),(3,4)]'`, `'((1,2),(3,4),(5,6))'`],
  ['polygon', `'((1,2),(3,4),(5,6))'`],
  ['circle', `'<(1,2),3.5>'`],
  ['inet', `'10.0.0.1'`, `'2001:db8::1/64'`],
  ['cidr', `'10.0.0.0/8'`],
  ['macaddr', `'08:00:2b:01:02:03'`],
  ['macaddr8', `'08:00:2b:01:02:03:04:05'`],
  ['int4range', `'[1,5)'`, `'empty'`, `'(,3)'`],
  ['int8range', `'[1,9223372036854775807)'`],
  ['numrange', `'(1.5,2.50]'`],
  ['tsrange', `'[2020-01-01 00:00,2020-01-02 00:00)'`],
  ['tstzrange', `'[2020-01-01 00:00+00,infinity)'`],
  ['daterange', `'[2020-01-01,2020-02-01)'`],
  ['int4multirange', `'{[1,2),[5,9)}'`],
  ['mood', `'ok'`, `'so so'`],
  ['date', `'1969-12-31'`, `'infinity'`, `'-infinity'`, `'4713-01-01 BC'`, `'5874897-12-31'`, `'0001-01-01'`],
  ['time(3)', `'00:00:01.5'`, `'24:00:00'`],
  ['time', `'23:59:59.999999'`],
  ['timestamp(3)', `'1970-01-01 00:00:01.5'`, `'infinity'`, `'0001-01-01 00:00:00 BC'`],
  [
    'timestamp',
    `'1969-12-31 23:59:59.999999'`,
    `'-infinity'`,
    `'4713-01-01 00:00:00 BC'`,
    `'294276-12-31 23:59:59.999999'`,
  ],
  ['numeric(10,2)', '-1.5', '0', '99999999.99', `'NaN'`],
  ['numeric(5)', '-99999', '12'],
  ['numeric(3,-2)', '12300'],
  ['numeric', '12.3450', `'NaN'`, `'Infinity'`, `'-Infinity'`, '1e40', '-0.00000000000000000000000000000000001'],
  ['money', '-12.34', `'92233720368547758.07'`],
  ['integer[]', `'{1,NULL,3}'`, `'{{1,2},{3,4}}'`, `'{}'`],
  ['text[]', `'{"a,\\"b\\"",NULL,"NULL",""}'`],
  ['numeric(6,2)[]', `'{1.50,-2}'`],
  ['timestamp[]', `'{infinity,2020-01-01 00:00:00.5}'`],
  ['box[]', `'{(3,4),(1,2);(7,8),(5,6)}'`],
  ['mood[]', `'{ok,"so so"}'`],
  ['positive', '5'],
  ['tsvector', `'fat:1 cat:2A'`],
  ['tsquery', `'fat & !cat'`],
  ['ltree_like', `'(1,"a b")'`],
  ['pg_lsn', `'16/B374D848'`],
];

test('values of every type of the mapping come back as they were, from a snapshot and from the stream', {
  timeout: 60_000,
}, async (t) => {
  const { client: kafka } = await startFixture(t);
  const [source, target] = [await fixture.emptyDatabase(), await fixture.emptyDatabase()];
  const table = types.map(([type], index) => `c${index} ${type}`).join(', ');
  const made = `CREATE TYPE mood AS ENUM ('ok', 'so so'); CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE TYPE ltree_like AS (a integer, b text); CREATE TABLE v (id integer PRIMARY KEY, ${table});`;
  await sql(source, made);
  await sql(target, made);
  const longest = Math.max(...types.map(([, ...literals]) => literals.length));
  const insert = (first: number): string =>
    Array.from({ length: longest + 1 }, (_, row) => {
      const values = types.map(([, ...literals]) => (row === longest ? 'NULL' : (literals[row] ?? literals[0])));
      return `INSERT INTO v VALUES (${first + row}, ${values.join(', ')});`;
    }).join('\n');
  await sql(source, insert(0));
  const capture = startCapture(t, { url: source, kafka });
  await capture.until(() => capture.told.some((event) => event.kind === 'snapshot' && event.isDone));
  await sql(source, insert(100));
  const applier = startApplier(t, { url: target, kafka });
  const rows = async (url: string): Promise<string[][]> =>
    await withConnection(url, async (client) => {
      await client.query(`SET timezone = 'UTC'; SET extra_float_digits = 3`);
      const columns = types.map((_, index) => `c${index}::text`).join(', ');
      const found = await client.query<(string | null)[]>({
        text: `SELECT id::text, ${columns} FROM v ORDER BY id`,
        rowMode: 'array',
      });
      return found.rows.map((row) => row.map(String));
    });
  await applier.until(async () => (await rows(target)).length === 2 * (longest + 1));
  const [ours, theirs] = [await rows(source), await rows(target)];
  for (const [at, row] of ours.entries()) {
    for (const [index, value] of row.entries()) {
      assert.equal(theirs[at]?.[index], value, `${types[index - 1]?.[0] ?? 'id'} of row ${row[0]}`);
    }
  }
  await applier.close();
});

test('values that are stored apart stay when they are not sent, also where the key changes', {
  timeout: 60_000,
}, async (t) => {
  const { client: kafka } = await startFixture(t);
  const [source, target] = [await fixture.emptyDatabase(), await fixture.emptyDatabase()];
  await sql(
    source,
    `CREATE TABLE d (id integer PRIMARY KEY, body text, state integer);
     ALTER TABLE d ALTER COLUMN body SET STORAGE EXTERNAL;
     INSERT INTO d SELECT i, repeat('x', 9000), 0 FROM generate_series(1, 5) i;`,
  );
  startCapture(t, { url: source, kafka });
  const applier = startApplier(t, { url: target, kafka });
  await applier.until(() => areEqual(source, target, ['d']));
  await sql(source, 'UPDATE d SET state = 1 WHERE id < 3; UPDATE d SET id = 40, state = 2 WHERE id = 4');
  await applier.until(() => areEqual(source, target, ['d']));
  await sql(
    source,
    `UPDATE d SET body = 'short' WHERE id = 1; BEGIN; UPDATE d SET id = 50 WHERE id = 5;
    UPDATE d SET id = 51 WHERE id = 50; COMMIT`,
  );
  await applier.until(() => areEqual(source, target, ['d']));
  await applier.close();
});
