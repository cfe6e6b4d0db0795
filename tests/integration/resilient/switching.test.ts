/** Clients whose brokers, settings, credentials and clusters are exchanged under load, without a restart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AclBinding, type DeliveryError, unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { startSecured } from '../client/secured-fixture.ts';
import { assertWhole, disordered, goOn, startLoad } from './load.ts';
import { ReplaceableCluster } from './replaceable-cluster.ts';
import { clusterOf, startResilientFixture, valuesOf } from './resilient-fixture.ts';

const producer = (topic: string) => ({ topic, role: 'producer' }) as const;
const settings = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, rule: 'the test' }]));

test('brokers are replaced and settings change under load: nothing fails, each record is there once', async (t) => {
  const { service, open, newDirectory } = await startResilientFixture(t);
  const cluster = await ReplaceableCluster.start(t);
  const topic = 'orders';
  await cluster.createTopic(topic, 3);
  const tell = (values: Record<string, string>): void => {
    service.tell(producer(topic), { answer: { bootstrap: cluster.bootstrap, settings: settings(values) } });
  };
  tell({ 'linger.ms': '0' });
  const clients = [await open(), await open({ directory: newDirectory() })];
  const loads = await Promise.all(
    clients.map(async (client, place) => startLoad(await client.producer({ topic }), topic, `writer${place}`)),
  );
  await goOn(loads, 300);
  for (const [round, compression] of ['lz4', 'none', 'zstd'].entries()) {
    tell({ 'linger.ms': '2', 'compression.type': compression });
    await eventually(() => clients.every((client) => client.status().streams[0]?.switches === round + 1));
    await goOn(loads, 300);
    await cluster.replace();
    tell({ 'linger.ms': '2', 'compression.type': compression });
    await goOn(loads, 300);
  }
  const written = (await Promise.all(loads.map((load) => load.end()))).flat();
  const pauses = loads.map(({ longestPauseMs }) => longestPauseMs);
  const switches = clients.flatMap((client) => client.status().streams.map((each) => each.switches));
  const held = clients.flatMap((client) => client.status().streams.map((each) => each.longestPauseMs));
  t.diagnostic(`${written.length} records, ${switches.join(' and ')} switches`);
  t.diagnostic(`longest time without an acknowledgement: ${Math.max(...pauses)} ms, replacements included`);
  t.diagnostic(`longest switch: ${Math.round(Math.max(...held))} ms`);
  assert.deepEqual(
    loads.flatMap(({ failures }) => failures),
    [],
  );
  for (const client of clients) await client.close();
  assertWhole(written, await valuesOf(cluster.bootstrap, topic));
});

const grant = (user: string, topic: string, operation: 'write' | 'describe'): AclBinding => ({
  principal: `User:${user}`,
  host: '*',
  operation,
  permission: 'allow',
  resourceType: 'topic',
  resourceName: topic,
  patternType: 'literal',
});

test('credentials are rotated under load, and the old ones taken back: nothing fails', async (t) => {
  const [secured, { service, open }] = [await startSecured(t), await startResilientFixture(t)];
  const { admin } = secured;
  const topic = 'payments';
  unwrap(await admin.createTopics([{ topic, partitions: 2 }]));
  const issue = async (user: string, password: string): Promise<void> => {
    unwrap(await admin.alterScramCredentials([{ user, mechanism: 'SCRAM-SHA-512', password }]));
    unwrap(await admin.createAcls([grant(user, topic, 'write'), grant(user, topic, 'describe')]));
  };
  const tell = (username: string, password: string): void => {
    service.tell(producer(topic), {
      answer: {
        bootstrap: secured.bootstrap('SASL_PLAINTEXT'),
        settings: settings({ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-512' }),
        credential: { id: `${username} ${password}`, principal: `User:${username}` },
      },
      secret: { username, password },
    });
  };
  await issue('shop.a', 'first');
  tell('shop.a', 'first');
  const client = await open();
  const load = startLoad(await client.producer({ topic }), topic, 'writer');
  await goOn([load], 300);
  const users = ['shop.a', 'shop.b'] as const;
  for (let turn = 1; turn <= 3; turn++) {
    const [next, last] = [users[turn % 2] as string, users[(turn + 1) % 2] as string];
    await issue(next, `password ${turn}`);
    tell(next, `password ${turn}`);
    await eventually(() => client.status().streams[0]?.credential === `${next} password ${turn}`);
    unwrap(await admin.alterScramCredentials([{ user: last, mechanism: 'SCRAM-SHA-512', delete: true }]));
    unwrap(await admin.deleteAcls([{ principal: `User:${last}` }]));
    await goOn([load], 300);
  }
  const written = await load.end();
  t.diagnostic(`${written.length} records; longest time without an acknowledgement ${load.longestPauseMs} ms`);
  assert.deepEqual(load.failures, []);
  await client.close();
  const reader = secured.connect('PLAINTEXT');
  await using consumer = reader.consumer({ topics: [topic], from: 'earliest', until: 'end' });
  const read: string[] = [];
  for await (const batch of consumer) for (const { value } of batch) read.push(Buffer.from(value ?? []).toString());
  assertWhole(written, read);
});

test('a topic goes to another cluster and back under load: each record is on one of them, in order', async (t) => {
  const [east, west, { service, open }] = [
    await startFixture(t),
    await startFixture(t),
    await startResilientFixture(t),
  ];
  const topic = 'moved';
  for (const { admin } of [east, west]) unwrap(await admin.createTopics([{ topic, partitions: 2 }]));
  const tell = (name: 'east' | 'west', generation: number): void => {
    const { bootstrap } = name === 'east' ? east : west;
    service.tell(producer(topic), { answer: { bootstrap, cluster: clusterOf(name, generation) } });
  };
  tell('east', 0);
  const client = await open();
  const load = startLoad(await client.producer({ topic }), topic, 'writer');
  for (let generation = 1; generation <= 4; generation++) {
    await goOn([load], 300);
    const to = generation % 2 === 0 ? 'east' : 'west';
    tell(to, generation);
    await eventually(() => client.status().streams[0]?.generation === generation);
    assert.equal(client.status().streams[0]?.cluster, to);
  }
  await goOn([load], 300);
  const written = await load.end();
  assert.deepEqual(load.failures, []);
  t.diagnostic(`longest switch: ${Math.round(client.status().streams[0]?.longestPauseMs ?? 0)} ms`);
  await client.close();
  const [there, here] = [await valuesOf(west.bootstrap, topic), await valuesOf(east.bootstrap, topic)];
  assert.ok(there.length > 0 && here.length > 0);
  assert.equal(disordered(there), undefined);
  assert.equal(disordered(here), undefined);
  assert.deepEqual([...there, ...here].sort(), [...written].sort());
});

test('what a cluster had not acknowledged when its topic went elsewhere is told, and sent nowhere', async (t) => {
  const [east, west, { service, open }] = [
    await startFixture(t),
    await startFixture(t),
    await startResilientFixture(t),
  ];
  const topic = 'forced';
  for (const { admin } of [east, west]) unwrap(await admin.createTopics([{ topic, partitions: 1 }]));
  service.tell(producer(topic), { answer: { bootstrap: east.bootstrap, cluster: clusterOf('east', 0) } });
  const client = await open({ drainTimeoutMs: 500 });
  const writer = await client.producer({ topic });
  await writer.send({ topic, value: 'stored' });
  await east.stop();
  const stuck = writer.send({ topic, value: 'stuck' });
  const rejected = assert.rejects(stuck, (error: DeliveryError) => {
    assert.equal(error.code, 'delivery_ambiguous');
    assert.match(error.message, /went from cluster east to west/);
    return true;
  });
  service.tell(producer(topic), { answer: { bootstrap: west.bootstrap, cluster: clusterOf('west', 1) } });
  await rejected;
  await writer.send({ topic, value: 'on the other' });
  assert.match(client.metrics(), /millrace_client_switches_forced_total{[^}]*} 1/);
  await client.close();
  assert.deepEqual(await valuesOf(west.bootstrap, topic), ['on the other']);
  await east.restart();
  assert.deepEqual(await valuesOf(east.bootstrap, topic), ['stored']);
});

test('a change that can not be carried out leaves what works as it is', async (t) => {
  const [fixture, { service, open, events }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  const { bootstrap } = fixture;
  service.tell(producer(topic), { answer: { bootstrap } });
  const client = await open();
  const writer = await client.producer({ topic });
  const saw = (event: string) => eventually(() => events.some((each) => each.event === event));
  service.tell(producer(topic), { answer: { bootstrap: '127.0.0.1:1', cluster: clusterOf('west', 1) } });
  await saw('switch_failed');
  await writer.send({ topic, value: 'one' });
  service.tell(producer(topic), { answer: { bootstrap, settings: settings({ 'linger.ms': 'soon' }) } });
  await saw('config_unfit');
  await writer.send({ topic, value: 'two' });
  service.tell(producer(topic), { answer: { bootstrap, settings: settings({ 'linger.ms': '1', 'new.thing': '1' }) } });
  await saw('setting_unknown');
  await eventually(() => client.status().streams[0]?.switches === 1);
  await writer.send({ topic, value: 'three' });
  await client.close();
  assert.deepEqual(await valuesOf(bootstrap, topic), ['one', 'two', 'three']);
});

test('topics of a transactional producer go together, and no transaction is torn apart', async (t) => {
  const [east, west, { service, open, events }] = [
    await startFixture(t),
    await startFixture(t),
    await startResilientFixture(t),
  ];
  const topics = ['debits', 'credits'] as const;
  const both = topics.map((topic) => ({ topic, partitions: 1 }));
  for (const { admin } of [east, west]) unwrap(await admin.createTopics(both));
  const tell = (topic: string, to: 'east' | 'west', generation: number): void => {
    const { bootstrap } = to === 'east' ? east : west;
    service.tell(producer(topic), { answer: { bootstrap, cluster: clusterOf(to, generation) } });
  };
  for (const topic of topics) tell(topic, 'east', 0);
  const client = await open();
  const writer = await client.producer({ topics, transactionalId: 'bank' });
  const book = async (value: string, meanwhile: () => Promise<void> = async () => undefined): Promise<void> =>
    writer.transaction(async (transaction) => {
      transaction.write({ topic: 'debits', value });
      await meanwhile();
      transaction.write({ topic: 'credits', value });
    });
  await book('one');
  await book('two', async () => {
    tell('debits', 'west', 1);
    await eventually(() => events.some(({ event }) => event === 'switch_waits'));
    tell('credits', 'west', 1);
    await eventually(() => client.status().streams.every(({ goingTo }) => goingTo === 'west'));
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  await eventually(() => client.status().streams.every(({ cluster }) => cluster === 'west'));
  await book('three');
  await client.close();
  for (const topic of topics) {
    assert.deepEqual(await valuesOf(east.bootstrap, topic, 'read_committed'), ['one', 'two'], topic);
    assert.deepEqual(await valuesOf(west.bootstrap, topic, 'read_committed'), ['three'], topic);
  }
});
