/** Our client while brokers stop and return: leaders, coordinators and replicas move under it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Client, text, topic, unwrap } from '@millrace/client';
import { embeddedTest, type Fixture, startFixture, until } from './client-fixture.ts';

const replicated = { brokers: 3, configuration: { 'default.replication.factor': '3', 'min.insync.replicas': '2' } };

/** Values of a topic as it is stored. */
async function stored(client: Client, name: string, count: number): Promise<string[]> {
  const consumer = client.consumer({ topics: [topic(name, { value: text })], from: 'earliest' });
  const values: string[] = [];
  for await (const batch of consumer) {
    for (const { value } of batch) values.push(value);
    if (values.length >= count) break;
  }
  await consumer.close();
  return values;
}

/** Stops and starts each broker in turn, as an upgrade does; `between` runs while one is down. */
async function roll({ cluster, admin }: Fixture, name: string, between: () => Promise<void>): Promise<void> {
  for (const nodeId of [1, 2, 3]) {
    await cluster.stopBroker(nodeId);
    await between();
    await cluster.startBroker(nodeId);
    await until(async () => {
      const [described] = unwrap(await admin.describeTopics([name]));
      return described?.partitions.every(({ inSyncReplicas }) => inSyncReplicas.length === 3) ?? false;
    }, 20_000);
  }
}

embeddedTest('a producer finds leaders that moved, and stores each record once and in order', async (t) => {
  const fixture = await startFixture(t, replicated);
  const name = await fixture.createTopic(3);
  const producer = fixture.connect().producer();
  let count = 0;
  const write = (): void => {
    for (let n = 0; n < 300; n++) producer.write({ topic: name, key: String(n % 7), value: `${n % 7}:${count++}` });
  };
  await roll(fixture, name, async () => {
    write();
    await producer.flush();
    write();
  });
  await producer.close();
  const values = await stored(fixture.connect(), name, count);
  assert.equal(values.length, count);
  assert.equal(new Set(values).size, count);
  for (let key = 0; key < 7; key++) {
    const numbers = values.filter((value) => value.startsWith(`${key}:`)).map((value) => Number(value.slice(2)));
    assert.deepEqual(
      numbers,
      [...numbers].sort((left, right) => left - right),
    );
  }
});

for (const protocol of ['classic', 'consumer'] as const) {
  embeddedTest(`a ${protocol} group goes on while its leaders and its coordinator move`, (t) =>
    groupGoesOn(t, protocol),
  );
}

async function groupGoesOn(t: TestContext, protocol: 'classic' | 'consumer'): Promise<void> {
  const fixture = await startFixture(t, replicated);
  const name = await fixture.createTopic(4);
  const seen = new Set<string>();
  const members = [fixture.connect(), fixture.connect()].map((client) => {
    const timing = protocol === 'classic' ? { heartbeatIntervalMs: 50, sessionTimeoutMs: 6_000 } : {};
    const topics = [topic(name, { value: text })];
    const consumer = client.consumer({
      group: 'moving',
      protocol,
      topics,
      from: 'earliest',
      commitIntervalMs: 50,
      ...timing,
    });
    const run = async (): Promise<void> => {
      for await (const batch of consumer) for (const { value } of batch) seen.add(value);
    };
    return { consumer, done: run() };
  });
  await until(() => members.every(({ consumer }) => consumer.assignment().length === 2), 20_000);
  const producer = fixture.connect().producer();
  let count = 0;
  await roll(fixture, name, async () => {
    for (let n = 0; n < 100; n++) producer.write({ topic: name, key: String(count), value: String(count++) });
    await producer.flush();
    await until(() => seen.size === count, 20_000);
  });
  const joined = members.map(({ consumer }) => consumer.assignment().length);
  assert.deepEqual(joined, [2, 2]);
  await Promise.all(members.map(({ consumer }) => consumer.close()));
  await Promise.all(members.map(({ done }) => done));
}

embeddedTest('with too few replicas in sync acks=all waits for them, and acks=1 does not', async (t) => {
  const fixture = await startFixture(t, replicated);
  const name = await fixture.createTopic(1);
  await fixture.cluster.stopBroker(2);
  await fixture.cluster.stopBroker(3);
  await fixture.connect().producer({ acks: 1 }).send({ topic: name, value: 'at once' });
  const waiting = fixture.connect().producer().send({ topic: name, value: 'later' });
  await fixture.connect().producer({ acks: 1 }).send({ topic: name, value: 'meanwhile' });
  await fixture.cluster.startBroker(2);
  await waiting;
  assert.deepEqual(await stored(fixture.connect(), name, 3), ['at once', 'meanwhile', 'later']);
});

embeddedTest('a transaction is committed by the coordinator that took over', async (t) => {
  const fixture = await startFixture(t, replicated);
  const name = await fixture.createTopic(2);
  const producer = fixture.connect().producer({ transactionalId: 'moving' });
  const tx = await producer.begin();
  await tx.send({ topic: name, partition: 0, value: 'before' });
  const [described] = unwrap(await fixture.admin.describeTransactions(['moving']));
  await fixture.cluster.stopBroker(described?.coordinator ?? -1);
  await tx.send({ topic: name, partition: 1, value: 'after' });
  await tx.commit();
  await producer.close();
  assert.deepEqual((await stored(fixture.connect(), name, 2)).sort(), ['after', 'before']);
});
