import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '@millrace/fleet/database';
import { capturedTopics, platformTables, secretTables, startDbsync } from '@millrace/pipelines';
import { withConnection } from '@millrace/postgres';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from '../fleet/database-fixture.ts';
import { events } from './captured-events.ts';

let fixture: DatabaseFixture;
before(async () => {
  fixture = await startDatabaseFixture({ wal_level: 'logical' });
});
after(() => fixture[Symbol.asyncDispose]());

/** Neither secret nor wanted: for their size, or because nobody asks for them. */
const plainTables = [
  ...['config_asked', 'config_cluster', 'config_head', 'config_home', 'config_report', 'lease', 'audit_log'],
  ...['migration', 'migration_change', 'migration_step', 'observed_section', 'series_hour'],
].map((table) => `fleet.${table}`);

test('the platform captures its own tables, and none that holds secrets', { timeout: 60_000 }, async (t) => {
  const { client } = await startFixture(t);
  const url = await fixture.emptyDatabase();
  const database = await openDatabase({ url, report: () => undefined });
  t.after(() => database[Symbol.asyncDispose]());
  const name = new URL(url).pathname.slice(1);
  const there = await withConnection(url, async (session) => {
    const { rows } = await session.query<{ name: string }>(
      `SELECT 'fleet.' || tablename AS name FROM pg_tables WHERE schemaname = 'fleet'`,
    );
    return rows.map((row) => row.name);
  });
  assert.ok(there.length > 30);
  // Whoever adds a table says on which of the lists it stands.
  const listed = [...platformTables, ...secretTables, ...plainTables];
  assert.deepEqual(there.filter((table) => !listed.includes(table)).sort(), []);
  const warned: string[] = [];
  const dbsync = startDbsync({ url, client, warn: (message) => warned.push(message) });
  t.after(() => dbsync.close());
  const topic = `dbsync.${name}.fleet.observed_change`;
  await eventually(async () => (await capturedTopics(client)).some((each) => each.topic === topic));
  await withConnection(url, (session) => session.query(`UPDATE fleet.record_head SET revision = revision + 1`));
  const head = `dbsync.${name}.fleet.record_head`;
  await eventually(async () => (await events(client, head)).some(({ op }) => op === 'u'));
  const captured = (await capturedTopics(client)).map(({ table }) => table);
  assert.deepEqual(captured.sort(), [...platformTables].sort());
  assert.deepEqual(warned, []);
});
