/**
 * Foreign clients' transactions against `millrace broker`; or, to compare, against the cluster that
 * MILLRACE_TEST_BOOTSTRAP names, such as one of Apache Kafka.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  MessagesStreamModes,
  Consumer as PlatformaticConsumer,
  Producer as PlatformaticProducer,
  ProduceAcks,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { type EachMessagePayload, Kafka, logLevel, type Producer } from 'kafkajs';
import { eventually } from '../support/eventually.ts';
import { BrokerProcess } from '../support/millrace-process.ts';
import { missing, runCommand } from '../support/run-command.ts';

const noKcat = missing('kcat', 'apt-get install kcat');
/** Topics, groups and transactional ids are new in each run: another cluster may know those of the last one. */
const suffix = `${process.pid}-${Date.now()}`;
let broker: BrokerProcess | undefined;
let bootstrap = process.env['MILLRACE_TEST_BOOTSTRAP'] ?? '';
let kafka: Kafka;

before(async () => {
  if (bootstrap === '') {
    broker = await BrokerProcess.start({ brokers: 3 });
    bootstrap = broker.bootstrap;
  }
  const retry = { initialRetryTime: 50, retries: 20 };
  kafka = new Kafka({ clientId: 'conformance', brokers: bootstrap.split(','), logLevel: logLevel.NOTHING, retry });
});
after(() => broker?.[Symbol.asyncDispose]());

