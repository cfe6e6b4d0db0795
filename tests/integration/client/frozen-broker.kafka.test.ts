/** Calls to Apache Kafka while one of its brokers is halted (SIGSTOP) with all its connections open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, unwrap } from '@millrace/client';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { quick } from './client-fixture.ts';
import { allAnswered } from './every-route.ts';

const kafka = await kafkaForTests();

test('calls go to the brokers that answer when one of Apache Kafka freezes', { skip: kafka.skip }, async (t) => {
  const configuration = { 'broker.session.timeout.ms': '4000', 'broker.heartbeat.interval.ms': '500' };
  const cluster = await kafka.cluster({ brokers: 3, configuration });
  t.after(() => cluster.close());
  const client = createClient({
    bootstrap: cluster.bootstrap(),
    ...quick,
    requestTimeoutMs: 2_000,
    callTimeoutMs: 90_000,
  });
  t.after(() => client.close());
  const admin = client.admin();
  const [topic, other, group] = ['lines', 'others', 'readers'];
  unwrap(await admin.createTopics([{ topic: other, partitions: 1, replicationFactor: 3 }]));
  await allAnswered(client, other, group);
  const coordinatorOfGroup = async (): Promise<number> =>
    unwrap(await admin.describeGroups([group]))[0]?.coordinator ?? -1;
  const coordinator = await coordinatorOfGroup();
  const everybody = cluster.brokers.map(({ nodeId }) => nodeId);
  const assignment = [[coordinator, ...everybody.filter((nodeId) => nodeId !== coordinator)]];
  unwrap(await admin.createTopics([{ topic, assignment }]));
  await allAnswered(client, topic, group);
  cluster.pauseBroker(coordinator);
  try {
    await allAnswered(client, topic, group);
    const [described] = unwrap(await admin.describeTopics([topic]));
    assert.notEqual(described?.partitions[0]?.leader, coordinator);
    assert.notEqual(await coordinatorOfGroup(), coordinator);
  } finally {
    cluster.resumeBroker(coordinator);
  }
});
