/** A database that was set back to an earlier state, and clients that have seen more. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { rotateConfigKeysContract } from '@millrace/api/config';
import { openResilientClient } from '@millrace/resilient';
import { eventually } from '../../support/eventually.ts';
import { declareShop, Instance, keyDirectory, startConfigProcess } from './config-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

let database: DatabaseFixture;

before(async () => {
  database = await startDatabaseFixture();
});
after(() => database[Symbol.asyncDispose]());

test('clients pass over what is older than they have seen, until versions step over that', async (t) => {
  const url = await database.emptyDatabase();
  await using keys = await keyDirectory();
  const directory = await mkdtemp(join(tmpdir(), 'millrace-restored-'));
  t.after(() => rm(directory, { recursive: true }));
  const before = await startConfigProcess(url, keys);
  await declareShop(before);
  const enrolment = await before.enrol('shop');
  const head = before.database.db.updateTable('config_head');
  // As changes would that are lost with the restoration.
  await head.set((each) => ({ revision: each('revision', '+', 500) })).execute();
  const instance = await Instance.of(enrolment);
  const want = { topic: 'orders', role: 'producer' } as const;
  await eventually(async () => (await instance.ask(before.url, want)).answer.version > 500);
  const first = await openResilientClient({ enrolment, directory });
  await using _written = await first.producer({ topic: 'orders' });
  await eventually(() => first.status().streams[0]?.answerFrom === 'service');
  const seen = first.status().streams[0]?.answerVersion ?? 0;
  await first.close();
  await head.set((each) => ({ revision: each('revision', '-', 500) })).execute();
  await before[Symbol.asyncDispose]();

  await using restored = await startConfigProcess(url, keys);
  await using client = await openResilientClient({ enrolment: { ...enrolment, services: [restored.url] }, directory });
  await using _writer = await client.producer({ topic: 'orders' });
  await eventually(() => client.status().older > 0);
  assert.deepEqual([client.status().streams[0]?.answerFrom, client.status().untrusted], ['disk', 0]);
  assert.match(client.metrics(), /millrace_client_config_older_total 1/);
  await restored.call(rotateConfigKeysContract, { body: { afterRestore: true } });
  await eventually(() => client.status().streams[0]?.answerFrom === 'service');
  assert.ok((client.status().streams[0]?.answerVersion ?? 0) > seen);
  assert.equal(client.status().untrusted, 0);
});
