/** Clients stay on the cluster that they were told when declarations change around them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TopicUse } from '@millrace/api/declared';
import { setHome } from '@millrace/fleet/config';
import { eventually } from '../../support/eventually.ts';
import { type ConfigProcess, Instance, keyDirectory, startConfigProcess } from './config-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

const producer = { topic: 'orders', role: 'producer' } as const;
let database: DatabaseFixture;

before(async () => {
  database = await startDatabaseFixture();
});
after(() => database[Symbol.asyncDispose]());

async function withShop(run: (service: ConfigProcess, url: string, keys: { path: string }) => Promise<void>) {
  const url = await database.emptyDatabase();
  await using keys = await keyDirectory();
  await using service = await startConfigProcess(url, keys);
  await service.declare('team', 'shop', { name: 'shop' });
  for (const site of ['north', 'south']) await service.declare('site', site, { name: site });
  await service.declare('cluster', 'm-east', { name: 'm-east', site: 'south', bootstrap: '127.0.0.1:1' });
  await service.declare('cluster', 'a-new', { name: 'a-new', site: 'north', bootstrap: '127.0.0.1:2' });
  await uses(service, ['m-east']);
  await run(service, url, keys);
}

async function uses(service: ConfigProcess, clusters: readonly string[]): Promise<void> {
  const all = clusters.map((cluster): TopicUse => ({ cluster, topic: 'ord*', role: 'producer' }));
  await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses: all });
}

function noted(service: ConfigProcess, count: number): Promise<void> {
  return eventually(
    async () => (await service.database.db.selectFrom('config_asked').selectAll().execute()).length === count,
  );
}

test('declaring one more use moves nobody who is there, in any process; who is new goes where declarations say', () =>
  withShop(async (service, url, keys) => {
    const enrolment = await service.enrol('shop');
    const instance = await Instance.of(enrolment, 'north');
    await using watch = instance.watch(service.url, [producer]);
    await eventually(() => watch.of('answer').length === 1);
    await noted(service, 1);
    await uses(service, ['m-east', 'a-new']);
    await service.declare('client_setting', 'all', { name: 'all', set: { 'linger.ms': 9 } });
    await eventually(() => watch.of('answer').length > 1);
    const latest = async () => await instance.verified(watch.of('answer').at(-1)?.data.signed, producer);
    await eventually(async () => (await latest()).settings['linger.ms']?.value === '9');
    assert.deepEqual((await latest()).cluster, {
      ...{ name: 'm-east', id: null, generation: 0 },
      rule: 'where it was before others were declared',
    });
    await using other = await startConfigProcess(url, keys);
    assert.equal((await instance.ask(other.url, producer)).answer.cluster.name, 'm-east');
    const elsewhere = await Instance.of(enrolment);
    assert.equal((await elsewhere.ask(other.url, producer)).answer.cluster.name, 'a-new');

    await service.database.db.transaction().execute((own) => setHome(own, { topic: 'orders', cluster: 'a-new' }));
    await eventually(async () => (await latest()).cluster.generation === 1);
    assert.equal((await latest()).cluster.name, 'a-new');
  }));

test('they go when their application declares the use of their cluster no more, and do not come back with it', () =>
  withShop(async (service) => {
    const instance = await Instance.of(await service.enrol('shop'), 'north');
    const where = async () => (await instance.ask(service.url, producer)).answer.cluster.name;
    assert.equal(await where(), 'm-east');
    await noted(service, 1);
    await uses(service, ['m-east', 'a-new']);
    await eventually(async () => {
      const { answer } = await instance.ask(service.url, producer);
      return answer.cluster.rule === 'where it was before others were declared';
    });
    assert.equal(await where(), 'm-east');
    await uses(service, ['a-new']);
    await eventually(async () => (await where()) === 'a-new');
    await uses(service, ['m-east', 'a-new']);
    await service.declare('client_setting', 'all', { name: 'all', set: { 'linger.ms': 9 } });
    await eventually(async () => {
      const { answer } = await instance.ask(service.url, producer);
      return answer.settings['linger.ms']?.value === '9';
    });
    assert.equal(await where(), 'a-new');
    await service.declare('application', 'shop', null);
    await noted(service, 0);
  }));
