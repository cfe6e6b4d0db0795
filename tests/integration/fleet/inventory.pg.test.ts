/** The inventory over embedded clusters, on PostgreSQL. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  getBrokerContract,
  getClusterContract,
  getGroupContract,
  getTopicContract,
  listBrokersContract,
  listChangesContract,
  listClustersContract,
  listGroupsContract,
  listTopicsContract,
  querySeriesContract,
  readAuthorizerLogContract,
  refreshClusterContract,
  searchContract,
  topicTableContract,
  topologyContract,
} from '@millrace/api/fleet';
import { unwrap } from '@millrace/client';
import { eventually } from '../../support/eventually.ts';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import {
  clusterSpec,
  createTopics,
  type InventoryFixture,
  openInventoryFixture,
  reached,
  TestCluster,
} from './inventory-fixture.ts';

let database: DatabaseFixture;
let east: TestCluster;
let west: TestCluster;
let url: string;
let fixture: InventoryFixture;

before(async () => {
  [database, east, west] = await Promise.all([
    startDatabaseFixture(),
    TestCluster.start('east', 3),
    TestCluster.start('west', 1),
  ]);
  await createTopics(east, { orders: 4, payments: 2, idle: 1 });
  await createTopics(west, { orders: 1, 'millrace.offsets.e2w': 1 });
  url = await database.emptyDatabase();
  fixture = await openInventoryFixture(url);
  await fixture.declare(
    { kind: 'site', id: 'dc1', spec: { name: 'dc1' } },
    { kind: 'environment', id: 'production', spec: { name: 'production' } },
    { kind: 'team', id: 'shop', spec: { name: 'shop' } },
    clusterSpec('east', east.bootstrap, { site: 'dc1', environment: 'production' }),
    clusterSpec('west', west.bootstrap),
    { kind: 'topic', id: 'east/orders', spec: { cluster: 'east', name: 'orders', partitions: 4, owner: 'shop' } },
    { kind: 'topic', id: 'east/lost', spec: { cluster: 'east', name: 'lost', partitions: 1 } },
    { kind: 'mirror', id: 'e2w', spec: { name: 'e2w', source: 'east', target: 'west', topics: ['orders'] } },
  );
  await reached(fixture, 'east');
  await reached(fixture, 'west');
});
after(async () => {
  await fixture?.[Symbol.asyncDispose]();
  await Promise.all([east?.[Symbol.asyncDispose](), west?.[Symbol.asyncDispose]()]);
  await database?.[Symbol.asyncDispose]();
});

async function write({ client }: TestCluster, topic: string, count: number): Promise<void> {
  await using producer = client.producer();
  for (let at = 0; at < count; at++) await producer.send({ topic, value: `v${at}` });
}

test('lists clusters with what is in them, and topics with who owns them', async () => {
  const { items } = await fixture.call(listClustersContract, { query: {} });
  assert.deepEqual(
    items.map(({ name, brokers, topics, partitions, site, stale, problem }) => {
      return [name, brokers, topics, partitions, site, stale, problem];
    }),
    [
      ['east', 3, 3, 7, 'dc1', false, null],
      ['west', 1, 2, 2, null, false, null],
    ],
  );
  const query = { sort: 'name', facets: true, fields: 'name,cluster,owner,there,declared' } as const;
  const topics = await fixture.call(listTopicsContract, { query });
  assert.deepEqual(
    topics.items.map(({ id, owner, there, declared }) => [id, owner, there, declared]),
    [
      ['east/idle', null, true, false],
      ['east/lost', null, false, true],
      ['west/millrace.offsets.e2w', null, true, false],
      ['east/orders', 'shop', true, true],
      ['west/orders', null, true, false],
      ['east/payments', null, true, false],
    ],
  );
  assert.deepEqual([topics.total, topics.facets?.cluster], [6, { east: 4, west: 2 }]);
  assert.deepEqual(Object.keys(topics.items[0] ?? {}).sort(), ['cluster', 'declared', 'id', 'name', 'owner', 'there']);
  const named = async (only: string, quietHours?: number): Promise<(string | undefined)[]> => {
    const page = await fixture.call(listTopicsContract, { query: { only, quietHours, cluster: 'east' } });
    return page.items.map(({ name }) => name);
  };
  assert.deepEqual(await named('missing'), ['lost']);
  assert.deepEqual(await named('unowned'), ['idle', 'lost', 'payments']);
  assert.deepEqual(await named('undeclared'), ['idle', 'payments']);
  assert.deepEqual(await named('idle'), [], 'nobody has looked for a day yet');
  assert.deepEqual(await named('idle,unowned', 0), ['idle', 'payments']);
  await assert.rejects(named('strange'), { code: 'invalid_request' });
});

test('pages lists, and answers 304 to whoever has the page', async () => {
  const seen: (string | undefined)[] = [];
  let cursor: string | undefined;
  do {
    const page = await fixture.call(listTopicsContract, { query: { limit: 2, sort: 'partitions', cursor } });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  assert.equal(new Set(seen).size, 6);
  assert.equal(seen[0], 'east/orders');
  await assert.rejects(fixture.call(listTopicsContract, { query: { cursor: 'x' } }), { code: 'invalid_request' });
  const address = `${fixture.server.url}/api/v1/topics?fields=name&sort=name`;
  const first = await fetch(address);
  const etag = first.headers.get('etag') ?? '';
  assert.match(etag, /^"[\w-]+"$/);
  const again = await fetch(address, { headers: { 'if-none-match': etag } });
  assert.deepEqual([again.status, await again.text()], [304, '']);
});

test('tells all topics as a table', async () => {
  const table = await fixture.call(topicTableContract, { query: { cluster: 'east' } });
  const rows = table.rows.map((row) => Object.fromEntries(row.map((value, at) => [table.columns[at] ?? '', value])));
  assert.deepEqual(
    rows.map(({ cluster, name, owner, partitions, flags }) => [
      table.clusters[Number(cluster)],
      name,
      table.owners[Number(owner)],
      partitions,
      flags,
    ]),
    [
      ['east', 'idle', undefined, 1, 0],
      ['east', 'orders', 'shop', 4, 2],
      ['east', 'payments', undefined, 2, 0],
      ['east', 'lost', undefined, 1, 6],
    ],
  );
});

test('sees records flow, who reads them, and how far behind', async () => {
  const { client } = east;
  await using consumer = client.consumer({ group: 'billing', topics: ['orders'], from: 'earliest', instanceId: 'one' });
  await write(east, 'orders', 50);
  let read = 0;
  for await (const batch of consumer.batches()) {
    read += batch.recordCount;
    if (read >= 50) break;
  }
  await consumer.commit();
  await write(east, 'orders', 7);
  const topicNow = () => fixture.call(getTopicContract, { params: { cluster: 'east', topic: 'orders' } });
  await eventually(async () => {
    const { trafficAt, consumedAt, partitionList, uses } = await topicNow();
    const written = partitionList.reduce((sum, { endOffset }) => sum + (endOffset ?? 0), 0);
    return trafficAt !== null && consumedAt !== null && written === 57 && uses.length > 0;
  });
  const { uses, consumers } = await topicNow();
  const [use] = uses;
  assert.deepEqual(
    [use?.role, use?.source, use?.name, use?.clientIds, consumers],
    ['consumer', 'group_assignment', 'billing', ['millrace'], 1],
  );
  await eventually(async () => {
    const page = await fixture.call(listGroupsContract, { query: { topic: 'orders' } });
    return page.items[0]?.name === 'billing' && page.items[0].lag === 7 && page.items[0].members === 1;
  });
  const group = await fixture.call(getGroupContract, { params: { cluster: 'east', group: 'billing' } });
  assert.deepEqual([group.memberList[0]?.instanceId, group.partitions.length], ['one', 4]);
  assert.equal(
    group.partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    7,
  );
  const idle = await fixture.call(listTopicsContract, {
    query: { only: 'unconsumed', quietHours: 0, cluster: 'east' },
  });
  assert.ok(idle.items.some(({ name }) => name === 'payments'));
});

test('names producers by their transactional ids, and says of others that nobody knows them', async () => {
  const { client } = east;
  await using known = client.producer({ transactionalId: 'payments-1' });
  await using unknown = client.producer();
  let at = 0;
  const usesNow = async () => {
    at++;
    await known.transaction((transaction) => transaction.send({ topic: 'payments', value: `t${at}` }));
    await unknown.send({ topic: 'payments', value: `u${at}` });
    return (await fixture.call(getTopicContract, { params: { cluster: 'east', topic: 'payments' } })).uses;
  };
  await eventually(async () => {
    const names = (await usesNow()).map(({ source, name }) => `${source} ${name}`);
    return names.includes('transactional_id payments-1') && names.includes('producer_id null');
  });
});

test('takes uses from an authorizer log, and keeps them', async () => {
  const line =
    '[2026-01-01 10:00:00,000] DEBUG Principal = User:till is Allowed operation = WRITE from host = 10.1.1.1 on ' +
    'resource = Topic:LITERAL:idle for request = Produce with resourceRefCount = 1 (kafka.authorizer.logger)';
  const input = { params: { name: 'east' }, body: { lines: [line, 'another line'] } };
  assert.deepEqual(await fixture.call(readAuthorizerLogContract, input), { lines: 2, uses: 1 });
  await fixture.call(readAuthorizerLogContract, input);
  const { uses } = await fixture.call(getTopicContract, { params: { cluster: 'east', topic: 'idle' } });
  assert.deepEqual(
    uses.map(({ role, source, name, hosts, firstAt }) => [role, source, name, hosts, firstAt]),
    [['producer', 'authorizer_log', 'User:till', ['10.1.1.1'], '2026-01-01T10:00:00.000Z']],
  );
});

test('draws the map, searches everything, and shows brokers', async () => {
  const map = await fixture.call(topologyContract, {});
  assert.deepEqual(map.sites, [{ name: 'dc1', clusters: ['east'] }]);
  assert.deepEqual(map.mirrors, [
    {
      ...{ name: 'e2w', source: 'east', target: 'west', declared: true, observed: true, topics: ['orders'] },
      ...{ state: 'waiting', problem: null },
    },
  ]);
  const found = await fixture.call(searchContract, { query: { q: 'ORDER' } });
  assert.deepEqual(
    found.items.map(({ kind, id }) => [kind, id]),
    [
      ['topic', 'east/orders'],
      ['topic', 'west/orders'],
    ],
  );
  const team = await fixture.call(searchContract, { query: { q: 'shop', kinds: 'team' } });
  assert.deepEqual([team.total, team.items[0]?.id], [1, 'shop']);
  const brokers = await fixture.call(listBrokersContract, { query: { rack: 'rack-2' } });
  assert.deepEqual(
    brokers.items.map(({ id, problem }) => [id, problem]),
    [['east/2', null]],
  );
  const broker = await fixture.call(getBrokerContract, { params: { cluster: 'east', nodeId: 2 } });
  assert.notEqual(broker.configs, null);
  await assert.rejects(fixture.call(getBrokerContract, { params: { cluster: 'east', nodeId: 9 } }), {
    code: 'not_found',
  });
  await assert.rejects(fixture.call(getClusterContract, { params: { name: 'north' } }), { code: 'not_found' });
});

test('keeps a history of what appeared, changed and went', async () => {
  const admin = west.client.admin();
  unwrap(await admin.createTopics([{ topic: 'brief', partitions: 1 }]));
  const changes = async () => {
    const { items } = await fixture.call(listChangesContract, {
      query: { cluster: 'west', kind: 'topic', name: 'brief' },
    });
    return items.map(({ what, field, from, to }) => [what, field, from, to]);
  };
  await eventually(async () => (await changes()).length === 1);
  unwrap(await admin.createPartitions([{ topic: 'brief', totalCount: 3 }]));
  const set = [{ name: 'retention.ms', operation: 'set', value: '5000' }] as const;
  unwrap(await admin.incrementalAlterConfigs([{ type: 'topic', name: 'brief', changes: set }]));
  await fixture.call(refreshClusterContract, { params: { name: 'west' } });
  unwrap(await admin.deleteTopics(['brief']));
  await eventually(async () => (await changes())[0]?.[0] === 'gone');
  assert.deepEqual((await changes()).reverse(), [
    ['appeared', undefined, undefined, { partitions: 1, replicas: 1 }],
    ['changed', 'partitions', 1, 3],
    ['changed', 'configs.retention.ms', undefined, '5000'],
    ['gone', undefined, { partitions: 3 }, undefined],
  ]);
});

test('keeps figures over time', async () => {
  await write(east, 'idle', 3);
  const from = new Date(Date.now() - 600_000).toISOString();
  const ask = () =>
    fixture.call(querySeriesContract, {
      body: {
        series: [
          { metric: 'partitions', cluster: 'east' },
          { metric: 'recordsPerSecond', cluster: 'east', topic: 'idle' },
          { metric: 'lag', cluster: 'east', group: 'nobody' },
        ],
        from,
        maxPoints: 5,
      },
    });
  await eventually(async () => (await ask()).series[1]?.points.some(([, , max = 0]) => max > 0) === true);
  const [partitions, rate, none] = (await ask()).series;
  assert.deepEqual([partitions?.points.at(-1)?.[2], rate?.points.at(-1)?.[1], none?.points], [7, 0, []]);
  assert.ok((rate?.points.length ?? 0) <= 5);
  const twice = { metric: 'lag', cluster: 'east', group: 'a', topic: 'b' } as const;
  const asked = fixture.call(querySeriesContract, { body: { series: [twice], from } });
  await assert.rejects(asked, { code: 'invalid_request' });
});