async function createTopic(name: string, numPartitions = 1): Promise<string> {
  const topic = `${name}-${suffix}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  await admin.disconnect();
  return topic;
}

async function transactionalProducer(id: string): Promise<Producer> {
  const producer = kafka.producer({ transactionalId: `${id}-${suffix}`, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return producer;
}

/** One message to each partition in a transaction, which is committed or aborted. */
async function transact(producer: Producer, topic: string, value: string, commit: boolean): Promise<void> {
  const transaction = await producer.transaction();
  const messages = [0, 1].map((partition) => ({ partition, value: `${value}${partition}` }));
  await transaction.send({ topic, messages });
  await (commit ? transaction.commit() : transaction.abort());
}

/** What kafkajs reads from the start of a topic until it has `count` messages, sorted. */
async function readWithKafkajs(topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `read-${topic}-${Math.random()}`, readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  await consumer.run({ eachMessage: async ({ message }) => void values.push(`${message.value}`) });
  await eventually(() => values.length >= count, { describe: () => `there are only ${values.join()}` });
  await consumer.disconnect();
  return values.sort();
}

async function kcatValues(topic: string, isolation: string): Promise<string[]> {
  const options = ['-X', `isolation.level=${isolation}`, '-o', 'beginning', '-e', '-f', '%s\n'];
  const { stdout } = await runCommand('kcat', ['-b', bootstrap, '-C', '-q', '-t', topic, ...options]);
  return stdout.split('\n').filter(Boolean).sort();
}

test('kafkajs: committed transactions are read over all partitions, aborted ones are not', async () => {
  const topic = await createTopic('outcomes', 2);
  const producer = await transactionalProducer('outcomes');
  await transact(producer, topic, 'a', true);
  await transact(producer, topic, 'b', false);
  await transact(producer, topic, 'c', true);
  await producer.disconnect();
  assert.deepEqual(await readWithKafkajs(topic, 4), ['a0', 'a1', 'c0', 'c1']);
});

test('kcat: isolation.level decides whether aborted and undecided records are read', { skip: noKcat }, async () => {
  const topic = await createTopic('isolation', 2);
  const producer = await transactionalProducer('isolation');
  await transact(producer, topic, 'a', true);
  await transact(producer, topic, 'b', false);
  const open = await producer.transaction();
  await open.send({ topic, messages: [{ partition: 0, value: 'open' }] });
  assert.deepEqual(await kcatValues(topic, 'read_committed'), ['a0', 'a1']);
  assert.deepEqual(await kcatValues(topic, 'read_uncommitted'), ['a0', 'a1', 'b0', 'b1', 'open']);
  await open.commit();
  // The coordinator answers before all partitions have their markers.
  const wanted = ['a0', 'a1', 'open'];
  let found: string[] = [];
  await eventually(
    async () => {
      found = await kcatValues(topic, 'read_committed');
      return found.length === wanted.length;
    },
    { describe: () => `there are ${found.join()}` },
  );
  assert.deepEqual(found, wanted);
  await producer.disconnect();
});

test('kafkajs: records and offsets of a consume-transform-produce loop count together', async () => {
  const [source, target] = [await createTopic('source'), await createTopic('target')];
  const groupId = `transform-${suffix}`;
  const plain = kafka.producer();
  await plain.connect();
  const messages = Array.from({ length: 20 }, (_, index) => ({ value: `${index}` }));
  await plain.send({ topic: source, messages });
  await plain.disconnect();

  const producer = await transactionalProducer('transform');
  const consumer = kafka.consumer({ groupId, readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic: source, fromBeginning: true });
  const failed = new Set<string>();
  let done = 0;
  const transform = async ({ partition, message }: EachMessagePayload): Promise<void> => {
    const transaction = await producer.transaction();
    await transaction.send({ topic: target, messages: [{ value: `${message.value}!` }] });
    const offset = `${Number(message.offset) + 1}`;
    await transaction.sendOffsets({
      consumerGroupId: groupId,
      topics: [{ topic: source, partitions: [{ partition, offset }] }],
    });
    // Every fifth fails once, after it wrote.
    if (Number(message.offset) % 5 === 0 && !failed.has(message.offset)) {
      failed.add(message.offset);
      await transaction.abort();
      consumer.seek({ topic: source, partition, offset: message.offset });
      return;
    }
    await transaction.commit();
    done += 1;
  };
  await consumer.run({ autoCommit: false, eachMessage: transform });
  await eventually(() => done >= messages.length, { describe: () => `${done} were transformed` });
  await consumer.disconnect();
  await producer.disconnect();

  const expected = messages.map(({ value }) => `${value}!`).sort();
  assert.deepEqual(await readWithKafkajs(target, expected.length), expected);
  const admin = kafka.admin();
  await admin.connect();
  let offset: string | undefined;
  await eventually(
    async () => {
      const [fetched] = await admin.fetchOffsets({ groupId, topics: [source] });
      offset = fetched?.partitions[0]?.offset;
      return offset === `${messages.length}`;
    },
    { describe: () => `the group is at ${offset}` },
  );
  await admin.disconnect();
});

test('kafkajs: a zombie is fenced by a second producer with its transactional id', async () => {
  const topic = await createTopic('fenced', 2);
  const zombie = await transactionalProducer('fenced');
  const abandoned = await zombie.transaction();
  await abandoned.send({ topic, messages: [{ partition: 0, value: 'abandoned' }] });
  const successor = await transactionalProducer('fenced');
  await transact(successor, topic, 'kept', true);
  await assert.rejects(abandoned.send({ topic, messages: [{ partition: 0, value: 'late' }] }));
  await assert.rejects(abandoned.commit());
  await transact(successor, topic, 'more', true);
  assert.deepEqual(await readWithKafkajs(topic, 4), ['kept0', 'kept1', 'more0', 'more1']);
  await zombie.disconnect();
  await successor.disconnect();
});

test('@platformatic/kafka: committed transactions are read, aborted ones are not', async () => {
  const topic = await createTopic('platformatic');
  const base = { clientId: 'conformance', bootstrapBrokers: bootstrap.split(','), retries: 20, retryDelay: 100 };
  const producer = new PlatformaticProducer({
    ...base,
    serializers: stringSerializers,
    idempotent: true,
    transactionalId: `platformatic-${suffix}`,
  });
  for (const value of ['a', 'b', 'c']) {
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ topic, value }], acks: ProduceAcks.ALL });
    await (value === 'b' ? transaction.abort() : transaction.commit());
  }
  await producer.close();
  const deserializers = stringDeserializers;
  const consumer = new PlatformaticConsumer({ ...base, groupId: `platformatic-${suffix}`, deserializers });
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, isolationLevel: 1 });
  const read: string[] = [];
  for await (const message of stream) {
    read.push(message.value);
    if (read.length === 2) break;
  }
  await consumer.close(true);
  assert.deepEqual(read, ['a', 'c']);
});
