/** Where a client's answers come from: services that come and go, copies on disk, and whatever else somebody sends. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import { TestConfigService } from './config-service.ts';
import { clusterOf, startResilientFixture, valuesOf } from './resilient-fixture.ts';

const producer = (topic: string) => ({ topic, role: 'producer' }) as const;
const consumer = (topic: string) => ({ topic, role: 'consumer' }) as const;
const settings = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, rule: 'the test' }]));

test('a topic name is all that a program says to write and to read', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic(3);
  const { bootstrap } = fixture;
  service.tell(producer(topic), { answer: { bootstrap, settings: settings({ 'linger.ms': '5', acks: 'all' }) } });
  service.tell(consumer(topic), { answer: { bootstrap, settings: settings({ 'auto.offset.reset': 'earliest' }) } });
  const client = await open();
  const writer = await client.producer({ topic });
  await writer.send({ topic, value: 'one' });
  const reader = await client.consumer({ topics: [topic], group: 'readers' });
  for await (const record of reader.records()) {
    assert.equal(Buffer.from(record.value ?? []).toString(), 'one');
    break;
  }
  const { streams, service: url } = client.status();
  assert.equal(url, service.url);
  assert.deepEqual(
    streams.map((each) => [each.role, each.topic, each.cluster, each.records, each.group]),
    [
      ['producer', topic, 'east', 1, undefined],
      ['consumer', topic, 'east', 1, 'readers'],
    ],
  );
  assert.match(client.metrics(), new RegExp(`millrace_client_records_total{topic="${topic}",role="producer".*} 1`));
  await client.close();
});

test('without a service a client works from its copy, and takes changes up when one is back', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  service.tell(producer(topic), { answer: { bootstrap: fixture.bootstrap } });
  {
    const client = await open();
    const writer = await client.producer({ topic });
    await writer.send({ topic, value: 'with' });
    await service.stop();
    await writer.send({ topic, value: 'without' });
    await client.close();
  }
  const client = await open();
  const writer = await client.producer({ topic });
  await writer.send({ topic, value: 'restarted' });
  assert.equal(client.status().streams[0]?.answerFrom, 'disk');
  await service.start();
  await eventually(() => client.status().streams[0]?.answerFrom === 'service', { timeoutMs: 60_000 });
  await writer.close();
  assert.deepEqual(await valuesOf(fixture.bootstrap, topic), ['with', 'without', 'restarted']);
});

test('without a service and without a copy it says whom it asked, and what each said', async (t) => {
  const { service, open } = await startResilientFixture(t);
  const other = await TestConfigService.start();
  t.after(() => other.stop());
  await service.stop();
  const enrolment = service.enrolment([service.url, other.url], { token: 'mra_wrong' });
  const client = await open({ enrolment, answerTimeoutMs: 3_000 });
  await assert.rejects(client.producer({ topic: 'orders' }), (error: Error & { code?: string; services?: unknown }) => {
    assert.equal(error.code, 'config_unavailable');
    assert.deepEqual(error.services, [service.url, other.url]);
    assert.match(error.message, new RegExp(`${service.url} \\(.*ECONNREFUSED`));
    assert.match(error.message, new RegExp(`${other.url} \\(token_required`));
    assert.match(error.message, /there is no copy/);
    return true;
  });
});

test('a service that is gone is replaced by another of the list', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  const other = await TestConfigService.start(service.signer);
  t.after(() => other.stop());
  const told = { answer: { bootstrap: fixture.bootstrap, version: 5 } };
  for (const each of [service, other]) each.tell(producer(topic), told);
  const client = await open({ enrolment: service.enrolment([service.url, other.url]) });
  await client.producer({ topic });
  const [first, second] = client.status().service === service.url ? [service, other] : [other, service];
  await first.stop();
  await eventually(() => client.status().service === second.url, { timeoutMs: 60_000 });
});

test('a client follows any number of topics, with names of any length', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const { bootstrap } = fixture;
  const short = Array.from({ length: 201 }, (_, index) => `short-${index}`);
  const long = Array.from({ length: 80 }, (_, index) => `${index}-`.padEnd(249, 'x'));
  for (const topic of [...short, ...long]) service.tell(producer(topic), { answer: { bootstrap } });
  const client = await open();
  await Promise.all([client.producer({ topics: short }), client.producer({ topics: long })]);
  await eventually(() => client.status().service === service.url);
  const answer = { bootstrap, settings: settings({ 'linger.ms': '3' }) };
  for (const topics of [short, long]) service.tell(producer(topics[0] as string), { answer });
  await eventually(() => client.status().streams.filter(({ answerVersion }) => answerVersion > 281).length >= 2);
});

test('what a service sends and can not be trusted changes nothing', async (t) => {
  const [fixture, { service, open, events }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  const told = { answer: { bootstrap: fixture.bootstrap, version: 10 } };
  service.tell(producer(topic), told);
  const client = await open();
  const writer = await client.producer({ topic });
  const stranger = await TestConfigService.start();
  t.after(() => stranger.stop());
  for (const forged of ['x', await stranger.signer.sign({ ...answerTo(topic), version: 99 })]) {
    service.forged = forged;
    const before = client.status().untrusted;
    service.tell(producer(topic), told);
    await eventually(() => client.status().untrusted > before);
  }
  service.forged = undefined;
  service.tell(producer(topic), { answer: { bootstrap: '127.0.0.1:1', version: 9 } });
  service.tell(producer(topic), { code: 'no_use', detail: 'it is not declared any more' });
  await eventually(() => events.some(({ event }) => event === 'config_refused'));
  assert.equal(client.status().streams[0]?.answerVersion, 10);
  await writer.send({ topic, value: 'still here' });
});

function answerTo(topic: string) {
  const [now, rule] = [Date.now(), 'nobody'];
  return {
    ...({ format: 1, application: 'shop', topic, role: 'producer', version: 1, issuedAt: now, asOf: now } as const),
    expiresAt: now + 60_000,
    cluster: { name: 'east', id: null, generation: 0, rule },
    bootstrap: '127.0.0.1:1',
    settings: {},
  };
}

test('an application is told why it gets nothing', async (t) => {
  const { service, open } = await startResilientFixture(t);
  service.tell(producer('orders'), { code: 'no_use', detail: 'declare the use of orders' });
  const client = await open();
  await assert.rejects(client.producer({ topic: 'orders' }), {
    code: 'config_refused',
    problem: 'no_use',
    message: /application shop is no producer of topic orders: declare the use of orders/,
  });
});

test('a copy that was changed is refused, told, and replaced by what the service says', async (t) => {
  const [fixture, { service, open, directory, events }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  service.tell(producer(topic), { answer: { bootstrap: fixture.bootstrap } });
  const before = await open();
  await before.producer({ topic });
  await before.close();
  await writeFile(join(directory, `answers/producer-${topic}.jws`), 'eyJhbGciOiJub25lIn0.e30.');
  const client = await open();
  const writer = await client.producer({ topic });
  await writer.send({ topic, value: 'trusted' });
  assert.equal(client.status().streams[0]?.answerFrom, 'service');
  assert.ok(events.some(({ event }) => event === 'config_untrusted'));
});

test('signing keys that changed several times are followed', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  const enrolment = service.enrolment();
  for (let times = 0; times < 3; times++) await service.signer.rotate();
  service.tell(producer(topic), { answer: { bootstrap: fixture.bootstrap } });
  const client = await open({ enrolment });
  await (await client.producer({ topic })).send({ topic, value: 'one' });
  await client.close();
  await service.stop();
  const restarted = await open({ enrolment });
  await (await restarted.producer({ topic })).send({ topic, value: 'two' });
});

test('topics of one producer that are on several clusters are refused with their places', async (t) => {
  const { service, open } = await startResilientFixture(t);
  service.tell(producer('a'), { answer: { cluster: clusterOf('east') } });
  service.tell(producer('b'), { answer: { cluster: clusterOf('west') } });
  const client = await open();
  await assert.rejects(client.producer({ topics: ['a', 'b'] }), {
    code: 'topics_apart',
    message: /a on east, b on west/,
  });
});

test('what the clients see is reported, with the settings that stray', async (t) => {
  const [fixture, { service, open }] = [await startFixture(t), await startResilientFixture(t)];
  const topic = await fixture.createTopic();
  const answer = { bootstrap: fixture.bootstrap, settings: settings({ 'linger.ms': '5', acks: 'all' }) };
  service.tell(producer(topic), { answer });
  const client = await open({ site: 'north' });
  const writer = await client.producer({ topic, lingerMs: 0, acks: -1 });
  await writer.send({ topic, value: 'seen' });
  await eventually(() => service.reports.length > 0, { timeoutMs: 30_000 });
  const { library, site, streams } = service.reports[0] ?? {};
  assert.equal(library?.name, '@millrace/resilient');
  assert.equal(site, 'north');
  assert.equal(streams?.[0]?.cluster, 'east');
  assert.ok((streams?.[0]?.recordsPerSecond ?? 0) > 0);
  assert.deepEqual(streams?.[0]?.strays, [{ name: 'linger.ms', value: '0', standard: '5' }]);
});
