/** Brokers, logins and settings change together under load, on Apache Kafka. */
import { test } from 'node:test';
import { createClient, unwrap } from '@millrace/client';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';
import { eventually } from '../../support/eventually.ts';
import { changeTogether, topic } from './changed-together.ts';

const kafka = await kafkaForTests();
const listener = 'SASL_PLAINTEXT';
const partitions = [0, 1];

test('brokers are replaced, the login rotated and settings changed at once on Apache Kafka', {
  skip: kafka.skip,
}, async (t) => {
  const secured = await SecuredKafka.create();
  await using cluster = await kafka.cluster({ brokers: 3, security: secured.security });
  const security = await secured.client(listener, 'admin');
  const addressOf = (id: number): string =>
    cluster.brokers.find(({ nodeId }) => nodeId === id)?.addresses.get(listener) ?? '';
  /** The broker that has the topic, and is all that applications are told of. */
  let broker = 1;
  const connect = async () => createClient({ bootstrap: () => addressOf(broker), security });
  {
    await using client = await connect();
    unwrap(await client.admin().createTopics([{ topic, assignment: [[broker], [broker]] }]));
  }
  const replace = async (): Promise<void> => {
    const [old, next] = [broker, (broker % 3) + 1];
    await using client = await connect();
    const admin = client.admin();
    for (const { nodeId, state } of cluster.brokers) if (state === 'down') await cluster.startBroker(nodeId);
    const moves = partitions.map((partition) => ({ topic, partition, replicas: [next] }));
    unwrap(await admin.alterPartitionReassignments(moves));
    await eventually(async () => (await admin.listPartitionReassignments()).length === 0, { timeoutMs: 60_000 });
    broker = next;
    await cluster.stopBroker(old);
  };
  await changeTogether(t, { bootstrap: () => addressOf(broker), connect, replace }, 2);
});
