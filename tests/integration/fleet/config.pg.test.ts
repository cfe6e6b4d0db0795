/** The config service over HTTP and real PostgreSQL: answers, watches, versions, and a database that is away. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { callContract } from '@millrace/api';
import {
  configAnswersContract,
  configClientsContract,
  configExplainContract,
  configReportContract,
  contentOf,
  endEnrolmentContract,
  listEnrolmentsContract,
  rotateConfigKeysContract,
  type StreamReport,
} from '@millrace/api/config';
import { listDeclaredContract } from '@millrace/api/fleet';
import { isMillraceError } from '@millrace/base';
import { type NewHome, setHome } from '@millrace/fleet/config';
import { eventually } from '../../support/eventually.ts';
import {
  type ConfigProcess,
  DatabaseLine,
  declareShop,
  Instance,
  keyDirectory,
  startConfigProcess,
} from './config-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { dumpDatabase } from './dump-database.ts';

const producer = { topic: 'orders', role: 'producer' } as const;
const consumer = { topic: 'orders', role: 'consumer' } as const;
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

test('an application is answered where its topic is and how, each value with its rule, and may do nothing else', () =>
  withShop(async (service) => {
    const enrolment = await service.enrol('shop');
    const near = await Instance.of(enrolment, 'south');
    const { answer } = await near.ask(service.url, producer);
    assert.deepEqual(answer.cluster, { name: 'west', id: null, generation: 0, rule: 'site south' });
    assert.equal(answer.bootstrap, '127.0.0.1:2');
    assert.deepEqual(answer.settings['acks'], { value: 'all', rule: 'standard producer' });

    await service.declare('client_setting', 'slow', {
      name: 'slow',
      match: { topics: ['ord*'], roles: ['producer'] },
      set: { 'linger.ms': 50 },
    });
    await service.declare('client_setting', 'shop', {
      name: 'shop',
      match: { applications: ['shop'] },
      set: { 'linger.ms': 7, 'fetch.min.bytes': 9 },
    });
    await eventually(async () => {
      const now = await near.ask(service.url, producer, answer.version);
      return now.answer.settings['linger.ms']?.rule === 'client setting shop';
    });
    const { token } = enrolment;
    const query = { application: 'shop', ...consumer, site: 'north' };
    const explained = await service.call(configExplainContract, { query });
    assert.deepEqual(explained.answer.settings['fetch.min.bytes'], { value: '9', rule: 'client setting shop' });
    assert.equal(explained.answer.settings['linger.ms'], undefined);
    assert.equal(explained.answer.cluster.name, 'east');

    const spy = await Instance.of(await service.enrol('spy'));
    await assert.rejects(spy.ask(service.url, producer), /no_use/);
    const elsewhere = service.call(configExplainContract, { query }, token);
    await assert.rejects(elsewhere, { code: 'forbidden' });
    const declared = service.call(listDeclaredContract, { params: { list: 'clusters' }, query: {} }, token);
    await assert.rejects(declared, { code: 'forbidden' });
    const body = { instance: { id: 'one' }, wants: [producer] };
    await assert.rejects(service.call(configAnswersContract, { body }), { code: 'forbidden' });
    await assert.rejects(callContract(service.url, configAnswersContract, { body }), { code: 'token_required' });
    await assert.rejects(service.call(configAnswersContract, { body }, 'mra_nobody'), { code: 'token_required' });
  }));

test('a watch brings what is, and then each change alone, within a second or so', () =>
  withShop(async (service) => {
    const enrolment = await service.enrol('shop');
    const instance = await Instance.of(enrolment, 'north');
    await using watch = instance.watch(service.url, [producer, { topic: 'others', role: 'consumer' }]);
    await eventually(() => watch.of('answer').length === 1 && watch.of('refused').length === 1);
    assert.equal(watch.of('keys').length, 1);
    assert.equal(watch.of('view')[0]?.data.current, true);
    assert.equal(watch.of('refused')[0]?.data.problem.code, 'no_use');
    // What is none of its business is not told.
    await service.declare('client_setting', 'others', {
      name: 'others',
      match: { applications: ['spy'] },
      set: { acks: '1' },
    });
    await service.declare('client_setting', 'acks', {
      name: 'acks',
      match: { teams: ['shop'] },
      set: { 'linger.ms': 1 },
    });
    await eventually(() => watch.of('answer').length === 2);
    const [first, second] = await Promise.all(
      watch.of('answer').map(({ data }) => instance.verified(data.signed, producer)),
    );
    assert.equal(second?.settings['linger.ms']?.value, '1');
    assert.ok((second?.version ?? 0) > (first?.version ?? 0));
    assert.equal(watch.of('refused').length, 1);

    await service.call(rotateConfigKeysContract, { body: {} });
    await eventually(() => watch.of('keys').length === 2);
    const { items } = await service.call(listEnrolmentsContract, { params: { name: 'shop' } });
    const params = { name: 'shop', id: items[0]?.id ?? '' };
    await service.call(endEnrolmentContract, { params, query: {} });
    await watch.ended;
    await assert.rejects(instance.ask(service.url, producer), { code: 'token_required' });
  }));

test('versions of all processes only grow, and the same version says the same everywhere', () =>
  withShop(async (service, url, keys) => {
    await using other = await startConfigProcess(url, keys);
    const instance = await Instance.of(await service.enrol('shop'), 'north');
    const said = new Map<number, string>();
    const seen = new Map<string, number>();
    let changing = true;
    const look = async (base: string): Promise<void> => {
      while (changing) {
        const { answer } = await instance.ask(base, producer, seen.get(base) ?? 0);
        seen.set(base, answer.version);
        const text = JSON.stringify(contentOf(answer));
        assert.equal(said.get(answer.version) ?? text, text, `version ${answer.version} says two things`);
        said.set(answer.version, text);
      }
    };
    await eventually(async () => {
      try {
        await instance.ask(other.url, producer);
        return true;
      } catch (error) {
        if (isMillraceError(error, 'token_required')) return false;
        throw error;
      }
    });
    const looks = Promise.all([look(service.url), look(other.url), look(other.url)]);
    for (let round = 0; round < 15; round++) {
      const one = round % 2 === 0 ? service : other;
      const set = { 'linger.ms': round };
      await Promise.all([one.declare('client_setting', 'all', { name: 'all', set }), service.enrol('spy')]);
    }
    changing = false;
    await looks;
    await eventually(async () => {
      const { answer } = await instance.ask(other.url, producer);
      return answer.settings['linger.ms']?.value === '14';
    });
    assert.ok(said.size > 1);
  }));

test('a topic that is moved is announced with a greater generation, and with the groups that came along', () =>
  withShop(async (service) => {
    const instance = await Instance.of(await service.enrol('shop'), 'north');
    const move = (home: NewHome) => service.database.db.transaction().execute((own) => setHome(own, home));
    await using watch = instance.watch(service.url, [producer, consumer]);
    await eventually(() => watch.of('answer').length === 2);
    const latest = async (role: 'producer' | 'consumer') => {
      const event = watch.of('answer').findLast(({ data }) => data.role === role);
      return await instance.verified(event?.data.signed, { topic: 'orders', role });
    };
    assert.equal((await move({ topic: 'orders', cluster: 'west' })).generation, 1);
    await eventually(() => watch.of('answer').length === 4);
    assert.deepEqual((await latest('producer')).cluster, {
      ...{ name: 'west', id: null, generation: 1 },
      rule: 'home of the topic, generation 1',
    });
    assert.deepEqual((await latest('consumer')).groups, {});
    await move({ topic: 'orders', cluster: 'west', groups: ['billing'] });
    await eventually(async () => (await latest('consumer')).groups?.['billing'] === 1);
    assert.equal(watch.of('answer').length, 5);
    await move({ topic: 'orders', cluster: 'east', groups: ['audit'] });
    await eventually(async () => (await latest('producer')).cluster.generation === 2);
    await eventually(async () => (await latest('consumer')).cluster.name === 'east');
    assert.deepEqual((await latest('consumer')).groups, { audit: 2 });
  }));

test('answers go on while the database is away, and tell how old they are', async () => {
  const url = await database.emptyDatabase();
  await using keys = await keyDirectory();
  await using line = await DatabaseLine.to(url);
  await using service = await startConfigProcess(line.url, keys);
  await declareShop(service);
  const instance = await Instance.of(await service.enrol('shop'), 'north');
  await using watch = instance.watch(service.url, [producer]);
  await eventually(() => watch.of('answer').length === 1);
  line.cut();
  await eventually(() => watch.of('view').at(-1)?.data.current === false);
  const { answer, view } = await instance.ask(service.url, consumer);
  assert.equal(answer.cluster.name, 'east');
  assert.equal(view.current, false);
  assert.ok(answer.asOf <= view.asOf && view.asOf < Date.now() - 4_000, 'it says how old it is');
  const again = await instance.ask(service.url, consumer);
  assert.equal(again.view.asOf, view.asOf);
  assert.equal((await fetch(new URL('/api/v1/config/keys', service.url))).status, 200);

  line.mend();
  await eventually(() => watch.of('view').at(-1)?.data.current === true);
  await service.declare('client_setting', 'all', { name: 'all', set: { 'linger.ms': 99 } });
  await eventually(() => watch.of('answer').length === 2);
});

test('an answer is issued again before it expires, to whoever watches', async () => {
  const url = await database.emptyDatabase();
  await using keys = await keyDirectory();
  await using service = await startConfigProcess(url, keys, new Map(), { lifeMs: 20_000 });
  await declareShop(service);
  const instance = await Instance.of(await service.enrol('shop'), 'north');
  await using watch = instance.watch(service.url, [producer]);
  await eventually(() => watch.of('answer').length === 2, { timeoutMs: 90_000 });
  const [first, second] = await Promise.all(
    watch.of('answer').map(({ data }) => instance.verified(data.signed, producer)),
  );
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(contentOf(second), contentOf(first));
  assert.ok(second.issuedAt >= first.issuedAt + 10_000 && second.issuedAt < first.expiresAt);
});

test('reports of instances are what clients of an application see', () =>
  withShop(async (service) => {
    const { token } = await service.enrol('shop');
    const stream = (part: Partial<StreamReport>): StreamReport => ({
      ...producer,
      ...{ cluster: 'east', recordsPerSecond: 10, bytesPerSecond: 1000, errorsPerSecond: 0 },
      latencyMs: { p50: 1, p99: 5 },
      strays: [],
      ...part,
    });
    const report = (instance: string, streams: StreamReport[], version = '1.0') => {
      const body = { instance, library: { name: 'millrace', version }, streams };
      return service.call(configReportContract, { body }, token);
    };
    await report('one', [stream({})]);
    await report('one', [stream({ recordsPerSecond: 20 }), stream({ ...consumer, lag: 3 })]);
    const strays = [{ name: 'acks', value: '1', standard: 'all' }];
    await report('two', [stream({ latencyMs: { p50: 2, p99: 9 }, strays })], '1.1');
    const { items } = await service.call(configClientsContract, { query: {} });
    assert.deepEqual(
      items.map(({ role, instances, recordsPerSecond, latencyMs, lag }) => {
        return { role, instances, recordsPerSecond, p99: latencyMs.p99, lag };
      }),
      [
        { role: 'consumer', instances: 1, recordsPerSecond: 10, p99: 5, lag: 3 },
        { role: 'producer', instances: 2, recordsPerSecond: 30, p99: 9, lag: null },
      ],
    );
    assert.deepEqual(items[1]?.strays, [{ ...strays[0], instances: 1 }]);
    const odd = await service.call(configClientsContract, { query: { strays: true } });
    assert.equal(odd.items.length, 1);
    const huge = report('three', [stream({ topic: 'a'.repeat(300) })]);
    await assert.rejects(huge, { code: 'invalid_request' });
  }));

test('no table and no report holds a token or a private key', () =>
  withShop(async (service, url) => {
    const { token } = await service.enrol('shop');
    await service.call(rotateConfigKeysContract, { body: {} });
    const kept = `${await dumpDatabase(url)}${service.reports.join('\n')}`;
    assert.ok(kept.includes('config_signing_key') || kept.includes('sealed_key'));
    assert.ok(!kept.includes(token));
    assert.ok(!kept.includes(token.slice('mra_'.length)));
  }));
