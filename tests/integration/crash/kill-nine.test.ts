/**
 * The broker command is killed with SIGKILL at random moments while clients write with acks=all and a group reads, and
 * started again on the same directory and port. At the end: every acknowledged record is in the log at the offset that
 * was acknowledged, idempotent producers have none twice, their records are in order, and the group has read
 * everything.
 *
 * MILLRACE_TEST_SCALE=5 makes 50 rounds. What SIGKILL can't show is a loss of power: that is the simulation's part.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandomness } from '@millrace/base';
import { type Client, type Consumer, createClient, type RecordPosition } from '@millrace/client';
import { Kafka, logLevel } from 'kafkajs';
import { eventually } from '../../support/eventually.ts';
import { BrokerProcess } from '../../support/millrace-process.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const rounds = Math.max(2, Math.round(10 * scale));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const topic = 'survivors';
const partitions = 3;
const inFlightMax = 300;

/** A record's value: who wrote it, and its number among that writer's. */
function recordOf(writer: string, number: number): string {
  return `${writer}:${number}`;
}

/** Writes numbered records until told to stop, and remembers what was acknowledged where. */
class Writer {
  readonly acknowledged = new Map<string, RecordPosition>();
  /** Sends under way at the moment of a kill, summed over all kills. */
  interrupted = 0;
  readonly #name: string;
  readonly #client: Client;
  readonly #inFlight = new Set<Promise<void>>();
  #stopped = false;

  constructor(name: string, client: Client) {
    this.#name = name;
    this.#client = client;
  }

  async run(): Promise<void> {
    await using producer = this.#client.producer();
    for (let number = 0; !this.#stopped; number++) {
      const value = recordOf(this.#name, number);
      const sending = producer.send({ topic, value, partition: number % partitions }).then((position) => {
        this.acknowledged.set(value, position);
        this.#inFlight.delete(sending);
      });
      this.#inFlight.add(sending);
      if (this.#inFlight.size >= inFlightMax) await Promise.race(this.#inFlight);
      // A little pause, so that kills meet requests of all sizes and not only full ones.
      if (number % 50 === 0) await sleep(1);
    }
    await Promise.all(this.#inFlight);
  }

  killed(): void {
    this.interrupted += this.#inFlight.size;
  }

  stop(): void {
    this.#stopped = true;
  }
}

test(`records and groups survive ${rounds} kills of the broker (seed ${seed})`, { timeout: 600_000 }, async (t) => {
  const random = seededRandomness(seed);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'millrace-kill-'));
  let broker = await BrokerProcess.start({ dataDirectory });
  const port = Number(broker.bootstrap.split(':')[1]);
  const client = createClient({ bootstrap: broker.bootstrap, retryBackoffMs: 20, retryBackoffMaxMs: 200 });
  try {
    await client.admin().createTopics([{ topic, partitions }]);
    const writers = [new Writer('first', client), new Writer('second', client)];
    const writing = writers.map((writer) => writer.run());
    const foreign = new ForeignWriter(broker.bootstrap);
    const foreignWriting = foreign.run();
    const seen = new Map<string, number>();
    const reading = readGroup(client, seen);
    for (let round = 0; round < rounds; round++) {
      await sleep(50 + random.integer(400));
      await broker.stop('SIGKILL');
      for (const writer of writers) writer.killed();
      await sleep(random.integer(100));
      broker = await BrokerProcess.start({ dataDirectory, port });
    }
    for (const writer of [...writers, foreign]) writer.stop();
    await Promise.all([...writing, foreignWriting]);
    const stored = await readAll(client);
    for (const [index, writer] of writers.entries()) verifyWriter(writer, ['first', 'second'][index] ?? '', stored);
    for (const value of foreign.acknowledged)
      assert.ok(stored.positions.has(value), `${value} was acknowledged and is gone`);
    const missing = (): string[] => [...stored.positions.keys()].filter((value) => !seen.has(value));
    await eventually(() => missing().length === 0, {
      describe: () => `the group did not read ${missing().slice(0, 5)}`,
    });
    await reading.stop();
    const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged.size, 0);
    const interrupted = writers.reduce((sum, writer) => sum + writer.interrupted, 0);
    const again = [...seen.values()].reduce((sum, count) => sum + count - 1, 0);
    t.diagnostic(
      `${rounds} kills, ${interrupted} sends interrupted; ${acknowledged} idempotent and ` +
        `${foreign.acknowledged.size} foreign records acknowledged; ` +
        `${seen.size} read by the group, ${again} of them again`,
    );
    assert.ok(interrupted > 0, 'no kill came while records were on their way');
  } finally {
    await client.close();
    await broker.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});

/** kafkajs without idempotence: what it is told is stored must be stored, if perhaps twice. */
class ForeignWriter {
  readonly acknowledged = new Set<string>();
  readonly #kafka: Kafka;
  #stopped = false;

