import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Topic } from '@millrace/api/declared';
import { nodePlatform } from '@millrace/base';
import { type Cluster, startCluster } from '@millrace/broker';
import { createClient } from '@millrace/client';
import { declaredFleetOf, drillCluster, fullLists, recordAccess } from '@millrace/fleet/declared';
import { type DatabaseFixture, startDatabaseFixture } from './database-fixture.ts';
import { diff, mendsDrift, rebuildsFromExport, stateOf } from './declared-behaviours.ts';
import { admin, authorized, type DeclaredFixture, openDeclaredFixture } from './declared-fixture.ts';

let database: DatabaseFixture;
let directory: string;
const clusters: Cluster[] = [];
before(async () => {
  database = await startDatabaseFixture();
  directory = await mkdtemp(join(tmpdir(), 'millrace-declared-'));
});
after(async () => {
  await Promise.all(clusters.map((cluster) => cluster.close()));
  await rm(directory, { recursive: true });
  await database[Symbol.asyncDispose]();
});

async function emptyCluster(brokers = 3, configuration: Record<string, string> = authorized): Promise<string> {
  const cluster = await startCluster({
    name: `c${clusters.length}`,
    dataDirectory: join(directory, String(clusters.length)),
    brokers: Array.from({ length: brokers }, (_, index) => ({ nodeId: index + 1, port: 0 })),
    configuration,
  });
  clusters.push(cluster);
  return cluster.bootstrap;
}

async function fleetOf(bootstraps: Record<string, string>): Promise<DeclaredFixture> {
  return await openDeclaredFixture(await database.emptyDatabase(), bootstraps);
}

test('a running fleet is exported, applied to an empty one, and then there is no difference', async () => {
  await using first = await fleetOf({ east: await emptyCluster() });
  await using second = await fleetOf({ east: await emptyCluster() });
  await rebuildsFromExport(first, second);
});

test('drift is found and mended, and only what was named is deleted', async () => {
  await using fleet = await fleetOf({ east: await emptyCluster() });
  await mendsDrift(fleet);
});

test('what Kafka can not do is refused, and nothing is changed then', async () => {
  await using fleet = await fleetOf({ east: await emptyCluster() });
  const topics = [{ name: 'a', cluster: 'east', partitions: 4, replicas: 2 }];
  await fleet.apply({ fleet: { topics } });
  const fewer = [
    { name: 'a', cluster: 'east', partitions: 2, replicas: 3 },
    { name: 'b', cluster: 'east', partitions: 1 },
  ];
  const { refused } = await diff(fleet, { fleet: { topics: fewer } });
  assert.deepEqual(
    refused.map(({ message }) => message.split(':')[0]),
    ['has 4 partitions and is declared with 2', 'has 2 replicas and is declared with 3'],
  );
  await assert.rejects(fleet.plan({ fleet: { topics: fewer } }), {
    code: 'invalid_request',
    message: /Kafka takes none/,
  });
  assert.equal(fleet.record.current().get('topic', 'east/b'), undefined);
});

