/** Foreign clients while each broker in turn stops and returns, and leaders and coordinators move. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type Cluster, startCluster } from '@millrace/broker';
import { createClient, unwrap } from '@millrace/client';
import {
  Consumer,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { eventually } from '../support/eventually.ts';
import { missing, runCommand } from '../support/run-command.ts';

const nodeIds = [1, 2, 3];
const partitions = 3;
let directory: string;
let cluster: Cluster;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-moves-'));
  cluster = await startCluster({
    name: 'moves',
    dataDirectory: join(directory, 'data'),
    brokers: nodeIds.map((nodeId) => ({ nodeId, port: 0 })),
    configuration: {
      'default.replication.factor': '3',
      'min.insync.replicas': '2',
      'leader.imbalance.check.interval.seconds': '1',
    },
  });
});
beforeEach(async () => {
  for (const nodeId of nodeIds) await cluster.startBroker(nodeId);
});
after(async () => {
  await cluster?.close();
  await rm(directory, { recursive: true, force: true });
});

async function createTopic(topic: string): Promise<void> {
  const client = createClient({ bootstrap: cluster.bootstrap });
  try {
    unwrap(await client.admin().createTopics([{ topic, partitions }]));
  } finally {
    await client.close();
  }
}

/** Whether all replicas of a topic are in sync and each preferred one leads. */
async function isSettled(topic: string): Promise<boolean> {
  const client = createClient({ bootstrap: cluster.bootstrap });
  try {
    const [described] = unwrap(await client.admin().describeTopics([topic]));
    return (
      described?.partitions.every(
        (partition) => partition.inSyncReplicas.length === 3 && partition.leader === partition.replicas[0],
      ) ?? false
    );
  } finally {
    await client.close();
  }
}

/**
 * Stops and starts each broker; `send` is to deliver 30 records, named by their numbers, each time one is down and
 * each time all are back. Waits until `seen` has all of them.
 */
async function roll(topic: string, send: (values: readonly string[]) => Promise<unknown>, seen: ReadonlySet<string>) {
  let count = 0;
  const deliver = async (): Promise<void> => {
    await send(Array.from({ length: 30 }, () => `${count++}`));
    const describe = (): string => `${seen.size} of ${count} records were read`;
    await eventually(() => seen.size === count, { timeoutMs: 40_000, describe });
  };
  await deliver();
  for (const nodeId of nodeIds) {
    await cluster.stopBroker(nodeId);
    await deliver();
    await cluster.startBroker(nodeId);
    await eventually(() => isSettled(topic), { describe: () => `${topic} did not come to rest` });
    await deliver();
  }
}

test('kafkajs goes on while each broker stops and returns', async () => {
  await createTopic('by-kafkajs');
  const brokers = cluster.bootstrap.split(',');
  const kafka = new Kafka({ clientId: 'moves', brokers, logLevel: logLevel.NOTHING });
  const seen = new Set<string>();
  const consumer = kafka.consumer({
    groupId: 'kafkajs',
    sessionTimeout: 6000,
    rebalanceTimeout: 6000,
    heartbeatInterval: 300,
  });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: 'by-kafkajs', fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.add(message.value?.toString() ?? '') });
    await producer.connect();
    // One partition a send: of a send to several, kafkajs drops what moves to a leader that has answered it before.
    const send = async (values: readonly string[]): Promise<void> => {
      for (let partition = 0; partition < partitions; partition++) {
        const own = values.filter((_, index) => index % partitions === partition);
        await producer.send({ topic: 'by-kafkajs', messages: own.map((value) => ({ partition, value })), acks: -1 });
      }
    };
    await roll('by-kafkajs', send, seen);
  } finally {
    await producer.disconnect();
    await consumer.disconnect();
  }
});

