/** What clients are told of a topic or a partition that is not there. */
import { unwrap } from '@millrace/client';
import { by, outcomeOf, valuesOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { kcat, runKcat } from '../drivers/kcat.ts';
import { millrace } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Scope } from '../matrix/scope.ts';
import { talking } from '../matrix/tool-talk.ts';

/** Their drivers ask for no topic to be made; that of our client doesn't, kcat and Kafka's console producer can't. */
const makingNone = drivers.filter(({ client }) => client === 'kafkajs' || client === '@platformatic/kafka');
const making = drivers.filter((driver) => !makingNone.includes(driver));

const noTopic = ["Error while executing topic command : Topic 'absent' does not exist as expected", 'exit code 1'];

export const absentTopics: readonly Behaviour[] = [
  {
    name: 'who writes to a topic that is not there, and wants none to be made, is told so',
    apis: ['Metadata', 'Produce'],
    shows: { written: 'UNKNOWN_TOPIC_OR_PARTITION', made: false },
    by: {
      ...by(makingNone, async (driver, place, scope) => {
        const topic = scope.name('absent');
        const messages = [{ value: 'x' }];
        const written = await outcomeOf(driver, () => driver.produce(place, scope, { topic, messages }));
        return { written, made: await isThere(scope, topic) };
      }),
      async millrace(_place, scope) {
        const topic = scope.name('absent');
        const producer = scope.connect(undefined, { autoCreateTopics: false }).producer({ deliveryTimeoutMs: 2_000 });
        const written = await outcomeOf(millrace, () => producer.send({ topic, value: 'x' }));
        return { written, made: await isThere(scope, topic) };
      },
    },
  },
  {
    name: 'a topic is made for who writes the first record to it',
    apis: ['Metadata', 'Produce', 'Fetch'],
    shows: ['x'],
    by: by(making, async (driver, place, scope) => {
      const topic = scope.name('absent');
      await driver.produce(place, scope, { topic, messages: [{ value: 'x' }] });
      return valuesOf(await driver.read(place, scope, { topic, count: 1 }));
    }),
  },
  {
    name: 'who reads a topic that is not there is told so, and none is made of it',
    apis: ['Metadata', 'Fetch'],
    shows: { read: 'UNKNOWN_TOPIC_OR_PARTITION', made: false },
    by: {
      ...by([millrace, ...makingNone], async (driver, place, scope) => {
        const topic = scope.name('absent');
        const read = await outcomeOf(driver, () => driver.read(place, scope, { topic, count: 1 }));
        return { read, made: await isThere(scope, topic) };
      }),
      async kcat(place, scope) {
        const topic = scope.name('absent');
        const read = await outcomeOf(kcat, () => runKcat(place, {}, ['-C', '-t', topic, '-p', '0', '-e']));
        return { read, made: await isThere(scope, topic) };
      },
    },
  },
  {
    name: "Kafka's tools say which topic is not there",
    apis: ['Metadata', 'DescribeTopicPartitions', 'IncrementalAlterConfigs', 'Fetch'],
    shows: {
      described: noTopic,
      grown: noTopic,
      deleted: noTopic,
      read: ['org.apache.kafka.common.errors.TimeoutException', 'Processed a total of 0 messages'],
      configured: ['UnknownTopicOrPartitionException', 'exit code 1'],
      'written to a partition': ['TimeoutException', 'exit code 1'],
    },
    by: {
      java: talking(async (tools, scope) => {
        const absent = ['--topic', scope.name('absent')];
        await tools.say('described', 'kafka-topics', ['--describe', ...absent]);
        await tools.say('grown', 'kafka-topics', ['--alter', '--partitions', '3', ...absent]);
        await tools.say('deleted', 'kafka-topics', ['--delete', ...absent]);
        const reading = ['--timeout-ms', '2000', '--command-property', 'allow.auto.create.topics=false'];
        await tools.say('read', 'kafka-console-consumer', [...absent, '--from-beginning', ...reading]);
        const configuration = ['--entity-type', 'topics', '--entity-name', scope.name('absent')];
        await tools.say('configured', 'kafka-configs', [
          ...['--alter', '--add-config', 'retention.ms=1000'],
          ...configuration,
        ]);
        const topic = await scope.createTopic();
        const partition = ['--line-reader', 'PartitionedReader', '--reader-property', 'partition=7'];
        const writing = ['--topic', topic, ...partition, '--max-block-ms', '1000', '--sync'];
        await tools.say('written to a partition', 'kafka-console-producer', writing, { input: 'x\n' });
      }),
    },
  },
  {
    name: 'who writes to a partition that is not there is told so',
    apis: ['Metadata'],
    shows: { written: 'refused', end: 0 },
    // kafkajs and @platformatic/kafka drop such records without a word. Kafka's console producer is tried above.
    by: by([millrace, kcat], async (driver, place, scope) => {
      const topic = await scope.createTopic();
      const messages = [{ value: 'x', partition: 7 }];
      const written = await outcomeOf(driver, () => driver.produce(place, scope, { topic, messages }));
      const [end] = unwrap(await scope.admin.listOffsets([{ topic, partition: 0, at: 'latest' }]));
      return { written: written === 'done' ? written : 'refused', end: end?.offset };
    }),
  },
];

async function isThere(scope: Scope, topic: string): Promise<boolean> {
  return (await scope.admin.listTopics()).some((each) => each.topic === topic);
}
