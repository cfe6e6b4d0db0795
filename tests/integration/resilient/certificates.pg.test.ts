/** An application that logs in over TLS with certificates of the fleet's own authority, given by the config service. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CredentialView, issueCredentialContract, listCredentialsContract } from '@millrace/api/fleet';
import type { ClientOptions } from '@millrace/client';
import { openResilientClient } from '@millrace/resilient';
import { eventually } from '../../support/eventually.ts';
import { authorityOf } from '../fleet/authority-of.ts';
import { keyDirectory, startConfigProcess } from '../fleet/config-fixture.ts';
import { startDatabaseFixture } from '../fleet/database-fixture.ts';
import { createTopic, startSecuredSite } from '../fleet/secured-site.ts';
import { type Load, startLoad } from './load.ts';

const topic = 'orders';

test('an application writes and reads with a certificate, which is replaced twice under load', async () => {
  await using database = await startDatabaseFixture();
  await using west = await startSecuredSite('west');
  await using keys = await keyDirectory();
  const own = new Map<string, ClientOptions>([['west', west.admin]]);
  await using service = await startConfigProcess(await database.emptyDatabase(), keys, own);
  await service.declare('team', 'shop', { name: 'shop' });
  await service.declare('cluster', 'west', { name: 'west', bootstrap: west.bootstrap('SASL_PLAINTEXT') });
  await using east = await startSecuredSite('east', await authorityOf(service));
  own.set('east', east.admin);
  const client = { 'security.protocol': 'SSL', 'ssl.ca.pem': east.secured.security.authority };
  await service.declare('cluster', 'east', { name: 'east', bootstrap: east.bootstrap('SSL'), client });
  const uses = (['producer', 'consumer'] as const).map((role) => ({ cluster: 'east', topic, role }));
  await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
  await createTopic(east, topic);
  const enrolment = await service.enrol('shop');
  const params = { name: 'shop' };
  const issue = async (): Promise<CredentialView> => {
    const body = { kind: 'certificate' as const, days: 30 };
    return (await service.call(issueCredentialContract, { params, body })).credential;
  };
  const first = await issue();
  assert.equal(first.principal, 'User:CN=shop');
  const directory = await mkdtemp(join(tmpdir(), 'millrace-resilient-'));
  let load: Load | undefined;
  try {
    await using resilient = await openResilientClient({ enrolment, directory });
    const writing = startLoad(await resilient.producer({ topic }), topic, 'writer');
    load = writing;
    const reader = await resilient.consumer({ topics: [topic], group: 'shop', from: 'earliest' });
    let read = 0;
    const reading = (async () => {
      for await (const batch of reader) read += batch.recordCount;
    })();
    const goesOn = async (): Promise<void> => {
      const goal = writing.acknowledged + 200;
      await eventually(() => writing.acknowledged > goal && read > goal, { timeoutMs: 60_000 });
    };
    const use = (id: string) => (): boolean => resilient.status().streams.every(({ credential }) => credential === id);
    await goesOn();
    assert.ok(use(first.id)());
    const second = await issue();
    await eventually(use(second.id), { timeoutMs: 60_000 });
    await goesOn();
    // Its own reports say that the newer one is used, so that another may follow, and the first is over.
    const states = async (): Promise<string[]> => {
      const { items } = await service.call(listCredentialsContract, { params });
      return items.map(({ id, state, confirmedAt }) => `${id} ${state}${confirmedAt === null ? '' : ' confirmed'}`);
    };
    await eventually(async () => (await states()).includes(`${second.id} valid confirmed`), { timeoutMs: 90_000 });
    const third = await issue();
    await eventually(use(third.id), { timeoutMs: 60_000 });
    await goesOn();
    assert.ok(!(await states()).some((each) => each.startsWith(`${first.id} valid`)));
    const written = await writing.end();
    assert.deepEqual(writing.failures, []);
    await eventually(() => read >= written.length);
    assert.equal(read, written.length);
    await resilient.close();
    await reading;
  } finally {
    // Where the test has failed it writes still.
    await load?.end();
    await rm(directory, { recursive: true });
  }
});