  constructor(bootstrap: string) {
    const retry = { initialRetryTime: 50, maxRetryTime: 300, retries: 100 };
    this.#kafka = new Kafka({ clientId: 'foreign', brokers: [bootstrap], logLevel: logLevel.NOTHING, retry });
  }

  async run(): Promise<void> {
    const producer = this.#kafka.producer();
    await producer.connect();
    for (let number = 0; !this.#stopped; number++) {
      const value = recordOf('foreign', number);
      try {
        await producer.send({ topic, acks: -1, messages: [{ value, partition: number % partitions }] });
        this.acknowledged.add(value);
      } catch (error) {
        // It gives up on some requests of a killed broker; those records were never acknowledged.
        assert.match(String(error), /KafkaJS/);
      }
    }
    await producer.disconnect();
  }

  stop(): void {
    this.#stopped = true;
  }
}

interface Stored {
  /** By value: where it is, as often as it is there. */
  readonly positions: Map<string, { readonly partition: number; readonly offset: number }[]>;
  /** Values by partition, in the order of the log. */
  readonly logs: string[][];
}

async function readAll(client: Client): Promise<Stored> {
  const stored: Stored = { positions: new Map(), logs: Array.from({ length: partitions }, () => []) };
  await using consumer = client.consumer({ topics: [topic], from: 'earliest', until: 'end' });
  const next = new Array<number>(partitions).fill(0);
  for await (const batch of consumer) {
    for (const record of batch) {
      const value = Buffer.from(record.value ?? []).toString();
      assert.equal(record.offset, next[record.partition], `offsets of partition ${record.partition} have no gaps`);
      next[record.partition] = record.offset + 1;
      const places = stored.positions.get(value) ?? [];
      places.push({ partition: record.partition, offset: record.offset });
      stored.positions.set(value, places);
      stored.logs[record.partition]?.push(value);
    }
  }
  return stored;
}

/** What an idempotent producer may expect. */
function verifyWriter(writer: Writer, name: string, stored: Stored): void {
  for (const [value, { partition, offset }] of writer.acknowledged) {
    const places = stored.positions.get(value);
    assert.ok(places, `${value} was acknowledged and is gone`);
    assert.equal(places.length, 1, `${value} is stored ${places.length} times`);
    assert.deepEqual(places[0], { partition, offset }, `${value} is not where it was acknowledged`);
  }
  for (const log of stored.logs) {
    const numbers = log.filter((value) => value.startsWith(`${name}:`)).map((value) => Number(value.split(':')[1]));
    for (let index = 1; index < numbers.length; index++) {
      assert.ok((numbers[index] ?? 0) > (numbers[index - 1] ?? 0), `records of ${name} are out of order or twice`);
    }
  }
}

/** A member of a group that reads from the start and commits what it has handled. */
function readGroup(client: Client, seen: Map<string, number>): { stop(): Promise<void> } {
  const consumer: Consumer<string> = client.consumer({
    group: 'readers',
    topics: [topic],
    from: 'earliest',
    commitIntervalMs: 100,
    sessionTimeoutMs: 10_000,
  });
  const running = (async (): Promise<void> => {
    for await (const batch of consumer) {
      for (const record of batch) {
        const value = Buffer.from(record.value ?? []).toString();
        seen.set(value, (seen.get(value) ?? 0) + 1);
      }
    }
  })();
  return {
    async stop() {
      await consumer.close();
      await running;
    },
  };
}
