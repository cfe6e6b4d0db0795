/** The client and the config service of the control plane together, on a secured cluster. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { issueCredentialContract, listCredentialsContract, rotateCredentialContract } from '@millrace/api/fleet';
import type { ClientOptions } from '@millrace/client';
import { openResilientClient, type ResilientClient } from '@millrace/resilient';
import { eventually } from '../../support/eventually.ts';
import { keyDirectory, startConfigProcess } from '../fleet/config-fixture.ts';
import { startDatabaseFixture } from '../fleet/database-fixture.ts';
import { createTopic, startSecuredSite } from '../fleet/secured-site.ts';
import { startLoad } from './load.ts';

const params = { name: 'shop' };
const topic = 'orders';

test('a topic name is enough: the password comes, is rotated under load, and a restart needs no service', async () => {
  await using database = await startDatabaseFixture();
  await using east = await startSecuredSite('east');
  await using keys = await keyDirectory();
  const own = new Map<string, ClientOptions>([['east', east.admin]]);
  const service = await startConfigProcess(await database.emptyDatabase(), keys, own);
  const directory = await mkdtemp(join(tmpdir(), 'millrace-resilient-'));
  const clients: ResilientClient[] = [];
  try {
    const client = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-512' };
    const bootstrap = east.bootstrap('SASL_PLAINTEXT');
    await service.declare('cluster', 'east', { name: 'east', bootstrap, client });
    await service.declare('team', 'shop', { name: 'shop' });
    const uses = (['producer', 'consumer'] as const).map((role) => ({ cluster: 'east', topic, role }));
    await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
    await createTopic(east, topic);
    const enrolment = await service.enrol('shop');
    await service.call(issueCredentialContract, { params, body: {} });
    const open = async (): Promise<ResilientClient> => {
      const opened = await openResilientClient({ enrolment, directory });
      clients.push(opened);
      return opened;
    };
    const first = await open();
    const load = startLoad(await first.producer({ topic }), topic, 'writer');
    const reader = await first.consumer({ topics: [topic], group: 'shop', from: 'earliest' });
    let read = 0;
    const reading = (async () => {
      for await (const batch of reader) read += batch.recordCount;
    })();
    await eventually(() => load.acknowledged > 200 && read > 200);
    const [before] = first.status().streams;
    await service.call(rotateCredentialContract, { params, body: {} });
    await eventually(() => first.status().streams.every(({ credential }) => credential !== before?.credential), {
      timeoutMs: 60_000,
    });
    // Its own reports say that nobody uses the old one any more.
    const valid = async (): Promise<number> => {
      const { items } = await service.call(listCredentialsContract, { params });
      return items.filter(({ state }) => state === 'valid').length;
    };
    await eventually(async () => (await valid()) === 1, { timeoutMs: 90_000 });
    const goal = load.acknowledged + 200;
    await eventually(() => load.acknowledged > goal);
    const written = await load.end();
    assert.deepEqual(load.failures, []);
    await eventually(() => read >= written.length);
    assert.equal(read, written.length);
    await first.close();
    await reading;
    await service[Symbol.asyncDispose]();
    const second = await open();
    const writer = await second.producer({ topic });
    await writer.send({ topic, key: 'k', value: 'without a service' });
    assert.equal(second.status().streams[0]?.answerFrom, 'disk');
  } finally {
    await Promise.allSettled(clients.map((each) => each.close()));
    await service[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  }
});
