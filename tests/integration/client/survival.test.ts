/** What clients live through besides broken connections: topics made anew, idleness, moves of leaders and followers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, type ClientEvent, type Consumer, text, topic, unwrap } from '@millrace/client';
import { embeddedTest, startFixture, uniqueName, until } from './client-fixture.ts';

/** Values in the order in which they are read, until the consumer is closed. */
function collect(consumer: Consumer): { readonly seen: string[]; readonly done: Promise<void> } {
  const seen: string[] = [];
  const run = async (): Promise<void> => {
    for await (const batch of consumer) for (const { value } of batch) seen.push(String(value));
  };
  return { seen, done: run() };
}

async function write(client: Client, name: string, count: number, prefix: string): Promise<void> {
  await using producer = client.producer();
  for (let n = 0; n < count; n++) producer.write({ topic: name, value: `${prefix}${n}`, partition: 0 });
  await producer.flush();
}

for (const kind of ['alone', 'in a classic group'] as const) {
  test(`a topic made anew under its name is read from its start, ${kind}; producers go on with it`, async (t) => {
    const { client, admin, connect, createTopic } = await startFixture(t);
    const lines = topic(await createTopic(), { value: text });
    const { name } = lines;
    await using producer = client.producer();
    for (let n = 0; n < 20; n++) await producer.send({ topic: name, value: `old${n}` });
    const events: ClientEvent[] = [];
    const reader = connect({ metadataMaxAgeMs: 200, report: (event) => events.push(event) });
    const group = kind === 'alone' ? {} : { group: uniqueName('group'), sessionTimeoutMs: 6_000, commitIntervalMs: 50 };
    const consumer = reader.consumer({ topics: [lines], from: 'earliest', ...group });
    const { seen, done } = collect(consumer);
    await until(() => seen.length === 20);
    await admin.deleteTopics([name]);
    await until(async () => (await admin.createTopics([{ topic: name, partitions: 1 }]))[0]?.error === undefined);
    // More than there were: the old position lies within the new topic.
    await write(connect(), name, 50, 'new');
    await until(() => seen.length >= 70, 20_000);
    assert.deepEqual(
      seen.slice(20),
      Array.from({ length: 50 }, (_, n) => `new${n}`),
    );
    assert.ok(events.some(({ event }) => event === 'offset_reset'));
    const { offset } = await producer.send({ topic: name, value: 'on' });
    assert.equal(offset, 50);
    await until(() => seen.at(-1) === 'on');
    await consumer.close();
    await done;
  });
}

test("with from 'none' a topic made anew is an error", async (t) => {
  const { client, admin, connect, createTopic } = await startFixture(t);
  const name = await createTopic();
  await write(client, name, 10, 'old');
  const consumer = connect({ metadataMaxAgeMs: 200 }).consumer({
    assign: [{ topic: name, partition: 0, offset: 0 }],
    from: 'none',
  });
  const { seen, done } = collect(consumer);
  const failed = assert.rejects(done, { code: 'no_offset', topic: name, offset: 10 });
  await until(() => seen.length === 10);
  await admin.deleteTopics([name]);
  await until(async () => (await admin.createTopics([{ topic: name, partitions: 1 }]))[0]?.error === undefined);
  await write(connect(), name, 20, 'new');
  await failed;
  assert.equal(seen.length, 10);
});

test('connections that nobody uses are closed, and opened again when they are needed', async (t) => {
  const { connect, createTopic } = await startFixture(t);
  const name = await createTopic();
  const events: ClientEvent[] = [];
  const client = connect({ connectionIdleMaxMs: 200, telemetry: false, report: (event) => events.push(event) });
  await using producer = client.producer();
  await producer.send({ topic: name, value: 'a' });
  const opened = (): number => events.filter(({ event }) => event === 'connected').length;
  const before = opened();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await producer.send({ topic: name, value: 'b' });
  assert.ok(opened() > before, events.map(({ message }) => message).join('\n'));
  // It ended on purpose, so nothing was lost and nothing had to be tried again.
  assert.ok(!events.some(({ event }) => event === 'connection_lost' || event === 'produce_retried'));
});

