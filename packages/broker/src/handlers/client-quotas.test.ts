/** Quotas: how they are described and altered, whose is in force, and what a client over its quota sees. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alterClientQuotas,
  apiVersions,
  createPartitions,
  createTopics,
  deleteTopics,
  describeClientQuotas,
  errorCodes,
  fetch,
  listGroups,
  produce,
} from '@millrace/wire';
import type { QuotaEntity } from '../quotas/quota-entity.ts';
import { batchOf, ClusterFixture } from '../testing/cluster-fixture.ts';
import { WirePeer } from '../testing/wire-peer.ts';

/** The client id of every `WirePeer`. */
const client: QuotaEntity = { 'client-id': 'peer' };

async function alter(fixture: ClusterFixture, entity: QuotaEntity, values: Record<string, number | null>) {
  const entry = {
    entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
    ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
  };
  const answer = await (await fixture.peer()).request(alterClientQuotas, { entries: [entry], validateOnly: false });
  assert.ok(answer.entries[0]);
  return answer.entries[0];
}

async function describe(
  fixture: ClusterFixture,
  components: readonly (readonly [entityType: string, matchType: number, match: string | null])[],
  strict = false,
) {
  const asked = components.map(([entityType, matchType, match]) => ({ entityType, matchType, match }));
  return (await fixture.peer()).request(describeClientQuotas, { components: asked, strict });
}

function connect(fixture: ClusterFixture): Promise<WirePeer> {
  return WirePeer.connect(fixture.cluster.brokers[0]?.port ?? 0);
}

test('the quota of the most precise entity is in force, users before clients', async () => {
  await using fixture = await ClusterFixture.start();
  const { table } = fixture.cluster.quotas;
  const levels: QuotaEntity[] = [
    { 'client-id': null },
    { 'client-id': 'app' },
    { user: null },
    { user: null, 'client-id': null },
    { user: null, 'client-id': 'app' },
    { user: 'alice' },
    { user: 'alice', 'client-id': null },
    { user: 'alice', 'client-id': 'app' },
  ];
  for (const [index, entity] of levels.entries()) {
    assert.equal((await alter(fixture, entity, { producer_byte_rate: index + 1 })).errorCode, 0);
    assert.equal(table.clientQuota('producer_byte_rate', 'alice', 'app')?.limit, index + 1);
  }
  assert.equal(table.clientQuota('producer_byte_rate', 'bob', 'app')?.limit, 5);
  assert.equal(table.clientQuota('producer_byte_rate', 'bob', 'other')?.limit, 4);
  assert.equal(table.clientQuota('consumer_byte_rate', 'alice', 'app'), undefined);
  const shared = (user: string, clientId: string) => table.clientQuota('producer_byte_rate', user, clientId)?.sharers;
  assert.notEqual(shared('bob', 'one'), shared('bob', 'two'), 'a quota for clients of users is each of theirs');
  for (const entity of [...levels].reverse()) await alter(fixture, entity, { producer_byte_rate: null });
  assert.deepEqual([...table.rows()], []);
  await alter(fixture, { user: 'alice' }, { producer_byte_rate: 1 });
  assert.equal(shared('alice', 'one'), shared('alice', 'two'), 'a quota of a user is shared by the clients');
});

test('quotas are described by a filter, and survive a restart', async () => {
  await using fixture = await ClusterFixture.start();
  await alter(fixture, { user: 'alice' }, { producer_byte_rate: 1000, request_percentage: 12.5 });
  await alter(fixture, { user: 'alice', 'client-id': 'app' }, { consumer_byte_rate: 2000 });
  await alter(fixture, { user: null }, { consumer_byte_rate: 3000 });
  assert.equal((await alter(fixture, { ip: '::ffff:10.0.0.1' }, { connection_creation_rate: 4 })).errorCode, 0);
  await fixture.restart();
  const [exact, byDefault, any] = [0, 1, 2];
  const values = async (...of: Parameters<typeof describe>): Promise<number[]> =>
    ((await describe(...of)).entries ?? []).flatMap((entry) => entry.values.map(({ value }) => value)).sort();
  assert.deepEqual(await values(fixture, []), [1000, 12.5, 2000, 3000, 4]);
  assert.deepEqual(await values(fixture, [['user', exact, 'alice']]), [1000, 12.5, 2000]);
  assert.deepEqual(await values(fixture, [['user', exact, 'alice']], true), [1000, 12.5]);
  assert.deepEqual(await values(fixture, [['user', byDefault, null]]), [3000]);
  assert.deepEqual(await values(fixture, [['client-id', any, null]]), [2000]);
  assert.deepEqual(await values(fixture, [['ip', any, null]], true), [4]);
});

