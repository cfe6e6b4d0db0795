/**
 * Who uses a topic, where somebody tells it: clients that configure themselves, in their reports, and an admin who
 * knows. On an embedded cluster, over HTTP, with a database that goes away.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ConfigReport, configReportContract, type StreamReport } from '@millrace/api/config';
import { getTopicContract, refreshClusterContract, reportUsesContract, type TopicUseView } from '@millrace/api/fleet';
import { openResilientClient } from '@millrace/resilient';
import type { Static } from 'typebox';
import { eventually } from '../../support/eventually.ts';
import { type ConfigProcess, DatabaseLine, keyDirectory, startConfigProcess } from './config-fixture.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { createTopics, TestCluster } from './inventory-fixture.ts';

const topics = ['orders', 'strange', 'returns', 'late', 'told', 'busy'];
let database: DatabaseFixture;
let east: TestCluster;
let keys: Awaited<ReturnType<typeof keyDirectory>>;
let line: DatabaseLine;
let service: ConfigProcess;

before(async () => {
  [database, east, keys] = await Promise.all([startDatabaseFixture(), TestCluster.start('east', 1), keyDirectory()]);
  line = await DatabaseLine.to(await database.emptyDatabase());
  service = await startConfigProcess(line.url, keys);
  await createTopics(east, Object.fromEntries(topics.map((topic) => [topic, 1])));
  await service.declare('team', 'shop', { name: 'shop' });
  await service.declare('cluster', 'east', { name: 'east', bootstrap: east.bootstrap });
  await service.declare('cluster', 'west', { name: 'west', bootstrap: '127.0.0.1:1' });
  const uses = (['producer', 'consumer'] as const).flatMap((role) =>
    ['orders', 'returns', 'late', 'unmade'].map((topic) => ({ cluster: 'east', topic, role })),
  );
  await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
  await service.declare('application', 'spy', { name: 'spy', team: 'shop', uses: [] });
  await look();
});
after(async () => {
  await service[Symbol.asyncDispose]();
  await line[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
  await east[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function look(): Promise<void> {
  await service.call(refreshClusterContract, { params: { name: 'east' } });
}

async function usesOf(topic: string): Promise<TopicUseView[]> {
  return (await service.call(getTopicContract, { params: { cluster: 'east', topic } })).uses;
}

/** Each as one text. */
async function textsOf(topic: string): Promise<string[]> {
  return (await usesOf(topic)).map(({ role, source, name }) => `${role} ${source} ${name}`).sort();
}

test('a client that configures itself is known by its application; whoever else writes stays unknown', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-uses-'));
  try {
    await using client = await openResilientClient({ enrolment: await service.enrol('shop'), directory });
    await using known = await client.producer({ topic: 'orders' });
    await using reader = await client.consumer({ topics: ['orders'], group: 'billing', from: 'earliest' });
    await using unknown = east.client.producer();
    let isOver = false;
    const writing = (async () => {
      while (!isOver) {
        await known.send({ topic: 'orders', value: 'from shop' });
        for (const topic of ['orders', 'strange']) await unknown.send({ topic, value: 'from somebody' });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await reader.close();
    })();
    const reading = (async () => {
      for await (const batch of reader) assert.ok(batch.recordCount > 0);
    })();
    const expected = [
      'consumer client_report shop',
      'consumer group_assignment billing',
      'producer client_report shop',
      'producer producer_id null',
    ];
    let found: string[] = [];
    try {
      await eventually(
        async () => {
          await look();
          found = await textsOf('orders');
          return expected.every((use) => found.includes(use));
        },
        { timeoutMs: 60_000, describe: () => `not all of them were seen, only ${found.join(', ')}` },
      );
      assert.deepEqual(new Set(await textsOf('orders')), new Set(expected), 'and nobody else is');
      assert.deepEqual(new Set(await textsOf('strange')), new Set(['producer producer_id null']));
    } finally {
      isOver = true;
      await Promise.all([writing, reading]);
    }
    const use = (await usesOf('orders')).find(({ role, source }) => role === 'producer' && source === 'client_report');
    assert.ok(use?.firstAt !== null && use?.firstAt !== undefined && use.firstAt <= use.lastAt);
  } finally {
    await rm(directory, { recursive: true });
  }
});

function stream(part: Partial<StreamReport>): StreamReport {
  const rates = { recordsPerSecond: 5, bytesPerSecond: 50, errorsPerSecond: 0, latencyMs: { p50: 1, p99: 2 } };
  return { topic: 'orders', role: 'producer', cluster: 'east', strays: [], ...rates, ...part };
}

async function report(token: string, streams: StreamReport[], more: object = {}): Promise<void> {
  const body: ConfigReport = { instance: 'one', library: { name: 'millrace', version: '1' }, streams };
  await service.call(configReportContract, { body: { ...body, ...more } }, token);
}

test('a report makes nobody a user of what its application may not find, and names nobody but its token', async () => {
  const [shop, spy] = [(await service.enrol('shop')).token, (await service.enrol('spy')).token];
  await assert.rejects(report(spy, [stream({})], { application: 'shop' }), { code: 'invalid_request' });
  await report(spy, [stream({}), stream({ topic: 'strange' })], { instance: 'shop' });
  await report(shop, [
    ...[stream({ topic: 'strange' }), stream({ topic: 'unmade' }), stream({ cluster: 'west' })],
    ...[stream({ cluster: 'nowhere' }), stream({ topic: "x'); DROP TABLE observed_use; --" })],
    ...[stream({ topic: 'late', recordsPerSecond: 0, errorsPerSecond: 9 }), stream({ topic: 'returns' })],
  ]);
  await eventually(async () => (await usesOf('returns')).length > 0);
  assert.deepEqual(await textsOf('returns'), ['producer client_report shop']);
  const kept = await service.database.db
    .selectFrom('observed_use')
    .select(['cluster', 'topic', 'name'])
    .distinct()
    .where('source', '=', 'client_report')
    .where('topic', '!=', 'orders')
    .execute();
  assert.deepEqual(kept, [{ cluster: 'east', topic: 'returns', name: 'shop' }]);
  const names = (await usesOf('orders')).filter(({ source }) => source === 'client_report').map(({ name }) => name);
  assert.ok(!names.includes('spy'));
});

