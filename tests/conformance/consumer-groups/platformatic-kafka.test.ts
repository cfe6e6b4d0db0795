/** @platformatic/kafka with the consumer protocol (KIP-848) against the embedded broker. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Cluster, startCluster } from '@millrace/broker';
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { eventually } from '../../support/eventually.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'millrace-consumer-protocol-'));
const configuration = {
  'group.consumer.heartbeat.interval.ms': '100',
  'group.consumer.min.heartbeat.interval.ms': '100',
};
let cluster: Cluster;
let base: { clientId: string; bootstrapBrokers: string[] };

before(async () => {
  cluster = await startCluster({ name: 'consumers', dataDirectory, brokers: [{ nodeId: 1, port: 0 }], configuration });
  base = { clientId: 'conformance', bootstrapBrokers: cluster.bootstrap.split(',') };
});
after(async () => {
  await cluster?.close();
  rmSync(dataDirectory, { recursive: true, force: true });
});

async function produce(topic: string, values: readonly string[]): Promise<void> {
  const producer = new Producer({ ...base, serializers: stringSerializers });
  const messages = values.map((value, index) => ({ topic, value, partition: index % 4 }));
  await producer.send({ messages });
  await producer.close();
}

test('@platformatic/kafka shares a topic by the consumer protocol, and who stays takes over', async () => {
  const topic = 'shared';
  const admin = new Admin(base);
  await admin.createTopics({ topics: [topic], partitions: 4, replicas: 1 });
  await admin.close();
  const read: string[] = [];
  const letters = (): string[] => read.map((each) => each.slice(-1)).sort();
  const close = async (one: (typeof consumers)[number] | undefined): Promise<void> => {
    await one?.stream.close();
    await one?.consumer.close(true);
  };
  const consumers = await Promise.all(
    ['first', 'second'].map(async (name) => {
      const consumer = new Consumer({
        ...base,
        clientId: name,
        groupId: 'sharing',
        groupProtocol: 'consumer',
        deserializers: stringDeserializers,
      });
      const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: true });
      stream.on('data', ({ value }) => void read.push(`${name} ${value}`));
      return { consumer, stream };
    }),
  );
  const shared = (): number[] => cluster.groups.describeConsumerGroup('sharing').members?.map(sizeOf) ?? [];
  await eventually(() => isDeepStrictEqual(shared(), [2, 2]));
  const group = cluster.groups.describeConsumerGroup('sharing');
  assert.equal(
    group.members?.every(({ memberType }) => memberType === 1),
    true,
  );

  await produce(topic, ['a', 'b', 'c', 'd']);
  await eventually(() => isDeepStrictEqual(letters(), ['a', 'b', 'c', 'd']));
  assert.equal(new Set(read.map((each) => each.split(' ')[0])).size, 2);

  await close(consumers[0]);
  await eventually(() => isDeepStrictEqual(shared(), [4]));
  await produce(topic, ['e', 'f', 'g', 'h']);
  await eventually(() => ['e', 'f', 'g', 'h'].every((value) => read.includes(`second ${value}`)), {
    describe: () => `the second consumer did not read all: ${read}`,
  });
  await close(consumers[1]);
});

type Described = NonNullable<ReturnType<Cluster['groups']['describeConsumerGroup']>['members']>[number];

function sizeOf({ assignment }: Described): number {
  return assignment.topicPartitions.reduce((sum, { partitions }) => sum + partitions.length, 0);
}
