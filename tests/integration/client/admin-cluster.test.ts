/** What an admin sees and changes of the cluster itself: features, quorum, directories, replicas, elections. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { settled, startFixture, uniqueName } from './client-fixture.ts';

test('features: what is supported and agreed on; a level that nobody supports is refused', async (t) => {
  const { admin } = await startFixture(t);
  const { features, epoch } = await admin.describeFeatures();
  const group = features.find(({ feature }) => feature === 'group.version');
  assert.ok(epoch >= 0);
  assert.ok(group?.supported !== undefined && group.supported.max >= 1);
  const [refused] = await admin.updateFeatures([{ feature: 'group.version', level: 99 }]);
  assert.ok(refused?.error !== undefined);
  assert.match(refused.error.message, /^update feature group\.version: /);
  unwrap(await admin.updateFeatures([{ feature: 'group.version', level: group.level }], { validateOnly: true }));
});

test('the metadata quorum has a leader among its voters', async (t) => {
  const { admin } = await startFixture(t);
  const { leader, voters, leaderEpoch } = await admin.describeQuorum();
  assert.ok(leaderEpoch >= 0);
  assert.ok(voters.some(({ nodeId }) => nodeId === leader));
});

test('log directories: sizes of replicas, and where each is', async (t) => {
  const { admin, client, createTopic } = await startFixture(t);
  const topic = await createTopic(2);
  await using producer = client.producer();
  await producer.send({ topic, partition: 1, value: 'x'.repeat(1_000) });
  const [first, second] = unwrap(await admin.describeTopics([topic]))[0]?.partitions ?? [];
  const at = [{ topic, partition: 1 }];
  const [described] = unwrap(await admin.describeLogDirectories([second?.leader ?? -1], { partitions: at }));
  const [directory] = unwrap(described?.directories ?? []);
  assert.equal(directory?.replicas.length, 1);
  assert.ok((directory.replicas[0]?.sizeBytes ?? 0) >= 1_000);
  assert.equal(directory.replicas[0]?.future, false);
  const pathOf = async (broker: number) =>
    unwrap(unwrap(await admin.describeLogDirectories([broker]))[0]?.directories ?? [])[0]?.path;
  const place = { topic, partition: 0, broker: first?.leader ?? -1 };
  assert.deepEqual(await admin.describeReplicaLogDirectories([place]), [
    { ...place, current: await pathOf(place.broker), future: undefined },
  ]);
  const [refused] = await admin.alterReplicaLogDirectories([{ ...place, path: '/no/such/directory' }]);
  assert.equal(refused?.error?.errorName, 'LOG_DIR_NOT_FOUND');
});

test('reassignments: refused where brokers do not exist, none to cancel, none under way', async (t) => {
  const { admin, createTopic } = await startFixture(t);
  const topic = await createTopic(2);
  const [unknown, none, missing] = await admin.alterPartitionReassignments([
    { topic, partition: 0, replicas: [999] },
    { topic, partition: 1, replicas: null },
    { topic: uniqueName('missing'), partition: 0, replicas: [1] },
  ]);
  assert.equal(unknown?.error?.errorName, 'INVALID_REPLICA_ASSIGNMENT');
  assert.equal(none?.error?.errorName, 'NO_REASSIGNMENT_IN_PROGRESS');
  assert.equal(missing?.error?.errorName, 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.deepEqual(await admin.listPartitionReassignments([{ topic, partition: 0 }]), []);
  assert.deepEqual(await admin.listPartitionReassignments(), []);
});

test('elections: a partition whose preferred replica leads needs none', async (t) => {
  const { admin, createTopic } = await startFixture(t);
  const topic = await createTopic(1);
  const [needless, missing] = await admin.electLeaders('preferred', [
    { topic, partition: 0 },
    { topic: uniqueName('missing'), partition: 0 },
  ]);
  assert.equal(needless?.error?.errorName, 'ELECTION_NOT_NEEDED');
  assert.equal(missing?.error?.errorName, 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.deepEqual(await admin.electLeaders('preferred'), []);
});

test('topics of many partitions are described whole', async (t) => {
  const { admin, createTopic } = await startFixture(t);
  const [large, small] = [await createTopic(2_100), await createTopic(1)];
  const results = await settled(
    () => admin.describeTopics([large, small, large]),
    (all) => all.every(({ error }) => error === undefined),
  );
  const described = unwrap(results);
  assert.deepEqual(
    described.map(({ topic, partitions }) => [topic, partitions.length]),
    [
      [large, 2_100],
      [small, 1],
      [large, 2_100],
    ],
  );
  assert.deepEqual(
    described[0]?.partitions.map(({ partition }) => partition),
    [...Array(2_100).keys()],
  );
});

test('resources that have a configuration: client metrics are set, listed and taken away', async (t) => {
  const { admin } = await startFixture(t);
  const resource = { type: 'client-metrics', name: uniqueName('metrics') } as const;
  unwrap(
    await admin.incrementalAlterConfigs([
      { ...resource, changes: [{ name: 'interval.ms', operation: 'set', value: '5000' }] },
    ]),
  );
  const own = async () =>
    (await admin.listConfigResources(['client-metrics'])).filter(({ name }) => name === resource.name);
  assert.deepEqual(await settled(own, (found) => found.length > 0), [resource]);
  const [described] = unwrap(await admin.describeConfigs([resource]));
  assert.equal(described?.entries.find(({ name }) => name === 'interval.ms')?.value, '5000');
  unwrap(
    await admin.incrementalAlterConfigs([{ ...resource, changes: [{ name: 'interval.ms', operation: 'delete' }] }]),
  );
  assert.deepEqual(await settled(own, (found) => found.length === 0), []);
});
