/** The audit log: nobody changes it unnoticed, not even who may do everything in the database. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import { type Client, createClient } from '@millrace/client';
import { type DataDirectory, openDataDirectory, type RunningFleet, startEmbeddedFleet } from '@millrace/engines';
import { appendAudit, listAudit, openAudit, verifyAudit } from '@millrace/fleet/audit';
import { type Database, openDatabase } from '@millrace/fleet/database';
import { openEventFeed } from '@millrace/fleet/events';
import { openRecord } from '@millrace/fleet/record';
import { sql } from 'kysely';
import { eventually } from '../../support/eventually.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

let fixture: DatabaseFixture;
let folder: string;
let dataDirectory: DataDirectory;
let fleet: RunningFleet;
const clients = new Map<string, Client>();
before(async () => {
  fixture = await startDatabaseFixture();
  folder = await mkdtemp(join(tmpdir(), 'millrace-audit-'));
  dataDirectory = await openDataDirectory(folder, { purpose: 'a test' });
  const clusters = ['east', 'west'].map((name) => ({ name, brokers: [{ nodeId: 1, port: 0 }] }));
  fleet = await startEmbeddedFleet({ dataDirectory, clusters });
  for (const { name, client } of fleet.clusters) clients.set(name, createClient(client));
});
after(async () => {
  for (const client of clients.values()) await client.close();
  await fleet.close();
  await dataDirectory.close();
  await rm(folder, { recursive: true });
  await fixture[Symbol.asyncDispose]();
});

const clusters = {
  names: ['east', 'west'],
  client: async (name: string) => clients.get(name) as Client,
};
const never = new AbortController().signal;

interface Log extends AsyncDisposable {
  readonly database: Database;
}

/** A log with entries about the clusters c1 to c5, which nobody anchors. */
async function openLog(): Promise<Log> {
  const database = await openDatabase({ url: await fixture.emptyDatabase() });
  const feed = await openEventFeed(database, nodePlatform, assert.fail);
  const record = await openRecord(database.db, feed);
  for (const number of [1, 2, 3, 4, 5]) {
    const id = `c${number}`;
    const reason = { principal: { kind: 'user', name: `u${number}` }, why: `for ${id}` } as const;
    await record.change([{ kind: 'cluster', id, spec: { name: id, bootstrap: `${id}:9092` } }], reason);
  }
  await record[Symbol.asyncDispose]();
  await feed.close();
  return { database, [Symbol.asyncDispose]: () => database.close() };
}

/** Anchors until its five entries are, and answers on which cluster. */
async function anchored({ database: { db } }: Log, through: typeof clusters): Promise<string> {
  const reports: string[] = [];
  const report = (text: string): void => void reports.push(text);
  const audit = openAudit({ db, platform: nodePlatform, clusters: through, holder: 'a test', report, entriesMax: 5 });
  try {
    const anchors = () => db.selectFrom('audit_anchor').selectAll().execute();
    await eventually(async () => (await anchors()).length === 1, { timeoutMs: 60_000 });
    assert.deepEqual(reports, []);
    return (await anchors())[0]?.cluster ?? '';
  } finally {
    await audit.close();
  }
}

/** What only the database's owner can do. */
async function tamper({ db }: Database, statement: string): Promise<void> {
  await sql`ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only`.execute(db);
  await sql.raw(statement).execute(db);
  await sql`ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_append_only`.execute(db);
}

test('the log refuses to be changed', async () => {
  await using open = await openLog();
  const { db } = open.database;
  for (const statement of [
    "UPDATE audit_entry SET principal = 'user:nobody'",
    'DELETE FROM audit_entry WHERE seq = 3',
    'TRUNCATE audit_entry',
  ]) {
    await assert.rejects(sql.raw(statement).execute(db), /audit_entry is append-only/);
  }
  const { intact, entries, first } = await verifyAudit(db, clusters, never);
  assert.deepEqual([intact, entries, first], [true, 5, null]);
});

