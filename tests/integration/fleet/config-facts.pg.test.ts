/** What answers say of clusters that nobody declared: brokers and ids that were seen, and what references stand for. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type ConfigAnswer, contentOf } from '@millrace/api/config';
import { isMillraceError } from '@millrace/base';
import { setHome } from '@millrace/fleet/config';
import { eventually } from '../../support/eventually.ts';
import { type Fixture, startFixture } from '../client/client-fixture.ts';
import { type ConfigProcess, Instance, keyDirectory, startConfigProcess } from './config-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';

const consumer = { topic: 'orders', role: 'consumer' } as const;
let database: DatabaseFixture;

before(async () => {
  database = await startDatabaseFixture();
});
after(() => database[Symbol.asyncDispose]());

async function declareEast(service: ConfigProcess, bootstrap: string, client: Record<string, string>): Promise<void> {
  await service.declare('cluster', 'east', { name: 'east', bootstrap, client });
}

async function declareReader(service: ConfigProcess): Promise<void> {
  await service.declare('team', 'shop', { name: 'shop' });
  const uses = [{ cluster: 'east', ...consumer }];
  await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
}

async function idOf({ admin }: Fixture): Promise<string> {
  return (await admin.describeCluster()).clusterId ?? assert.fail('the cluster has no id');
}

/** Asks on and on; answers are told as they come, in ascending versions. */
function asking(
  t: TestContext,
  instance: Instance,
  url: string,
  told: (answer: ConfigAnswer) => void,
): { end(): Promise<void> } {
  let isOver = false;
  let version = 0;
  const run = async (): Promise<void> => {
    while (!isOver) {
      try {
        const { answer } = await instance.ask(url, consumer, version);
        version = answer.version;
        told(answer);
      } catch (error) {
        // It is not enrolled yet there, or not ready.
        if (isMillraceError(error, 'config_untrusted')) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const running = run();
  t.after(() => {
    isOver = true;
  });
  return {
    end: async () => {
      isOver = true;
      await running;
    },
  };
}

test('brokers that are seen, and what references stand for, are of one version in all processes', async (t) => {
  const fixture = await startFixture(t, { brokers: 2 });
  const url = await database.emptyDatabase();
  await using keys = await keyDirectory();
  await using one = await startConfigProcess(url, keys, new Map(), { environment: { RACK: 'of one' } });
  await using other = await startConfigProcess(url, keys, new Map(), { environment: { RACK: 'of the other' } });
  await declareEast(one, fixture.bootstrap, {});
  await declareReader(one);
  const instance = await Instance.of(await one.enrol('shop'));
  const said = new Map<number, string>();
  const latest = new Map<string, ConfigAnswer>();
  const all = [one, other, other].map(({ url: base }) =>
    asking(t, instance, base, (answer) => {
      const text = JSON.stringify(contentOf(answer));
      assert.equal(said.get(answer.version) ?? text, text, `version ${answer.version} says two things`);
      said.set(answer.version, text);
      latest.set(base, answer);
    }),
  );
  const both = (holds: (answer: ConfigAnswer) => boolean): Promise<void> =>
    eventually(() => [one, other].every(({ url: base }) => holds(latest.get(base) as ConfigAnswer)));
  const id = await idOf(fixture);
  await eventually(() => latest.size === 2);
  await both(({ cluster }) => cluster.id === id);
  await declareEast(other, fixture.bootstrap, { 'client.rack': 'env:RACK' });
  await both(({ settings }) => settings['client.rack'] !== undefined);
  await declareEast(one, fixture.bootstrap, {});
  await both(({ settings }) => settings['client.rack'] === undefined);
  await Promise.all(all.map((each) => each.end()));
  assert.ok(said.size >= 4);
});

test('an id is told with no other addresses, and another one takes translations back', async (t) => {
  const [first, second] = [await startFixture(t), await startFixture(t)];
  const url = await database.emptyDatabase();
  await using keys = await keyDirectory();
  await using service = await startConfigProcess(url, keys);
  await declareEast(service, first.bootstrap, {});
  await declareReader(service);
  const instance = await Instance.of(await service.enrol('shop'));
  const home = { topic: 'orders', cluster: 'east', groups: ['billing'] };
  await service.database.db.transaction().execute((own) => setHome(own, home));
  const [before, now] = [await idOf(first), await idOf(second)];
  const seen: ConfigAnswer[] = [];
  const all = asking(t, instance, service.url, (answer) => void seen.push(answer));
  await eventually(() => seen.at(-1)?.cluster.id === before);
  assert.deepEqual(seen.at(-1)?.groups, { billing: 1 });
  await declareEast(service, second.bootstrap, {});
  await eventually(() => seen.at(-1)?.cluster.id === now);
  await all.end();
  for (const { bootstrap, cluster } of seen) {
    const meant = bootstrap.includes(second.bootstrap) ? now : before;
    assert.ok(cluster.id === null || cluster.id === meant, `${bootstrap} is told with id ${cluster.id}`);
    assert.ok(!(bootstrap.includes(first.bootstrap) && bootstrap.includes(second.bootstrap)));
  }
  assert.equal(seen.at(-1)?.cluster.generation, 2);
  assert.deepEqual(seen.at(-1)?.groups, {});
});