test('filters that contradict themselves are refused', async () => {
  await using fixture = await ClusterFixture.start();
  const cases: [Parameters<typeof describe>[1], number][] = [
    [[['', 0, 'a']], errorCodes.INVALID_REQUEST],
    [[['group', 0, 'a']], errorCodes.UNSUPPORTED_VERSION],
    [[['user', 0, null]], errorCodes.INVALID_REQUEST],
    [[['user', 1, 'a']], errorCodes.INVALID_REQUEST],
    [[['user', 9, null]], errorCodes.INVALID_REQUEST],
    [
      [
        ['user', 2, null],
        ['user', 2, null],
      ],
      errorCodes.INVALID_REQUEST,
    ],
    [
      [
        ['ip', 2, null],
        ['user', 2, null],
      ],
      errorCodes.INVALID_REQUEST,
    ],
  ];
  for (const [components, expected] of cases) {
    const answer = await describe(fixture, components);
    assert.deepEqual([answer.errorCode, answer.entries], [expected, null], JSON.stringify(components));
  }
});

test('quotas that can not be are refused, and change nothing', async () => {
  await using fixture = await ClusterFixture.start();
  const cases: [QuotaEntity | Record<string, string | null>, Record<string, number>][] = [
    [{}, { producer_byte_rate: 1 }],
    [{ group: 'a' }, { producer_byte_rate: 1 }],
    [{ user: '' }, { producer_byte_rate: 1 }],
    [{ user: 'a', ip: '10.0.0.1' }, { producer_byte_rate: 1 }],
    [{ ip: 'not an address' }, { connection_creation_rate: 1 }],
    [{ ip: '10.0.0.256' }, { connection_creation_rate: 1 }],
    [{ ip: '::1]/[' }, { connection_creation_rate: 1 }],
    [{ ip: '10.0.0.1' }, { producer_byte_rate: 1 }],
    [{ user: 'a' }, { connection_creation_rate: 1 }],
    [{ user: 'a' }, { bytes: 1 }],
    [{ user: 'a' }, { producer_byte_rate: 0 }],
    [{ user: 'a' }, { producer_byte_rate: -1 }],
    [{ user: 'a' }, { producer_byte_rate: 1.5 }],
    [{ user: 'a' }, { request_percentage: Number.NaN }],
  ];
  for (const [entity, values] of cases) {
    const { errorCode } = await alter(fixture, entity as QuotaEntity, values);
    assert.equal(errorCode, errorCodes.INVALID_REQUEST, JSON.stringify([entity, values]));
  }
  assert.deepEqual([...fixture.cluster.quotas.table.rows()], []);
});

test('a client without a quota is never throttled', async () => {
  await using fixture = await ClusterFixture.start();
  await fixture.createTopic('free');
  await alter(fixture, { 'client-id': 'somebody else' }, { producer_byte_rate: 1, request_percentage: 0.001 });
  const topicData = [{ name: 'free', partitionData: [{ index: 0, records: batchOf({ values: ['x'.repeat(9000)] }) }] }];
  const peer = await fixture.peer();
  assert.equal((await peer.request(produce, { acks: 1, timeoutMs: 1000, topicData }, 12)).throttleTimeMs, 0);
  assert.equal((await peer.request(listGroups, {})).throttleTimeMs, 0);
});

test('a producer over its quota is told at once, and its next request waits that long', async () => {
  await using fixture = await ClusterFixture.start({ configuration: { 'quota.window.num': '2' } });
  await fixture.createTopic('limited');
  await alter(fixture, client, { producer_byte_rate: 40_000 });
  using peer = await connect(fixture);
  using other = await connect(fixture);
  const topicData = [
    { name: 'limited', partitionData: [{ index: 0, records: batchOf({ values: ['x'.repeat(50_000)] }) }] },
  ];
  // The time goes on while an answer waits to be read here.
  const askedMs = performance.now();
  const answer = await peer.request(produce, { acks: 1, timeoutMs: 1000, topicData }, 12);
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, 0, 'what was sent is kept');
  assert.ok(answer.throttleTimeMs > 100 && answer.throttleTimeMs < 1000, `throttled for ${answer.throttleTimeMs} ms`);
  const next = peer.request(listGroups, {});
  await other.request(listGroups, {});
  await next;
  assert.ok(performance.now() - askedMs >= answer.throttleTimeMs - 5, 'the connection was muted');
});

test('a producer without answers is muted too', async () => {
  await using fixture = await ClusterFixture.start({ configuration: { 'quota.window.num': '2' } });
  await fixture.createTopic('unanswered');
  await alter(fixture, client, { producer_byte_rate: 40_000 });
  using peer = await connect(fixture);
  const topicData = [
    { name: 'unanswered', partitionData: [{ index: 0, records: batchOf({ values: ['x'.repeat(50_000)] }) }] },
  ];
  const began = performance.now();
  peer.send(peer.encode(produce, { acks: 0, timeoutMs: 1000, topicData }, 12));
  await peer.request(listGroups, {});
  assert.ok(performance.now() - began > 200);
});

