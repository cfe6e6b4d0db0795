import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { appliedPast, PostgresTarget, type RowDifference, verifyTables, withConnection } from '@millrace/postgres';
import { startMillrace } from '../../support/millrace-command.ts';
import { startFixture } from '../client/client-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { areEqual, startApplier, startCapture } from './sync-pair.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture({ wal_level: 'logical' });
});
after(() => fixture[Symbol.asyncDispose]());

async function sql(url: string, text: string): Promise<void> {
  await withConnection(url, (client) => client.query(text));
}

const made = `CREATE TABLE t (id integer PRIMARY KEY, note text, amount numeric);
  CREATE TABLE names (name text, kind text, note text, PRIMARY KEY (name, kind));
  CREATE TABLE bare (a integer);
  INSERT INTO t SELECT i, 'n' || i, i / 7.0 FROM generate_series(1, 5000) i;
  INSERT INTO names SELECT chr(97 + i % 26) || '-' || i, CASE i % 2 WHEN 0 THEN 'A' ELSE 'b' END, NULL
    FROM generate_series(1, 3000) i;
  INSERT INTO bare VALUES (1), (1), (NULL);`;

test('each row that differs is told, with its columns, and repaired', { timeout: 60_000 }, async () => {
  const [source, target] = [await fixture.emptyDatabase(), await fixture.emptyDatabase()];
  await sql(source, made);
  await sql(target, made);
  const small = { source, target, settleMs: 0, rangeRows: 700, leafRows: 20 };
  assert.deepEqual(await verifyTables(small), { tables: 3, rows: 8003, differences: 0, repaired: 0, changing: 0 });
  await sql(
    target,
    `UPDATE t SET note = NULL WHERE id = 1; UPDATE t SET note = '', amount = 0 WHERE id = 4321;
     DELETE FROM t WHERE id = 5000;
     INSERT INTO t VALUES (-5, 'x', 1), (99999, 'y', 2); DELETE FROM names WHERE kind = 'A' AND name LIKE 'c-%';
     INSERT INTO names VALUES ('B', 'a', 'upper'); UPDATE bare SET a = 2 WHERE a IS NULL;`,
  );
  const told: RowDifference[] = [];
  let bare = 0;
  const report = (event: Parameters<NonNullable<Parameters<typeof verifyTables>[0]['report']>>[0]): void => {
    if ('isRepaired' in event) told.push(event);
    if (event.kind === 'table_differs') bare++;
  };
  const found = await verifyTables({ ...small, report });
  const ofT = told
    .filter(({ table }) => table.endsWith('t'))
    .map(({ kind, key, columns }) => [kind, key['id'], columns]);
  assert.deepEqual(
    ofT.sort((a, b) => Number(a[1]) - Number(b[1])),
    [
      ['extra', '-5', []],
      ['different', '1', ['note']],
      ['different', '4321', ['note', 'amount']],
      ['missing', '5000', []],
      ['extra', '99999', []],
    ],
  );
  assert.equal(bare, 1);
  const missing = told.filter(({ table, kind }) => table.endsWith('names') && kind === 'missing').length;
  assert.ok(missing > 30);
  assert.equal(found.differences, told.length + 1);
  const mended = await verifyTables({ ...small, repair: true });
  assert.equal(mended.repaired, told.length);
  assert.ok(await areEqual(source, target, ['t', 'names']));
});

test('what is on its way is no difference, and what is wrong is, while rows are written', {
  timeout: 90_000,
}, async (t) => {
  const { client: kafka } = await startFixture(t);
  const [source, target] = [await fixture.emptyDatabase(), await fixture.emptyDatabase()];
  await sql(source, made);
  await sql(target, 'CREATE TABLE t (id integer PRIMARY KEY, note text, amount numeric)');
  startCapture(t, { url: source, kafka, tables: ['t'] });
  const applier = startApplier(t, { url: target, kafka });
  await applier.until(() => areEqual(source, target, ['t']));
  let isOver = false;
  const writing = withConnection(source, async (client) => {
    while (!isOver) {
      await client.query('UPDATE t SET amount = amount + 1 WHERE id % 500 = $1', [
        100 + Math.floor(Math.random() * 100),
      ]);
      await sleep(2);
    }
  });
  const signal = AbortSignal.timeout(60_000);
  const parts = {
    ...{ kafka, signal, capture: new URL(source).pathname.slice(1) },
    target: new PostgresTarget({ url: target, name: 'target', tell: () => undefined }),
  };
  const passed = (lsn: bigint): Promise<void> => appliedPast(parts, lsn);
  const options = { source, target, tables: ['t'], rangeRows: 1_000, leafRows: 50, passed };
  assert.equal((await verifyTables(options)).differences, 0);
  await sql(target, 'DELETE FROM t WHERE id = 77; UPDATE t SET note = NULL WHERE id = 4000');
  assert.equal((await verifyTables({ ...options, repair: true })).differences, 2);
  isOver = true;
  await writing;
  await applier.until(() => areEqual(source, target, ['t']));
  await applier.close();
});

test('the command says what differs and exits with 3', { timeout: 60_000 }, async () => {
  const [source, target] = [await fixture.emptyDatabase(), await fixture.emptyDatabase()];
  await sql(source, made);
  await sql(target, `${made} DELETE FROM t WHERE id = 17`);
  const words = ['sync', 'verify', 't', '--database-url', source, '--target-url', target, '--settle', '0'];
  const first = startMillrace([...words, '--repair', '--json']);
  first.child.stdin.end();
  const repaired = await first.ended;
  assert.match(repaired.text, /"kind":"missing","table":"public.t","key":\{"id":"17"\}.*"isRepaired":true/);
  assert.equal(repaired.code, 0, repaired.stderr);
  await sql(target, 'UPDATE t SET note = NULL WHERE id = 18');
  const second = startMillrace(words);
  second.child.stdin.end();
  const told = await second.ended;
  assert.match(told.text, /public.t id=18: different in note/);
  assert.equal(told.code, 3);
});
