import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { embeddedTest, settled, startFixture, uniqueName, until } from './client-fixture.ts';

test('topics: create, list, describe, grow, delete; each failure stands with its topic', async (t) => {
  const { admin } = await startFixture(t, { brokers: 3 });
  const prefix = uniqueName('topic');
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `${prefix}-${name}`) as [string, string, string];
  const listed = async () => (await admin.listTopics()).filter(({ topic }) => topic.startsWith(prefix));
  const created = await admin.createTopics([
    { topic: a, partitions: 3, replicationFactor: 2, configuration: { 'retention.ms': '60000' } },
    { topic: b, assignment: [[3], [1]] },
    { topic: 'not a name' },
  ]);
  assert.equal(created[0]?.error, undefined);
  assert.equal(created[2]?.error?.errorName, 'INVALID_TOPIC_EXCEPTION');
  assert.throws(() => unwrap(created), { code: 'kafka_error', message: /create topic not a name/ });
  const [again] = await admin.createTopics([{ topic: a }]);
  assert.equal(again?.error?.errorName, 'TOPIC_ALREADY_EXISTS');
  assert.deepEqual(
    (await settled(listed, ({ length }) => length === 2)).map(({ topic, partitionCount, replicationFactor }) => [
      topic,
      partitionCount,
      replicationFactor,
    ]),
    [
      [a, 3, 2],
      [b, 2, 1],
    ],
  );
  const [described, missing] = await admin.describeTopics([b, `${prefix}-missing`]);
  assert.deepEqual(described?.error ?? described?.partitions.map(({ leader }) => leader), [3, 1]);
  assert.equal(missing?.error?.errorName, 'UNKNOWN_TOPIC_OR_PARTITION');
  unwrap(await admin.createPartitions([{ topic: b, totalCount: 4 }]));
  const partitionCount = async () => unwrap(await admin.describeTopics([b]))[0]?.partitions.length;
  assert.equal(await settled(partitionCount, (count) => count === 4), 4);
  const [fewer] = await admin.createPartitions([{ topic: b, totalCount: 1 }]);
  assert.equal(fewer?.error?.errorName, 'INVALID_PARTITIONS');
  unwrap(await admin.createTopics([{ topic: c }], { validateOnly: true }));
  const deleted = await admin.deleteTopics([a, c]);
  assert.equal(deleted[0]?.error, undefined);
  assert.equal(deleted[1]?.error?.errorName, 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.deepEqual(
    (await settled(listed, ({ length }) => length === 1)).map(({ topic }) => topic),
    [b],
  );
});

embeddedTest('a cluster is described with its id and its brokers', async (t) => {
  const { admin, cluster } = await startFixture(t, { brokers: 3 });
  const description = await admin.describeCluster();
  assert.equal(description.clusterId, cluster.clusterId);
  assert.deepEqual(
    description.brokers,
    cluster.brokers.map(({ nodeId, host, port, rack }) => ({ nodeId, host, port, rack })),
  );
});

test('offsets: by time and meaning, the same partition asked several times, records deleted', async (t) => {
  const { admin, client, createTopic } = await startFixture(t, { brokers: 2 });
  const name = await createTopic(2);
  await using producer = client.producer();
  for (let n = 0; n < 10; n++) producer.write({ topic: name, partition: 1, value: 'x', timestamp: 1_000 + n });
  await producer.flush();
  const at = { topic: name, partition: 1 };
  const [earliest, latest, inTime, tooLate, empty, gone] = await admin.listOffsets([
    { ...at, at: 'earliest' },
    { ...at, at: 'latest' },
    { ...at, at: { timestamp: 1_004 } },
    { ...at, at: { timestamp: 2_000 } },
    { topic: name, partition: 0, at: 'latest' },
    { topic: name, partition: 9, at: 'latest' },
  ]);
  assert.deepEqual(
    [earliest, latest, inTime, tooLate, empty].map((result) =>
      result?.error === undefined ? result?.offset : result.error,
    ),
    [0, 10, 4, -1, 0],
  );
  assert.equal(gone?.error?.errorName, 'UNKNOWN_TOPIC_OR_PARTITION');
  assert.deepEqual(await admin.deleteRecords([{ ...at, offset: 6 }]), [{ ...at, lowWatermark: 6 }]);
  const [refused] = await admin.deleteRecords([{ ...at, offset: 60 }]);
  assert.equal(refused?.error?.errorName, 'OFFSET_OUT_OF_RANGE');
});