embeddedTest(
  'a consumer reads from the follower in its rack, and from the leader again when that is gone',
  async (t) => {
    const fixture = await startFixture(t, {
      racks: ['a', 'b', 'c'],
      configuration: {
        'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
        'default.replication.factor': '3',
      },
    });
    const { cluster, client, admin, connect } = fixture;
    const name = uniqueName('topic');
    unwrap(await admin.createTopics([{ topic: name, partitions: 1, replicationFactor: 3 }]));
    const leader = unwrap(await admin.describeTopics([name]))[0]?.partitions[0]?.leader ?? -1;
    const near = leader === 2 ? 3 : 2;
    const portOf = (nodeId: number): number => cluster.brokers.find((broker) => broker.nodeId === nodeId)?.port ?? -1;
    const events: string[] = [];
    const reader = connect({ rack: near === 2 ? 'b' : 'c', report: ({ message }) => events.push(message) });
    const consumer = reader.consumer({ topics: [topic(name, { value: text })], from: 'earliest' });
    const { seen, done } = collect(consumer);
    await write(client, name, 10, 'near');
    await until(() => seen.length === 10);
    const fetchesFrom = (nodeId: number): RegExp =>
      new RegExp(`connected to broker 127.0.0.1:${portOf(nodeId)} \\(fetch`);
    await until(() => events.some((message) => fetchesFrom(near).test(message)));
    await cluster.stopBroker(near);
    await write(client, name, 10, 'far');
    await until(() => seen.length === 20, 20_000);
    await cluster.startBroker(near);
    await write(client, name, 10, 'back');
    await until(() => seen.length === 30, 20_000);
    assert.deepEqual(
      seen,
      ['near', 'far', 'back'].flatMap((word) => Array.from({ length: 10 }, (_, n) => `${word}${n}`)),
    );
    await consumer.close();
    await done;
  },
);

embeddedTest(
  'transactions and groups go on when brokers stop and their leaderships and coordinators move',
  async (t) => {
    const { cluster, client, admin, connect } = await startFixture(t, {
      brokers: 3,
      configuration: { 'default.replication.factor': '3', 'min.insync.replicas': '2' },
    });
    const name = uniqueName('topic');
    unwrap(await admin.createTopics([{ topic: name, partitions: 3, replicationFactor: 3 }]));
    const members = (['classic', 'consumer'] as const).map((protocol) => {
      const lines = topic(name, { value: text });
      const isolation = 'read_committed' as const;
      const group = uniqueName(protocol);
      const consumer = connect().consumer({ group, protocol, topics: [lines], from: 'earliest', isolation });
      return { consumer, ...collect(consumer) };
    });
    await using producer = client.producer({ transactionalId: uniqueName('tx') });
    const expected: string[] = [];
    for (let round = 0; round < 9; round++) {
      const stopped = (round % 3) + 1;
      const isAborted = round % 4 === 3;
      await producer
        .transaction(async (transaction) => {
          for (let n = 0; n < 20; n++) transaction.write({ topic: name, value: `${round}-${n}`, partition: n % 3 });
          await cluster.stopBroker(stopped);
          await producer.flush();
          for (let n = 20; n < 40; n++) transaction.write({ topic: name, value: `${round}-${n}`, partition: n % 3 });
          if (isAborted) throw new RangeError('on purpose');
        })
        .catch((error: unknown) => assert.ok(error instanceof RangeError, String(error)));
      if (!isAborted) for (let n = 0; n < 40; n++) expected.push(`${round}-${n}`);
      await cluster.startBroker(stopped);
    }
    for (const { consumer, seen, done } of members) {
      await until(() => new Set(seen).size === expected.length, 30_000);
      assert.deepEqual([...new Set(seen)].sort(), [...expected].sort());
      await consumer.close();
      await done;
    }
  },
);
