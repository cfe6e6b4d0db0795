import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Compatibility, lintScript, readCatalog, withConnection } from '@millrace/postgres';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';

let fixture: DatabaseFixture;
let url: string;
before(async () => {
  fixture = await startDatabaseFixture();
  url = await fixture.emptyDatabase();
  await withConnection(url, (client) =>
    client.query(`CREATE TABLE t (id bigint PRIMARY KEY, a integer, b text NOT NULL);
      CREATE TABLE apart (id bigint PRIMARY KEY, a integer);
      CREATE PUBLICATION millrace_shop FOR TABLE t`),
  );
  await withConnection(url, (client) =>
    client.query(`SELECT pg_create_logical_replication_slot('millrace_shop', 'pgoutput')`),
  );
});
after(async () => {
  await withConnection(url, (client) => client.query(`SELECT pg_drop_replication_slot('millrace_shop')`));
  await fixture[Symbol.asyncDispose]();
});

async function foundIn(script: string, rule?: Compatibility) {
  const catalog = await withConnection(url, readCatalog);
  const linted = await lintScript(script, catalog, { compatibilityOf: () => rule });
  return linted.flatMap(({ findings }) => findings).filter((finding) => finding.rule === 'captured-table');
}

test('a change to a captured table names the topic, who reads it, and whether the registry takes it', async () => {
  const [found] = await foundIn('ALTER TABLE t ADD COLUMN c integer NOT NULL');
  assert.equal(found?.severity, 'unsafe');
  const topic = `dbsync.${new URL(url).pathname.slice(1)}.public.t`;
  assert.equal(
    found.message,
    `${topic} (publication millrace_shop; slot millrace_shop, which nobody reads now) changes: field c comes; ` +
      `that is compatible FORWARD, and a registry with BACKWARD refuses it for ${topic}-value`,
  );
});

test('a table that nobody captures concerns nobody downstream', async () => {
  assert.deepEqual(await foundIn('ALTER TABLE apart DROP COLUMN a; DROP TABLE apart'), []);
});

/** By the rules that take the change. */
const taken: readonly (readonly [script: string, rules: readonly Compatibility[]])[] = [
  ['ALTER TABLE t ADD COLUMN c integer', ['NONE', 'BACKWARD', 'FORWARD', 'FULL']],
  ['ALTER TABLE t ADD COLUMN c integer NOT NULL DEFAULT 1', ['NONE', 'BACKWARD', 'FORWARD', 'FULL']],
  ['ALTER TABLE t ADD COLUMN c integer NOT NULL', ['NONE', 'FORWARD']],
  ['ALTER TABLE t DROP COLUMN a', ['NONE', 'BACKWARD', 'FORWARD', 'FULL']],
  ['ALTER TABLE t DROP COLUMN b', ['NONE', 'BACKWARD']],
  ['ALTER TABLE t ALTER COLUMN a TYPE bigint', ['NONE', 'BACKWARD']],
  ['ALTER TABLE t ALTER COLUMN a TYPE text', ['NONE']],
  ['ALTER TABLE t ALTER COLUMN a SET NOT NULL', ['NONE', 'FORWARD']],
  ['ALTER TABLE t ALTER COLUMN b DROP NOT NULL', ['NONE', 'BACKWARD']],
  ['ALTER TABLE t RENAME COLUMN b TO c', ['NONE']],
  ['DROP TABLE t', ['NONE']],
];

for (const [script, rules] of taken) {
  test(`${script}: taken under ${rules.join(', ')}`, async () => {
    for (const rule of ['NONE', 'BACKWARD', 'FORWARD', 'FULL'] as const) {
      const [found] = await foundIn(script, rule);
      assert.equal(found?.severity === 'warning', rules.includes(rule), `${rule}: ${found?.message}`);
    }
  });
}
