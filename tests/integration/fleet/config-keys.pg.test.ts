/** The keys that sign the config service's answers, as they change, over HTTP and real PostgreSQL. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { callContract } from '@millrace/api';
import { configKeysContract, followKeySets, rotateConfigKeysContract } from '@millrace/api/config';
import { eventually } from '../../support/eventually.ts';
import { type ConfigProcess, declareShop, Instance, keyDirectory, startConfigProcess } from './config-fixture.ts';
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
  await declareShop(service);
  await run(service, url, keys);
}

test('who was away for several changes of keys follows them from those that it was enrolled with', () =>
  withShop(async (service, url, keys) => {
    const enrolment = await service.enrol('shop');
    const { version } = enrolment.keys;
    for (let round = 0; round < 3; round++) await service.call(rotateConfigKeysContract, { body: {} });
    await using other = await startConfigProcess(url, keys);
    const stranger = await Instance.of(enrolment);
    await assert.rejects(stranger.ask(other.url, producer), { code: 'config_untrusted', reason: 'unknown_key' });
    const { chain } = await callContract(other.url, configKeysContract, {});
    const trusted = await followKeySets(chain, enrolment.keys);
    assert.equal(trusted.version, version + 3);
    const follower = await Instance.of({ ...enrolment, keys: trusted });
    assert.equal((await follower.ask(other.url, producer)).answer.application, 'shop');
  }));

test('what a key has signed is trusted until it expires, however often keys change, unless old ones are dropped', () =>
  withShop(async (service) => {
    const instance = await Instance.of(await service.enrol('shop'), 'north');
    await using watch = instance.watch(service.url, [producer]);
    await eventually(() => watch.of('answer').length === 1);
    const rotate = async (body: { dropOld?: boolean } = {}): Promise<Instance> => {
      const { keys } = await service.call(rotateConfigKeysContract, { body });
      return await Instance.of({ ...instance.enrolment, keys });
    };
    await rotate();
    await eventually(() => watch.of('answer').length === 2);
    const third = await rotate();
    // Who watches gets each answer anew, by the key that signs now.
    await eventually(() => watch.of('answer').length === 3);
    const [one, two, three] = watch.of('answer').map(({ data }) => data.signed as string);
    for (const signed of [one, two, three]) await third.verified(signed ?? '', producer);

    const { db } = service.database;
    await db
      .updateTable('config_key_set')
      .set({ created_at: new Date(0) })
      .where('version', '=', 2)
      .execute();
    const fourth = await rotate();
    await assert.rejects(fourth.verified(one ?? '', producer), { reason: 'unknown_key' });
    for (const signed of [two, three]) await fourth.verified(signed ?? '', producer);
    const fifth = await rotate({ dropOld: true });
    for (const signed of [two, three]) {
      await assert.rejects(fifth.verified(signed ?? '', producer), { reason: 'unknown_key' });
    }
    assert.equal((await fifth.ask(service.url, producer)).answer.application, 'shop');
  }));
