/**
 * Foreign idempotent producers and committed offsets through kill -9: three brokers in one process, killed at random
 * moments. What kafkajs and @platformatic/kafka were told is stored must be there exactly once, what they were not told
 * at most once; and a committed offset that was acknowledged is what the group is told after every start.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandomness } from '@millrace/base';
import { type Admin, createClient, unwrap } from '@millrace/client';
import { Producer as PlatformaticProducer, ProduceAcks, stringSerializers } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { BrokerProcess } from '../../support/millrace-process.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const rounds = Math.max(2, Math.round(8 * scale));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const topic = 'foreign';
const partitions = 3;

/** A foreign client's idempotent producer. */
interface ForeignProducer {
  /** Rejects when it is not known whether the record is stored. */
  send(value: string, partition: number): Promise<void>;
  close(): Promise<void>;
}

async function kafkajsProducer(brokers: string[]): Promise<ForeignProducer> {
  const retry = { initialRetryTime: 50, maxRetryTime: 300, retries: 60 };
  const kafka = new Kafka({ clientId: 'kafkajs', brokers, logLevel: logLevel.NOTHING, retry });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return {
    send: async (value, partition) => {
      await producer.send({ topic, acks: -1, messages: [{ value, partition }] });
    },
    close: () => producer.disconnect(),
  };
}

async function platformaticProducer(bootstrapBrokers: string[]): Promise<ForeignProducer> {
  const producer = new PlatformaticProducer({
    clientId: 'platformatic',
    bootstrapBrokers,
    serializers: stringSerializers,
    idempotent: true,
    retries: 60,
    retryDelay: 100,
  });
  return {
    send: async (value, partition) => {
      await producer.send({ messages: [{ topic, key: value, value, partition }], acks: ProduceAcks.ALL });
    },
    close: async () => {
      await producer.close(true);
    },
  };
}

/** Sends numbered records one after the other; each once, since a foreign client's retries are its own affair. */
class ForeignWriter {
  readonly name: string;
  readonly acknowledged = new Set<string>();
  readonly unknown = new Set<string>();
  readonly #open: () => Promise<ForeignProducer>;
  #stopped = false;

  constructor(name: string, open: () => Promise<ForeignProducer>) {
    this.name = name;
    this.#open = open;
  }

  async run(): Promise<void> {
    let producer: ForeignProducer | undefined;
    for (let number = 0; !this.#stopped; number++) {
      const value = `${this.name}:${number}`;
      try {
        producer ??= await this.#open();
        await producer.send(value, number % partitions);
        this.acknowledged.add(value);
      } catch {
        // Whatever it failed with, the record may be stored or not; the client starts anew.
        this.unknown.add(value);
        await producer?.close().catch(() => undefined);
        producer = undefined;
        await sleep(50);
      }
    }
    await producer?.close();
  }

  stop(): void {
    this.#stopped = true;
  }
}

/** Commits ever larger offsets, and looks from time to time whether the last acknowledged one is there. */
class Committer {
  acknowledged = -1;
  checks = 0;
  readonly #admin: Admin;
  #sent = 0;
  #stopped = false;

  constructor(admin: Admin) {
    this.#admin = admin;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const offset = ++this.#sent;
      const offsets = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset }));
      unwrap(await this.#admin.commitOffsets('committers', offsets));
      this.acknowledged = offset;
      if (offset % 5 === 0) await this.check();
    }
  }

  async check(): Promise<void> {
    const least = this.acknowledged;
    const found = unwrap(await this.#admin.fetchOffsets('committers'));
    assert.equal(found.length, partitions);
    for (const { partition, offset } of found) {
      assert.ok(offset >= least, `partition ${partition} is at ${offset}, and ${least} was acknowledged`);
      assert.ok(
        offset <= this.#sent,
        `partition ${partition} is at ${offset}, and ${this.#sent} was the last one sent`,
      );
    }
    this.checks += 1;
  }

  stop(): void {
    this.#stopped = true;
  }
}

test(`foreign producers and commits survive ${rounds} kills (seed ${seed})`, { timeout: 600_000 }, async (t) => {
  const random = seededRandomness(seed);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'millrace-kill-'));
  let broker = await startOnPortsInARow(dataDirectory);
  const { bootstrap } = broker;
  const port = Number(bootstrap.split(',')[0]?.split(':')[1]);
  const client = createClient({ bootstrap, retryBackoffMs: 20, retryBackoffMaxMs: 200 });
  try {
    const admin = client.admin();
    unwrap(await admin.createTopics([{ topic, partitions }]));
    const addresses = bootstrap.split(',');
    const writers = [
      new ForeignWriter('kafkajs', () => kafkajsProducer(addresses)),
      new ForeignWriter('platformatic', () => platformaticProducer(addresses)),
    ];
    const committer = new Committer(admin);
    const working = Promise.all([...writers, committer].map((each) => each.run()));
    for (let round = 0; round < rounds; round++) {
      await sleep(200 + random.integer(600));
      await broker.stop('SIGKILL');
      await sleep(random.integer(100));
      broker = await BrokerProcess.start({ dataDirectory, port, brokers: 3 });
    }
    await sleep(500);
    for (const each of [...writers, committer]) each.stop();
    await working;
    await committer.check();
    const stored = await countAll(client);
    for (const { acknowledged, unknown } of writers) {
      for (const value of acknowledged) assert.equal(stored.get(value) ?? 0, 1, `${value} was acknowledged`);
      for (const value of unknown)
        assert.ok((stored.get(value) ?? 0) <= 1, `${value} is stored ${stored.get(value)} times`);
    }
    const counts = writers.map(({ name, acknowledged, unknown }) => {
      assert.ok(acknowledged.size > 10, `${name} wrote something`);
      return `${name}: ${acknowledged.size} records acknowledged, of ${unknown.size} not known`;
    });
    t.diagnostic(
      `${rounds} kills; ${counts.join('; ')}; ${committer.acknowledged} commits, ${committer.checks} checks`,
    );
  } finally {
    await client.close();
    await broker.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});

/** Ports that the next starts can name: the first one and those after it. */
async function startOnPortsInARow(dataDirectory: string): Promise<BrokerProcess> {
  for (let attempt = 1; ; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      return await BrokerProcess.start({ dataDirectory, port, brokers: 3 });
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

/** How often each value is stored. */
async function countAll(client: ReturnType<typeof createClient>): Promise<Map<string, number>> {
  const stored = new Map<string, number>();
  await using consumer = client.consumer({ topics: [topic], from: 'earliest', until: 'end' });
  for await (const batch of consumer) {
    for (const record of batch) {
      const value = Buffer.from(record.value ?? []).toString();
      stored.set(value, (stored.get(value) ?? 0) + 1);
    }
  }
  return stored;
}