test('what was reported while the database was away is known afterwards, also of who has ended since', async () => {
  const { token } = await service.enrol('shop');
  line.cut();
  await report(token, [stream({ topic: 'late' })], { instance: 'short' });
  const reportedBy = new Date().toISOString();
  await assert.rejects(usesOf('late'), { code: 'unavailable' });
  await eventually(() => service.reports.some((told) => told.startsWith('reports of clients wait to be written')));
  await report(token, [stream({ topic: 'late', recordsPerSecond: 0 })], { instance: 'short' });
  line.mend();
  let uses: TopicUseView[] = [];
  await eventually(async () => {
    uses = await usesOf('late').catch(() => []);
    return uses.length > 0;
  });
  const [use] = uses;
  assert.deepEqual([use?.role, use?.source, use?.name], ['producer', 'client_report', 'shop']);
  assert.ok((use?.lastAt ?? '') <= reportedBy, 'it carries the time when records went through');
});

type Told = Static<(typeof reportUsesContract)['body']>['uses'][number];

async function tell(uses: Told[], token?: string): Promise<number> {
  return (await service.call(reportUsesContract, { body: { uses } }, token)).uses;
}

const told = { cluster: 'east', topic: 'told', role: 'producer', source: 'jmx', name: 'User:legacy' } as const;

test('an admin who knows tells who uses a topic, and later news only move times and add hosts', async () => {
  const name = "User:x'); DROP TABLE observed_use; --\n[2026-01-01] INFO forged";
  assert.equal(
    await tell([
      { ...told, at: '2026-01-02T00:00:00Z', hosts: ['10.0.0.1'] },
      { ...told, name },
    ]),
    2,
  );
  await tell([{ ...told, at: '2026-01-01T02:00:00+02:00', hosts: ['10.0.0.2'] }]);
  const legacy = async () => (await usesOf('told')).find((use) => use.name === told.name);
  const { firstAt, lastAt, hosts } = (await legacy()) ?? assert.fail();
  assert.deepEqual([firstAt, lastAt], ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z']);
  assert.deepEqual([...hosts].sort(), ['10.0.0.1', '10.0.0.2']);
  assert.ok((await usesOf('told')).some((use) => use.name === name && use.source === 'jmx'));
  await tell([{ ...told, at: '9999-12-31T23:59:59Z' }]);
  assert.ok(((await legacy())?.lastAt ?? '') <= new Date().toISOString(), 'nobody was seen in times to come');
});

test('who tells nonsense of uses is told so in a sentence, and nothing of it is taken', async () => {
  const hostile: object[] = [
    ...['', 'a/b', 'a\nb', '../..', 'x'.repeat(250), '\0'].map((topic) => ({ topic })),
    ...['', 'x'.repeat(501), 'User:a\0b', 'User:\ud800'].map((name) => ({ name })),
    ...['group_assignment', 'transactional_id', 'authorizer_log', '', null].map((source) => ({ source })),
    ...['admin', '__proto__', 3].map((role) => ({ role })),
    ...[['\ud800'], ['a\0'], ['x'.repeat(256)], Array(21).fill('h'), 'h', [3]].map((hosts) => ({ hosts })),
    ...['yesterday', '', '2026-12-31T23:59:60Z', '-271821-04-20T00:00:00Z', '2026-02-30T00:00:00Z', 7].map((at) => ({
      at,
    })),
    ...[{ cluster: '' }, { cluster: 'x'.repeat(101) }],
  ];
  const honest = { ...told, topic: 'busy', name: 'User:honest' };
  for (const part of hostile) {
    const wrong = { ...honest, ...part } as Told;
    const what = JSON.stringify(part).slice(0, 80);
    await assert.rejects(tell([honest, wrong]), { code: 'invalid_request' }, what);
  }
  for (const cluster of ['nowhere', '__proto__', 'constructor', '\ud800']) {
    await assert.rejects(tell([honest, { ...honest, cluster }]), { code: 'not_found' }, cluster);
  }
  const many = Array.from({ length: 5_001 }, (_, index) => ({ ...honest, name: `User:${index}` }));
  await assert.rejects(tell(many), { code: 'invalid_request' });
  await assert.rejects(tell('all' as never), { code: 'invalid_request' });
  await assert.rejects(tell([honest], (await service.enrol('shop')).token), { code: 'forbidden' });
  assert.deepEqual(await usesOf('busy'), []);
});

test('several tell of the same uses at a time, in any order, and none waits for another for good', async () => {
  const uses = Array.from({ length: 2_000 }, (_, index) => ({ ...told, topic: 'busy', name: `User:${index}` }));
  const orders = [uses, uses.toReversed(), uses, uses.toReversed(), uses, uses.toReversed()];
  assert.deepEqual(await Promise.all(orders.map((order) => tell(order))), Array(6).fill(2_000));
  assert.equal((await usesOf('busy')).length, 2_000);
});