test('an entry that was changed, and one that is missing, are found', async () => {
  for (const [statement, seq, problem] of [
    ["UPDATE audit_entry SET principal = 'user:nobody' WHERE seq = 3", 3, /its content is not the one/],
    ["UPDATE audit_entry SET after = jsonb_set(after, '{bootstrap}', '\"evil:9092\"') WHERE seq = 2", 2, /its content/],
    ['DELETE FROM audit_entry WHERE seq = 4', 4, /it is missing/],
  ] as const) {
    await using open = await openLog();
    await tamper(open.database, statement);
    const { intact, first } = await verifyAudit(open.database.db, clusters, never);
    assert.deepEqual([intact, first?.seq], [false, seq]);
    assert.match(first?.problem ?? '', problem);
  }
});

test('a log that was made anew from some entry on is found by its anchors on the other cluster', async () => {
  await using open = await openLog();
  const { db } = open.database;
  assert.equal(await anchored(open, clusters), 'west');
  const { anchors, intact } = await verifyAudit(db, clusters, never);
  assert.deepEqual([anchors.clusters, anchors.compared, anchors.newest, intact], [['west'], 5, 5, true]);

  // From entry 4 on it tells another story, which is consistent in itself.
  await tamper(open.database, 'DELETE FROM audit_entry WHERE seq >= 4');
  for (const number of [4, 5, 6]) {
    const entry = {
      principal: { kind: 'user', name: 'mallory' },
      action: 'declared.created',
      why: `story ${number}`,
    } as const;
    await db.transaction().execute((transaction) => appendAudit(transaction, [entry]));
  }
  const told = await verifyAudit(db, clusters, never);
  assert.equal(told.first?.seq, 4);
  assert.match(told.first?.problem ?? '', /another than the one that was anchored on west/);

  await tamper(open.database, 'DELETE FROM audit_entry WHERE seq >= 4');
  const shortened = await verifyAudit(db, clusters, never);
  assert.deepEqual([shortened.first?.seq, shortened.entries], [4, 3]);
  assert.match(shortened.first?.problem ?? '', /missing: west has an anchor of entry 5/);
});

test('anchors go to another cluster while the one they should go to is away', async () => {
  await using open = await openLog();
  const { db } = open.database;
  const client = async (name: string): Promise<Client> => {
    if (name === 'west') throw new Error('gone');
    return await clusters.client(name);
  };
  const away = { ...clusters, client };
  assert.equal(await anchored(open, away), 'east');
  const { anchors, intact } = await verifyAudit(db, away, never);
  assert.deepEqual([anchors.clusters, anchors.compared, intact], [['east'], 5, true]);
  assert.deepEqual(anchors.unreachable, [{ cluster: 'west', problem: 'gone' }]);
});

test('a secret in an entry is a defect, and the entry is not written', async () => {
  await using open = await openLog();
  const { db } = open.database;
  const entry = {
    principal: { kind: 'user', name: 'ann' },
    action: 'x',
    why: '',
    after: { password: 'hunter2' },
  } as const;
  const writing = db.transaction().execute((transaction) => appendAudit(transaction, [entry]));
  await assert.rejects(writing, { name: 'AssertionFailure', message: /was given a secret in x .*\/after\/password$/ });
  assert.equal((await verifyAudit(db, clusters, never)).entries, 5);
});

test('what is asked of the log comes in pages, newest first', async () => {
  await using open = await openLog();
  const { db } = open.database;
  const first = await listAudit(db, { kind: 'cluster', action: 'declared.*', limit: 2 });
  assert.deepEqual(
    first.items.map(({ seq, id, principal, why }) => [seq, id, principal, why]),
    [
      [5, 'c5', 'user:u5', 'for c5'],
      [4, 'c4', 'user:u4', 'for c4'],
    ],
  );
  const second = await listAudit(db, { cursor: first.next ?? '', limit: 3 });
  assert.deepEqual([second.items.map(({ seq }) => seq), second.next], [[3, 2, 1], null]);
  const odd = `'; DROP TABLE audit_entry; --`;
  assert.deepEqual((await listAudit(db, { id: odd, principal: odd, action: `${odd}*` })).items, []);
  assert.equal((await listAudit(db, { principal: 'user:u2' })).items.length, 1);
  assert.equal((await listAudit(db, { from: new Date(Date.now() + 60_000).toISOString() })).items.length, 0);
});
