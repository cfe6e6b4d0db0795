/**
 * Transactions through kill -9: a kafkajs producer writes each of its transactions to all partitions of a topic and
 * commits an offset in it, while the broker is killed at random moments. Of each transaction all is there or nothing:
 * all if its commit was acknowledged, nothing if the client never asked for its commit. The offset of the group is that
 * of the last transaction that is there.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandomness } from '@millrace/base';
import { createClient, unwrap } from '@millrace/client';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { BrokerProcess } from '../../support/millrace-process.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const rounds = Math.max(2, Math.round(5 * scale));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const topic = 'atomic';
const groupId = 'atomic-readers';
const partitions = [0, 1, 2];

/** Numbered transactions, each with its number in every partition. */
class Writer {
  readonly acknowledged = new Set<number>();
  /** The commit was asked for, and not answered. */
  readonly unknown = new Set<number>();
  aborted = 0;
  readonly #kafka: Kafka;
  #producer: Producer | undefined;
  #stopped = false;

  constructor(brokers: string[]) {
    const retry = { initialRetryTime: 50, maxRetryTime: 300, retries: 60 };
    this.#kafka = new Kafka({ clientId: 'writer', brokers, logLevel: logLevel.NOTHING, retry });
  }

  async run(): Promise<void> {
    for (let number = 1; !this.#stopped; number++) await this.#transact(number);
    await this.#producer?.disconnect();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #transact(number: number): Promise<void> {
    let committing = false;
    try {
      const producer = await this.#connected();
      const transaction = await producer.transaction();
      for (const partition of partitions) {
        await transaction.send({ topic, messages: [{ partition, value: `${number}` }] });
      }
      const offsets = [{ partition: 0, offset: `${number}` }];
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions: offsets }] });
      if (number % 4 === 0) {
        this.aborted += 1;
        await transaction.abort();
        return;
      }
      committing = true;
      await transaction.commit();
      this.acknowledged.add(number);
    } catch {
      // Whatever it failed with: a new producer takes over, which ends what this one left open.
      if (committing) this.unknown.add(number);
      await this.#producer?.disconnect().catch(() => undefined);
      this.#producer = undefined;
      await sleep(50);
    }
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const options = { transactionalId: 'writer', idempotent: true, maxInFlightRequests: 1 };
    const producer = this.#kafka.producer(options);
    await producer.connect();
    this.#producer = producer;
    return producer;
  }
}

test(`transactions are whole after ${rounds} kills (seed ${seed})`, { timeout: 600_000 }, async (t) => {
  const random = seededRandomness(seed);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'millrace-kill-'));
  let broker = await BrokerProcess.start({ dataDirectory });
  const { bootstrap } = broker;
  const port = Number(bootstrap.split(':')[1]);
  const client = createClient({ bootstrap, retryBackoffMs: 20, retryBackoffMaxMs: 200 });
  try {
    const admin = client.admin();
    unwrap(await admin.createTopics([{ topic, partitions: partitions.length }]));
    const writer = new Writer([bootstrap]);
    const working = writer.run();
    for (let round = 0; round < rounds; round++) {
      await sleep(300 + random.integer(900));
      await broker.stop('SIGKILL');
      await sleep(random.integer(100));
      broker = await BrokerProcess.start({ dataDirectory, port });
    }
    await sleep(1000);
    writer.stop();
    await working;

    const found = await readCommitted(client);
    const whole = found[0] ?? [];
    for (const list of found) assert.deepEqual(list, whole, 'all partitions have the same transactions, in order');
    assert.deepEqual(
      whole,
      [...new Set(whole)].sort((left, right) => left - right),
    );
    const there = new Set(whole);
    for (const number of writer.acknowledged) assert.ok(there.has(number), `${number} was committed`);
    for (const number of whole) {
      assert.ok(writer.acknowledged.has(number) || writer.unknown.has(number), `nobody asked for ${number}`);
    }
    const [offset] = unwrap(await admin.fetchOffsets(groupId));
    assert.equal(offset?.offset, whole.at(-1));
    assert.ok(writer.acknowledged.size > 10, `only ${writer.acknowledged.size} were committed`);
    const { acknowledged, unknown, aborted } = writer;
    t.diagnostic(
      `${rounds} kills; ${acknowledged.size} commits acknowledged, ${unknown.size} not, ` +
        `${aborted} transactions aborted`,
    );
  } finally {
    await client.close();
    await broker.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});

/** The numbers that readers of committed records find in each partition. */
async function readCommitted(client: ReturnType<typeof createClient>): Promise<number[][]> {
  const found: number[][] = partitions.map(() => []);
  const isolation = 'read_committed';
  await using consumer = client.consumer({ topics: [topic], from: 'earliest', until: 'end', isolation });
  for await (const batch of consumer) {
    for (const record of batch) found[batch.partition]?.push(Number(Buffer.from(record.value ?? []).toString()));
  }
  return found;
}