test('@platformatic/kafka goes on while each broker stops and returns', async () => {
  await createTopic('by-platformatic');
  const base = {
    clientId: 'moves',
    bootstrapBrokers: cluster.bootstrap.split(','),
    retries: 3,
    retryDelay: 100,
    metadataMaxAge: 500,
  };
  const seen = new Set<string>();
  const reader = await RestartingReader.start(base, 'by-platformatic', seen);
  const producer = new Producer({ ...base, serializers: stringSerializers, idempotent: true });
  try {
    // Its repetitions go to the same leader until its metadata are old; sent again, a record may be stored twice.
    const send = async (values: readonly string[]): Promise<void> => {
      const messages = values.map((value) => ({ topic: 'by-platformatic', key: value, value }));
      const isSent = (): Promise<boolean> =>
        producer.send({ messages, acks: ProduceAcks.ALL }).then(
          () => true,
          () => false,
        );
      await eventually(isSent, { describe: () => 'the producer did not find the new leaders' });
    };
    await roll('by-platformatic', send, seen);
  } finally {
    await producer.close();
    await reader.close();
  }
});

/** Its group may be gone with the broker that it was connected to. */
async function closeQuietly(consumer: Consumer<string, string, string, string>): Promise<void> {
  try {
    await consumer.close(true);
  } catch (error) {
    assert.ok(error instanceof Error);
  }
}

/** Begins anew when its stream fails, since this client's fetches look for no other leader. */
class RestartingReader {
  readonly #base: { clientId: string; bootstrapBrokers: string[] };
  readonly #topic: string;
  readonly #seen: Set<string>;
  #consumer: Consumer<string, string, string, string> | undefined;
  #closed = false;

  private constructor(base: { clientId: string; bootstrapBrokers: string[] }, topic: string, seen: Set<string>) {
    this.#base = base;
    this.#topic = topic;
    this.#seen = seen;
  }

  static async start(
    ...of: [base: { clientId: string; bootstrapBrokers: string[] }, topic: string, seen: Set<string>]
  ): Promise<RestartingReader> {
    const reader = new RestartingReader(...of);
    await reader.#begin();
    return reader;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#consumer !== undefined) await closeQuietly(this.#consumer);
  }

  async #begin(): Promise<void> {
    if (this.#closed) return;
    const timing = { sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500, retries: 3 };
    const options = { ...this.#base, ...timing, groupId: this.#topic, deserializers: stringDeserializers };
    const consumer = new Consumer(options);
    this.#consumer = consumer;
    const again = async (): Promise<void> => {
      if (this.#consumer !== consumer || this.#closed) return;
      this.#consumer = undefined;
      await closeQuietly(consumer);
      await this.#begin();
    };
    try {
      const mode = MessagesStreamModes.COMMITTED;
      const fallbackMode = MessagesStreamFallbackModes.EARLIEST;
      const stream = await consumer.consume({ topics: [this.#topic], mode, fallbackMode, autocommit: true });
      stream.on('data', (message) => void this.#seen.add(message.value));
      stream.on('error', () => void again());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      await again();
    }
  }
}

const skip = missing('kcat', 'apt-get install kcat');

test('a balanced kcat consumer goes on while each broker stops and returns, and kcat produces', { skip }, async () => {
  await createTopic('by-kcat');
  const bootstrap = ['-b', cluster.bootstrap, '-X', 'reconnect.backoff.max.ms=500', '-q'];
  const options = ['-u', '-X', 'auto.offset.reset=earliest', '-X', 'session.timeout.ms=6000'];
  const consuming = [...bootstrap, ...options, '-G', 'kcat', 'by-kcat'];
  const consumer = spawn('kcat', consuming, { stdio: ['ignore', 'pipe', 'ignore'] });
  const seen = new Set<string>();
  let rest = '';
  consumer.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) seen.add(line);
  });
  try {
    const send = async (values: readonly string[]): Promise<void> => {
      const producing = [...bootstrap, '-X', 'enable.idempotence=true', '-P', '-K', ':', '-t', 'by-kcat'];
      const input = values.map((value) => `${value}:${value}\n`).join('');
      const { code, stderr } = await runCommand('kcat', producing, { input });
      assert.equal(code, 0, stderr);
    };
    await roll('by-kcat', send, seen);
  } finally {
    consumer.kill('SIGKILL');
  }
});
