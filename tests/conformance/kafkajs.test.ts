/** kafkajs against `millrace broker`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CompressionTypes, type Consumer, Kafka, logLevel } from 'kafkajs';
import { eventually } from '../support/eventually.ts';
import { BrokerProcess } from '../support/millrace-process.ts';

let broker: BrokerProcess;
let kafka: Kafka;

before(async () => {
  broker = await BrokerProcess.start({ brokers: 3 });
  kafka = new Kafka({ clientId: 'conformance', brokers: broker.bootstrap.split(','), logLevel: logLevel.NOTHING });
});
after(() => broker?.[Symbol.asyncDispose]());

test('kafkajs creates, describes, grows and deletes a topic', async () => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const configEntries = [{ name: 'retention.ms', value: '60000' }];
    assert.equal(
      await admin.createTopics({ topics: [{ topic: 'made', numPartitions: 4, replicationFactor: 3, configEntries }] }),
      true,
    );
    await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 6 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] });
    assert.equal(topics[0]?.partitions.length, 6);
    assert.deepEqual(new Set(topics[0]?.partitions.map(({ leader }) => leader)), new Set([1, 2, 3]));
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: 'made', configNames: ['retention.ms'] }],
    });
    assert.equal(described.resources[0]?.configEntries[0]?.configValue, '60000');
    await admin.deleteTopics({ topics: ['made'] });
    assert.deepEqual(
      (await admin.listTopics()).filter((name) => name === 'made'),
      [],
    );
  } finally {
    await admin.disconnect();
  }
});

test('a group of two kafkajs consumers reads each record once', async () => {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'shared', numPartitions: 4 }] });
  const seen: string[] = [];
  const readers = new Set<string>();
  const consumers: Consumer[] = [];
  for (const name of ['first', 'second']) {
    const consumer = kafka.consumer({ groupId: 'readers', sessionTimeout: 6000, rebalanceTimeout: 6000 });
    await consumer.connect();
    await consumer.subscribe({ topic: 'shared', fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        seen.push(message.value?.toString() ?? '');
        readers.add(name);
      },
    });
    consumers.push(consumer);
  }
  try {
    // Both must have their share before records flow, or one could read all of them.
    const stable = async (): Promise<boolean> => {
      const { groups } = await admin.describeGroups(['readers']);
      return groups[0]?.state === 'Stable' && groups[0].members.length === 2;
    };
    await eventually(stable, { describe: () => 'the group did not become stable with two members' });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
      const messages = Array.from({ length: 500 }, (_, index) => ({
        key: `key-${index}`,
        value: `${compression}-${index}`,
        headers: { index: `${index}` },
      }));
      await producer.send({ topic: 'shared', messages, compression, acks: -1 });
    }
    await producer.disconnect();
    await eventually(() => seen.length >= 1000, { describe: () => `${seen.length} of 1000 records read` });
    assert.equal(new Set(seen).size, 1000);
    assert.equal(seen.length, 1000);
    assert.deepEqual([...readers].sort(), ['first', 'second']);
  } finally {
    for (const consumer of consumers) await consumer.disconnect();
    await admin.disconnect();
  }
});

test('a kafkajs group goes on from the offsets it committed', async () => {
  const producer = kafka.producer();
  await producer.connect();
  const send = (values: readonly string[]): Promise<unknown> =>
    producer.send({ topic: 'resumed', messages: values.map((value) => ({ value })) });
  const readUntil = async (last: string): Promise<string[]> => {
    const read: string[] = [];
    const consumer = kafka.consumer({ groupId: 'resuming', sessionTimeout: 6000 });
    await consumer.connect();
    await consumer.subscribe({ topic: 'resumed', fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        read.push(message.value?.toString() ?? '');
      },
    });
    await eventually(() => read.at(-1) === last, { describe: () => `read ${read} and not ${last}` });
    await consumer.disconnect();
    return read;
  };
  await send(['a', 'b', 'c']);
  assert.deepEqual(await readUntil('c'), ['a', 'b', 'c']);
  await send(['d', 'e']);
  assert.deepEqual(await readUntil('e'), ['d', 'e']);
  await producer.disconnect();
});
