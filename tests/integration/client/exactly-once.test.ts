/**
 * Two processes consume, transform and produce in one group, each batch in a transaction, and are killed with SIGKILL
 * again and again, in the middle of whatever they do, while records go on coming in. At the end readers of committed
 * records find in the output each record of the input once, in the input's order.
 *
 * MILLRACE_TEST_SCALE=5 makes 40 kills.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandomness } from '@millrace/base';
import { type Client, text, topic } from '@millrace/client';
import { startFixture, uniqueName, until } from './client-fixture.ts';

const kills = Math.max(4, Math.round(8 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const program = fileURLToPath(new URL('exactly-once-process.ts', import.meta.url));
const partitions = 4;

const configuration = {
  'group.consumer.min.heartbeat.interval.ms': '20',
  'group.consumer.heartbeat.interval.ms': '100',
  'group.consumer.min.session.timeout.ms': '500',
  'group.consumer.session.timeout.ms': '1500',
};

/** A copying process that can be killed and started again. */
class Copier {
  readonly #words: readonly string[];
  child: ChildProcess;
  /** Transactions that were committed, by all of its lives. */
  transactions = 0;

  constructor(t: TestContext, words: readonly string[]) {
    this.#words = words;
    this.child = this.#start();
    t.after(() => this.kill());
  }

  restart(): void {
    this.child = this.#start();
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, [program, ...this.#words], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk: Buffer) => {
      this.transactions += chunk.toString().split('.').length - 1;
    });
    return child;
  }
}

async function read(client: Client, name: string): Promise<string[][]> {
  const lines = topic(name, { value: text });
  const found: string[][] = Array.from({ length: partitions }, () => []);
  const consumer = client.consumer({ topics: [lines], from: 'earliest', until: 'end', isolation: 'read_committed' });
  for await (const batch of consumer) for (const { value } of batch) found[batch.partition]?.push(value);
  await consumer.close();
  return found;
}

for (const protocol of ['classic', 'consumer'] as const) {
  test(`a copy is exact after ${kills} kills of the copying processes: ${protocol} (seed ${seed})`, async (t) => {
    const random = seededRandomness(seed);
    const { client, bootstrap, createTopic } = await startFixture(t, { configuration });
    const [input, output] = [await createTopic(partitions), await createTopic(partitions)];
    const group = uniqueName('group');
    const copiers = ['one', 'two'].map(
      (name) => new Copier(t, [bootstrap, input, output, group, `${group}-${name}`, protocol]),
    );
    await using producer = client.producer({ batchBytesMax: 600 });
    let written = 0;
    const write = (): void => {
      for (let n = 0; n < 30; n++) {
        producer.write({ topic: input, key: `${written}`, value: `${written}`, partition: written++ % partitions });
      }
    };
    const timer = setInterval(write, 10);
    t.after(() => clearInterval(timer));
    await until(() => copiers.every(({ transactions }) => transactions > 0), 60_000);
    for (let kill = 0; kill < kills; kill++) {
      await sleep(random.integer(700));
      const copier = copiers[random.integer(copiers.length)] as Copier;
      await copier.kill();
      copier.restart();
      const before = copiers.map(({ transactions }) => transactions);
      // Something is committed between two kills, if only now and then by the one that was killed.
      await until(() => copiers.some(({ transactions }, place) => transactions > (before[place] ?? 0)), 60_000);
    }
    clearInterval(timer);
    await producer.flush();
    const expected = Array.from({ length: partitions }, (_, partition) =>
      Array.from({ length: Math.ceil((written - partition) / partitions) }, (_, n) => `${n * partitions + partition}!`),
    );
    const size = (found: readonly string[][]): number => found.reduce((sum, { length }) => sum + length, 0);
    let found: string[][] = [];
    const isComplete = async (): Promise<boolean> => {
      await sleep(200);
      found = await read(client, output);
      return size(found) >= written;
    };
    await until(isComplete, 60_000).catch(() => undefined);
    assert.deepEqual(
      found.map(({ length }) => length),
      expected.map(({ length }) => length),
    );
    assert.deepEqual(found, expected);
    await Promise.all(copiers.map((copier) => copier.kill()));
    t.diagnostic(
      `${written} records in ${copiers.reduce((sum, { transactions }) => sum + transactions, 0)} transactions`,
    );
  });
}