test('configuration: described with where it comes from, changed step by step', async (t) => {
  const { admin, createTopic } = await startFixture(t);
  const name = await createTopic(1, { 'retention.ms': '60000' });
  const entryOf = async (key: string) => {
    const [resource] = unwrap(await admin.describeConfigs([{ type: 'topic', name }]));
    const entry = resource?.entries.find((candidate) => candidate.name === key);
    return entry && [entry.value, entry.source];
  };
  const is =
    (wanted: string) =>
    (seen: readonly unknown[] | undefined): boolean =>
      seen?.includes(wanted) === true;
  assert.deepEqual(await entryOf('retention.ms'), ['60000', 'topic']);
  assert.equal((await entryOf('max.message.bytes'))?.[1], 'default');
  unwrap(
    await admin.incrementalAlterConfigs([
      {
        type: 'topic',
        name,
        changes: [
          { name: 'retention.ms', operation: 'set', value: '5000' },
          { name: 'max.message.bytes', operation: 'set', value: '2000' },
        ],
      },
    ]),
  );
  assert.deepEqual(await settled(() => entryOf('retention.ms'), is('5000')), ['5000', 'topic']);
  unwrap(
    await admin.incrementalAlterConfigs([
      { type: 'topic', name, changes: [{ name: 'max.message.bytes', operation: 'delete' }] },
    ]),
  );
  assert.equal((await settled(() => entryOf('max.message.bytes'), is('default')))?.[1], 'default');
  const results = await admin.describeConfigs([
    { type: 'broker', name: '1', keys: ['num.partitions'] },
    { type: 'topic', name: 'missing' },
  ]);
  assert.deepEqual(results[0]?.error ?? results[0]?.entries.map((entry) => entry.name), ['num.partitions']);
  assert.equal(results[1]?.error?.errorName, 'UNKNOWN_TOPIC_OR_PARTITION');
});

test('groups: listed, described with their members, offsets read and set, deleted', async (t) => {
  const { admin, client, createTopic } = await startFixture(t);
  const name = await createTopic(2);
  const [busyGroup, idleGroup] = [uniqueName('busy'), uniqueName('idle')];
  const isOwn = ({ group }: { readonly group: string }): boolean => group === busyGroup || group === idleGroup;
  const consumer = client.consumer({ group: busyGroup, topics: [name], instanceId: 'one', sessionTimeoutMs: 6_000 });
  const run = consumer.batches().next();
  await until(() => consumer.assignment().length === 2);
  unwrap(await admin.commitOffsets(idleGroup, [{ topic: name, partition: 1, offset: 7, metadata: 'note' }]));
  assert.deepEqual(
    (await admin.listGroups()).filter(isOwn).map(({ group, state }) => [group, state]),
    [
      [busyGroup, 'Stable'],
      [idleGroup, 'Empty'],
    ],
  );
  assert.deepEqual(
    (await admin.listGroups({ states: ['Empty'] })).filter(isOwn).map(({ group }) => group),
    [idleGroup],
  );
  const [busy, missing] = await admin.describeGroups([busyGroup, uniqueName('missing')]);
  assert.ok(busy !== undefined && busy.error === undefined);
  assert.equal(busy.protocol, 'cooperative-sticky');
  assert.equal(busy.members[0]?.instanceId, 'one');
  assert.deepEqual(busy.members[0]?.assignment, consumer.assignment());
  assert.equal(missing?.error?.errorName, 'GROUP_ID_NOT_FOUND');
  const [offset, ...others] = await admin.fetchOffsets(idleGroup);
  assert.deepEqual(offset, { topic: name, partition: 1, offset: 7, leaderEpoch: -1, metadata: 'note' });
  assert.deepEqual(others, []);
  const [refused] = await admin.commitOffsets(busyGroup, [{ topic: name, partition: 0, offset: 1 }]);
  assert.equal(refused?.error?.errorName, 'UNKNOWN_MEMBER_ID');
  const deleted = await admin.deleteGroups([idleGroup, busyGroup]);
  assert.equal(deleted[0]?.error, undefined);
  assert.equal(deleted[1]?.error?.errorName, 'NON_EMPTY_GROUP');
  await consumer.close();
  assert.equal((await run).done, true);
});

embeddedTest('calls end at their bound, with an aborted signal, and after closing', async (t) => {
  const { connect, stop } = await startFixture(t);
  const admin = connect().admin();
  await admin.listTopics();
  await stop();
  const startedAt = performance.now();
  await assert.rejects(admin.listTopics({ timeoutMs: 300 }), {
    code: 'no_broker',
    message: /check the addresses and that the cluster is up/,
  });
  assert.ok(performance.now() - startedAt < 2_000);
  const reason = new Error('enough');
  await assert.rejects(admin.listTopics({ signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const waiting = admin.listTopics({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await admin.close();
  await assert.rejects(admin.listTopics(), { code: 'closed', message: /the admin is closed/ });
});
