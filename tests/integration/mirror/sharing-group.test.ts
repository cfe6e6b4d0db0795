/** The group by which workers share a mirror, where others are in it or it may not be joined. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { type AclBinding, type AclOperation, unwrap } from '@millrace/client';
import { ClassicMember, GroupCoordinator, openCluster } from '@millrace/client/protocol';
import { type Mirror, startMirror } from '@millrace/mirror';
import { quick, until } from '../client/client-fixture.ts';
import { startSecured } from '../client/secured-fixture.ts';
import { fill, forGood } from './behaviours.ts';
import { assertMirrored, startMirrorFixture } from './mirror-fixture.ts';
import { heartbeatIntervalMs, partitions, startShared, untilShared } from './sharing-fixture.ts';

test('a member that is no worker gets nothing, which is told, and the workers go on', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 1);
  const [worker] = workers as [Mirror];
  const { client, cluster } = openCluster({ bootstrap: fixture.target.bootstrap, ...quick });
  t.after(() => client.close());
  const group = `millrace.mirror.${worker.name}`;
  const joined = Promise.withResolvers<Uint8Array>();
  const terms = {
    group,
    protocolType: 'millrace-mirror',
    instanceId: null,
    staysWhenClosed: false,
    sessionTimeoutMs: 60_000,
    heartbeatIntervalMs,
    rebalanceTimeoutMs: 60_000,
    mismatchHint: '',
  };
  const stranger = new ClassicMember(cluster, terms, new GroupCoordinator(cluster, group), 'to disturb', {
    prepare: async () => undefined,
    offer: async () => [{ name: 'shards-by-load', metadata: Buffer.from('\u0001{"shards":"all"}') }],
    assign: async () => new Map(),
    assigned: async (assignment) => joined.resolve(assignment),
    lost: async () => undefined,
    lookAround: () => undefined,
    failed: (error) => joined.reject(error),
  });
  stranger.start();
  assert.match(Buffer.from(await joined.promise).toString(), /\[\]\]$/);
  await untilShared(workers);
  assert.ok(
    fixture.events.some(({ event, message }) => event === 'sharing_failed' && message.includes("can't be read")),
  );
  await stranger.close('enough');
  await fill(fixture.source.client, { topic, partitions, first: 0, count: 1_000 });
  await assertMirrored(fixture, topic, partitions);
});

test('a worker that sees another number of shards gets none, and says why', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 1);
  const offsetsTopic = `millrace.offsets.${workers[0]?.name}`;
  unwrap(await fixture.target.admin.createPartitions([{ topic: offsetsTopic, totalCount: 2 * partitions }]));
  const late = await fixture.mirror([topic]);
  assert.equal(late.assignedPartitions, 0);
  assert.ok(
    fixture.events.some(({ message }) => message.includes(`its offsets topic has ${2 * partitions} partitions`)),
  );
  await untilShared(workers);
  await fill(fixture.source.client, { topic, partitions, first: 0, count: 1_000 });
  await assertMirrored(fixture, topic, partitions);
});

test('of two workers that are started under one name at a time both begin, and one is told of the other', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(partitions);
  const started = await Promise.all([1, 2].map(() => fixture.mirror([topic], { worker: 'twin' })));
  assert.equal(started.length, 2);
  await until(() => fixture.events.some(({ message }) => message.includes('another worker of the mirror')), 30_000);
  await fill(fixture.source.client, { topic, partitions, first: 0, count: 1_000 });
  await assertMirrored(fixture, topic, partitions);
});

test('a principal that may not join the group of the workers is told which right it needs', async (t) => {
  const { source } = await startMirrorFixture(t);
  const secured = await startSecured(t);
  const topic = await source.createTopic(1, forGood);
  const resource = (resourceType: 'topic' | 'cluster' | 'transactional-id', operation: AclOperation): AclBinding => {
    const resourceName = resourceType === 'cluster' ? 'kafka-cluster' : '*';
    const who = { principal: 'User:alice', host: '*', permission: 'allow' } as const;
    return { ...who, resourceType, resourceName, patternType: 'literal', operation };
  };
  const granted = [resource('topic', 'all'), resource('cluster', 'all'), resource('transactional-id', 'all')];
  unwrap(await secured.admin.createAcls(granted));
  const sasl = { mechanism: 'PLAIN', username: 'alice', password: 'alice-secret' } as const;
  const target = { bootstrap: secured.bootstrap('SASL_PLAINTEXT'), ...quick, security: { sasl } };
  const options = { name: 'kept-out', source: { bootstrap: source.bootstrap, ...quick }, target, topics: [topic] };
  await assert.rejects(startMirror(options), (error) => {
    assert.ok(isMillraceError(error, 'authorization_failed'), `${error}`);
    assert.match(error.message, /it needs (read|describe) on group millrace\.mirror\.kept-out/);
    return true;
  });
});

test('a mirror whose group is used by something else does not start, and says why', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(1, forGood);
  const read = await fixture.target.createTopic(1);
  await using consumer = fixture.target.client.consumer({ topics: [read], group: 'millrace.mirror.taken' });
  await using admin = fixture.target.connect().admin();
  const iterator = consumer[Symbol.asyncIterator]();
  const reading = iterator.next();
  reading.catch(() => undefined);
  await until(async () => (await admin.listGroups()).some(({ group }) => group === 'millrace.mirror.taken'));
  await assert.rejects(fixture.mirror([topic], { name: 'taken' }), /something else is in it; end that, or give the/);
});
