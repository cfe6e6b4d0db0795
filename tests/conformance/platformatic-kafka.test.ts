/** @platformatic/kafka against `millrace broker`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  Admin,
  Consumer,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { eventually } from '../support/eventually.ts';
import { BrokerProcess } from '../support/millrace-process.ts';

let broker: BrokerProcess;
let base: { clientId: string; bootstrapBrokers: string[] };

before(async () => {
  broker = await BrokerProcess.start({ brokers: 3 });
  base = { clientId: 'conformance', bootstrapBrokers: broker.bootstrap.split(',') };
});
after(() => broker?.[Symbol.asyncDispose]());

async function createTopic(name: string, partitions: number): Promise<void> {
  const admin = new Admin(base);
  await admin.createTopics({ topics: [name], partitions, replicas: 1 });
  await admin.close();
}

async function produce(topic: string, values: readonly string[], compression: string): Promise<void> {
  const producer = new Producer({ ...base, serializers: stringSerializers, idempotent: true });
  const messages = values.map((value, index) => ({
    topic,
    key: `key-${index}`,
    value,
    headers: { index: `${index}` },
  }));
  await producer.send({ messages, acks: ProduceAcks.ALL, compression: compression as 'none' });
  await producer.close();
}

for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  test(`@platformatic/kafka reads back what it produced with compression ${compression}`, async () => {
    const topic = `compressed-${compression}`;
    await createTopic(topic, 1);
    const values = Array.from({ length: 500 }, (_, index) => `value ${index}`);
    await produce(topic, values, compression);
    const consumer = new Consumer({ ...base, groupId: `group-${compression}`, deserializers: stringDeserializers });
    const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: true });
    const read: string[] = [];
    for await (const message of stream) {
      read.push(message.value);
      if (read.length === values.length) break;
    }
    await consumer.close(true);
    assert.deepEqual(read, values);
  });
}

// On Apache Kafka too this client's members go on reading partitions that a rebalance took from them, so a record may
// be read twice; what the broker owes is that both get a share and that none is missed.
test('a group of two @platformatic/kafka consumers reads all records, each member some', async () => {
  await createTopic('shared', 4);
  const seen: string[] = [];
  const readers = new Set<number>();
  const consumers: Consumer<string, string, string, string>[] = [];
  for (let member = 0; member < 2; member++) {
    const consumer = new Consumer({
      ...base,
      groupId: 'readers',
      deserializers: stringDeserializers,
      sessionTimeout: 6000,
      rebalanceTimeout: 6000,
      heartbeatInterval: 500,
    });
    const stream = await consumer.consume({
      topics: ['shared'],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
      autocommit: true,
    });
    stream.on('data', (message) => {
      seen.push(message.value);
      readers.add(member);
    });
    consumers.push(consumer);
  }
  const admin = new Admin(base);
  try {
    const stable = async (): Promise<boolean> => {
      const group = (await admin.describeGroups({ groups: ['readers'] })).get('readers');
      return group?.state === 'STABLE' && group.members.size === 2;
    };
    await eventually(stable, { describe: () => 'the group did not become stable with two members' });
    const values = Array.from({ length: 1000 }, (_, index) => `record ${index}`);
    await produce('shared', values, 'none');
    const describe = (): string => `${new Set(seen).size} of 1000 records read by members ${[...readers]}`;
    await eventually(() => new Set(seen).size === 1000 && readers.size === 2, { describe });
    assert.deepEqual(new Set(seen), new Set(values));
  } finally {
    await admin.close();
    for (const consumer of consumers) await consumer.close(true);
  }
});