test('a cluster out of reach is told, and keeps nobody else waiting for what is theirs', async () => {
  const closed = await emptyCluster(1);
  await clusters.pop()?.close();
  await using fleet = await fleetOf({ east: await emptyCluster(1), west: closed });
  const topics = ['east', 'west'].map((cluster) => ({ name: 'a', cluster, partitions: 1 }));
  const operation = await fleet.apply({ fleet: { topics } });
  assert.equal(operation.state, 'done');
  const { differences, told } = await diff(fleet);
  assert.deepEqual(differences, []);
  assert.deepEqual(
    told.map(({ about, cluster }) => [about, cluster]),
    [['unreachable', 'west']],
  );
  assert.equal((await stateOf(await fleet.client('east'))).topics.length, 1);
  await assert.rejects(fleet.plan({ delete: ['topic/west/a'] }), /can't be deleted while cluster west is out of reach/);
});

test('ACLs that follow from applications are made, and what is not declared is told and stays', async () => {
  await using fleet = await fleetOf({ east: await emptyCluster(1) });
  const file = {
    teams: [{ name: 'checkout' }],
    applications: [{ name: 'shop', team: 'checkout', uses: [{ cluster: 'east', topic: 'a', role: 'producer' }] }],
  };
  await fleet.apply({ fleet: file });
  // Of each of its two principals: writing and describing.
  assert.equal((await stateOf(await fleet.client('east'))).acls.length, 4);
  const without = { ...file, applications: [{ name: 'shop', team: 'checkout' }] };
  assert.equal((await fleet.apply({ fleet: without })).state, 'done');
  const { told, differences } = await diff(fleet);
  assert.deepEqual(differences, []);
  const [unmanaged] = told;
  assert.equal(unmanaged?.names.length, 4);
  assert.ok(unmanaged.names.includes('acl/east/topic literal a User:shop.a * write allow'));
  await fleet.apply({ delete: unmanaged?.names });
  assert.deepEqual((await stateOf(await fleet.client('east'))).acls, []);
});

test('a file that declares a new cluster fills it, although nothing was known of it', async () => {
  const [east, west] = [await emptyCluster(1), await emptyCluster(1)];
  await using fleet = await fleetOf({ east, west });
  await fleet.declare([{ kind: 'cluster', id: 'west', spec: null }]);
  const topics = ['east', 'west'].map((cluster) => ({ name: 'a', cluster, partitions: 1 }));
  const clustersOfFile = [
    { name: 'east', bootstrap: east },
    { name: 'west', bootstrap: west },
  ];
  const request = { fleet: { clusters: clustersOfFile, topics } };
  assert.deepEqual(
    (await diff(fleet, request)).told.map(({ about }) => about),
    ['unseen'],
  );
  assert.equal((await fleet.apply(request)).state, 'done');
  assert.deepEqual((await diff(fleet, request)).differences, []);
});

test('a thousand topics are rebuilt on an empty cluster, as the drill shows', async () => {
  const topics = Array.from({ length: 1_000 }, (_, index): Topic => {
    const configs = {
      'retention.ms': String(3_600_000 + index),
      'cleanup.policy': index % 2 === 0 ? 'delete' : 'compact',
    };
    return {
      name: `team${index % 20}.topic-${index}`,
      cluster: 'east',
      partitions: 1 + (index % 4),
      replicas: 3,
      configs,
    };
  });
  const acl = topics.map(({ name }) => {
    return { cluster: 'east', principal: 'User:a', operation: 'read', resourceType: 'topic', resourceName: name };
  });
  const fleet = declaredFleetOf(fullLists({ cluster: [{ name: 'east', bootstrap: 'nowhere:1' }], topic: topics, acl }));
  await using client = createClient({ bootstrap: await emptyCluster() });
  const reports: number[] = [];
  const { tookMs, made, differences, told } = await drillCluster({
    fleet,
    cluster: 'east',
    client,
    access: recordAccess,
    clock: nodePlatform.clock,
    signal: AbortSignal.timeout(300_000),
    report: (_step, done) => reports.push(done),
  });
  assert.deepEqual([differences, told], [[], []]);
  assert.deepEqual(made, { topics: 1_000, partitions: 2_500, acls: 1_000, quotas: 0 });
  assert.ok(reports.length > 2);
  process.stderr.write(`rebuilt 1,000 topics with 2,500 partitions and 1,000 ACLs in ${Math.round(tookMs)} ms\n`);
});

test('a step that is begun again passes over what is done, whatever it does', async () => {
  await using fleet = await fleetOf({ east: await emptyCluster(1) });
  const anyone = { host: '*', permission: 'allow', patternType: 'literal', resourceType: 'topic' } as const;
  const acl = { ...anyone, resourceName: 'a', principal: 'User:a', operation: 'read' };
  const topic = (name: string) => ({ topic: name, partitions: 1, configs: {} });
  const quota = { entity: { user: 'a' }, set: { producer_byte_rate: 1 }, remove: [] };
  const deeds = [
    { deed: 'create_topics', topics: [topic('a'), topic('b')] },
    { deed: 'add_partitions', topics: [{ topic: 'a', from: 1, to: 3 }] },
    { deed: 'alter_settings', topics: [{ topic: 'a', set: { 'segment.ms': '1000' }, unset: ['flush.ms'] }] },
    { deed: 'create_acls', acls: [acl] },
    { deed: 'set_quotas', quotas: [quota] },
    { deed: 'delete_acls', acls: [acl] },
    { deed: 'delete_topics', topics: ['b'] },
  ];
  const run = (deed: object) => {
    const step = { id: 'x', title: 'x', destructive: false, input: { cluster: 'east', ...deed } as never };
    const context = { reason: { principal: admin, why: '' }, operation: 'x', kept: undefined };
    const progress = async (): Promise<void> => undefined;
    return fleet.kind.run(step, { ...context, signal: AbortSignal.timeout(60_000), progress } as never);
  };
  for (const deed of deeds) {
    await run(deed);
    await run(deed);
  }
  const { topics, acls, quotas } = await stateOf(await fleet.client('east'));
  assert.deepEqual(
    topics.map(({ topic: name, partitionCount, settings }) => [name, partitionCount, settings]),
    [['a', 3, ['segment.ms=1000']]],
  );
  assert.deepEqual([acls.length, quotas.length], [0, 1]);
  const bad = { deed: 'create_topics', topics: [topic('c'), { ...topic('d'), replicas: 5 }] };
  await assert.rejects(async () => await run(bad), {
    code: 'apply_failed',
    message: /^1 of the things to create on east/,
  });
  assert.ok((await stateOf(await fleet.client('east'))).topics.some(({ topic: name }) => name === 'c'));
});

test('the record is listed, changed and checked over HTTP, and a wrong change says what is wrong', async () => {
  await using fleet = await fleetOf({ east: await emptyCluster(1) });
  const [one, list] = ['/api/v1/declared/{list}/{id}', '/api/v1/declared/{list}'];
  const spec = { name: 'a', cluster: 'east', partitions: 1, configs: { 'retention.ms': 5 } };
  const params = { list: 'topics', id: 'east/a' };
  const { revision } = await fleet.call<{ revision: number }>('PUT', one, {
    params,
    body: { spec, why: 'x', expected: 0 },
  });
  const got = await fleet.call<{ spec: unknown; revision: number }>('GET', one, { params });
  assert.deepEqual(got.spec, { ...spec, configs: { 'retention.ms': '5' } });
  assert.equal(got.revision, revision);
  const put = (body: object): Promise<unknown> => fleet.call('PUT', one, { params, body: { why: 'x', ...body } });
  await assert.rejects(put({ spec, expected: 0 }), { code: 'conflict' });
  await assert.rejects(put({ spec: { ...spec, name: 'b' } }), /has the id east\/b/);
  await assert.rejects(put({ spec: { ...spec, partitions: 'many' } }), {
    code: 'invalid_request',
    message: /partitions/,
  });
  await assert.rejects(put({ spec: { ...spec, configs: { 'retention.sm': 5 } } }), { code: 'invalid_declaration' });
  await assert.rejects(put({ spec: { ...spec, owner: 'nobody' } }), { code: 'invalid_declaration' });
  const specs = ['b', 'c', 'd'].map((name) => ({ ...spec, name }));
  await fleet.call('PUT', list, { params: { list: 'topics' }, body: { specs, why: 'x' } });
  type Page = { items: { id: string }[]; next: string | null; total: number };
  const first = await fleet.call<Page>('GET', list, { params: { list: 'topics' }, query: { limit: 3 } });
  assert.deepEqual([first.items.map(({ id }) => id), first.total], [['east/a', 'east/b', 'east/c'], 4]);
  const query = { limit: 3, cursor: first.next };
  const second = await fleet.call<Page>('GET', list, { params: { list: 'topics' }, query });
  assert.deepEqual([second.items.map(({ id }) => id), second.next], [['east/d'], null]);
  await fleet.call('DELETE', one, { params, query: { why: 'x' } });
  await assert.rejects(fleet.call('GET', one, { params }), { code: 'not_found' });
  const body = { fleet: { topics: [{ ...spec, cluster: 'weest' }] } };
  const { problems } = await fleet.call<{ problems: object[] }>('POST', '/api/v1/declared/check', { body });
  assert.deepEqual(problems, [
    { subject: 'topic weest/a', message: 'cluster "weest" is not among the clusters; add it there' },
  ]);
});