test('a consumer over its quota gets no records until it has waited, and then all of them', async () => {
  await using fixture = await ClusterFixture.start({ configuration: { 'quota.window.num': '2' } });
  await fixture.createTopic('read');
  const values = Array.from({ length: 20 }, (_, index) => `${index} `.padEnd(5_000, 'x'));
  for (const value of values) await fixture.produce('read', batchOf({ values: [value] }));
  await alter(fixture, client, { consumer_byte_rate: 30_000 });
  using peer = await connect(fixture);
  const read = async (offset: number) => {
    const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 2 ** 20 }];
    const topics = [{ topic: 'read', partitions }];
    return peer.request(fetch, { maxWaitMs: 0, minBytes: 1, maxBytes: 2 ** 20, sessionEpoch: 0, topics }, 12);
  };
  let offset = 0;
  let throttled = 0;
  while (offset < values.length) {
    const { throttleTimeMs, responses, sessionId } = await read(offset);
    const records = responses[0]?.partitions[0]?.records ?? null;
    if (throttleTimeMs > 0) {
      throttled += 1;
      assert.deepEqual([responses.length, sessionId], [0, 0], 'a throttled answer has nothing');
    } else {
      assert.ok((records?.length ?? 0) <= 30_000, 'one fetch brings no more than a window allows');
      offset += Math.round((records?.length ?? 0) / 5_000);
    }
  }
  assert.ok(throttled > 0);
});

test('changes of topics beyond the quota are refused, or only slowed down for old clients', async () => {
  const configuration = { 'controller.quota.window.num': '2' };
  await using fixture = await ClusterFixture.start({ configuration });
  await alter(fixture, client, { controller_mutation_rate: 5 });
  const create = async (name: string, numPartitions: number, version: number) => {
    using peer = await connect(fixture);
    const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
    const answer = await peer.request(createTopics, { topics: [topic], timeoutMs: 1000 }, version);
    return { errorCode: answer.topics[0]?.errorCode, throttled: answer.throttleTimeMs > 0 };
  };
  const [done, refused] = [
    { errorCode: 0, throttled: false },
    { errorCode: errorCodes.THROTTLING_QUOTA_EXCEEDED, throttled: true },
  ];
  assert.deepEqual(await create('large', 300, 7), done, 'one that is large is accepted as long as nothing is owed');
  assert.deepEqual(await create('next', 1, 7), refused);
  assert.deepEqual(await create('large', 1, 7), { errorCode: errorCodes.TOPIC_ALREADY_EXISTS, throttled: false });
  assert.deepEqual(await create('old', 1, 5), { errorCode: 0, throttled: true });
  using peer = await connect(fixture);
  const grown = await peer.request(
    createPartitions,
    { topics: [{ name: 'old', count: 2, assignments: null }], timeoutMs: 1000, validateOnly: false },
    3,
  );
  assert.equal(grown.results[0]?.errorCode, errorCodes.THROTTLING_QUOTA_EXCEEDED);
  using another = await connect(fixture);
  const topics = [{ name: 'old' }];
  const deleted = await another.request(deleteTopics, { topics, timeoutMs: 1000 }, 6);
  assert.equal(deleted.responses[0]?.errorCode, errorCodes.THROTTLING_QUOTA_EXCEEDED);
  assert.ok(fixture.cluster.topics.byName('old'));
});

test('a client that takes too much time of the process is throttled, for a window at most', async () => {
  await using fixture = await ClusterFixture.start();
  await alter(fixture, client, { request_percentage: 0.000_001 });
  using peer = await connect(fixture);
  const { throttleTimeMs } = await peer.request(apiVersions, {
    clientSoftwareName: 'test',
    clientSoftwareVersion: '1',
  });
  assert.ok(throttleTimeMs > 0 && throttleTimeMs <= 1000, `${throttleTimeMs} ms`);
});

test('an address that opens connections faster than its quota has some closed, and no other address', async () => {
  await using fixture = await ClusterFixture.start();
  await alter(fixture, { ip: '10.1.2.3' }, { connection_creation_rate: 1 });
  await alter(fixture, { ip: '127.0.0.1' }, { connection_creation_rate: 2 });
  const peers = await Promise.all(Array.from({ length: 40 }, () => connect(fixture)));
  const first = peers[0] as WirePeer;
  assert.ok(await first.request(listGroups, {}));
  await Promise.race(peers.map((peer) => peer.ended));
  assert.ok(fixture.cluster.connections.count <= 22, `${fixture.cluster.connections.count} were let in`);
  for (const peer of peers) peer[Symbol.dispose]();
});
