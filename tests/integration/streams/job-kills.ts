/**
 * Two processes of a job are killed with SIGKILL again and again while records come in, and brokers too; a killed
 * process is started again, now with its state on disk and now without. At the end readers of committed records find,
 * for each word, each count from one to its number of records once and in order; and each window of every kind, and
 * each late record, once, with what a batch computation over the same records finds.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Randomness, seededRandomness } from '@millrace/base';
import { type Client, createClient, int64, text, topic, unwrap } from '@millrace/client';
import {
  type CountedRecord,
  type CountedTopics,
  closingTime,
  recomputedWindows,
} from '@millrace/streams/testing/exactly-once';
import { quick, uniqueName, until } from '../client/client-fixture.ts';

export interface JobKills {
  readonly bootstrap: string;
  readonly kills: number;
  readonly seed: number;
  readonly replicationFactor: number;
  /** Has a broker away for a while; done in place of every fourth kill of a process. */
  readonly troubleBroker: (random: Randomness) => Promise<void>;
}

const program = fileURLToPath(new URL('job-process.ts', import.meta.url));
const partitions = 3;
const settleMsMax = 120_000;

export async function killJob(t: TestContext, options: JobKills): Promise<void> {
  const { bootstrap, kills, seed, replicationFactor, troubleBroker } = options;
  const random = seededRandomness(seed);
  const client = createClient({ bootstrap, ...quick });
  t.after(() => client.close());
  const name = uniqueName('job');
  const topics: CountedTopics = {
    words: `${name}-words`,
    timed: `${name}-timed`,
    counts: `${name}-counts`,
    windows: `${name}-windows`,
  };
  await using admin = client.admin();
  const counted = { [topics.counts]: 1 } as Readonly<Record<string, number>>;
  const wanted = Object.values(topics).map((each: string) => {
    return { topic: each, partitions: counted[each] ?? partitions, replicationFactor };
  });
  unwrap(await admin.createTopics(wanted));
  const words = [bootstrap, name, ...[topics.words, topics.timed, topics.counts, topics.windows]];
  const processes = [0, 1].map(() => new JobProcess(t, [...words, String(replicationFactor)]));
  const input = new Input(client, topics, random);
  t.after(() => input.stop());
  await until(() => processes.every(({ commits }) => commits > 0), settleMsMax);
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random.integer(700));
    if (random.integer(4) === 0) await troubleBroker(random);
    else {
      const killed = processes[random.integer(processes.length)] as JobProcess;
      await killed.kill();
      killed.restart(random.integer(2) === 0);
    }
    const before = processes.map(({ commits }) => commits);
    await until(() => processes.some(({ commits }, place) => commits > (before[place] ?? 0)), settleMsMax);
  }
  await input.end();
  await input.check();
  const windows = input.windows();
  const isComplete = async (): Promise<boolean> => {
    await sleep(500);
    const [counts, found] = [await read(client, topics.counts), await read(client, topics.windows)];
    return counts.length >= input.wordCount && found.length >= windows.length;
  };
  await until(isComplete, settleMsMax).catch(() => undefined);
  const found = Map.groupBy(await read(client, topics.counts), ([word]) => word);
  for (const [word, count] of input.words) {
    const counts = (found.get(word) ?? []).map(([, each]) => each);
    const expected = Array.from({ length: count }, (_, n) => n + 1);
    assert.deepEqual(counts, expected, `counts of ${word}`);
  }
  const results = (await read(client, topics.windows)).map(([each, count]) => `${each} ${count}`);
  assert.deepEqual(results.sort(), windows);
  assert.ok(windows.some((each) => each.startsWith('late')));
  const commits = processes.map((each) => each.commits).join('+');
  t.diagnostic(`${input.wordCount} words, ${windows.length} results of windows, ${commits} commits`);
}

class JobProcess {
  readonly #words: readonly string[];
  readonly directory = mkdtempSync(join(tmpdir(), 'millrace-job-'));
  child: ChildProcess;
  commits = 0;

  constructor(t: TestContext, words: readonly string[]) {
    this.#words = words;
    this.child = this.#start();
    t.after(async () => {
      await this.kill();
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  restart(keepsState: boolean): void {
    if (!keepsState) rmSync(this.directory, { recursive: true, force: true });
    this.child = this.#start();
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  #start(): ChildProcess {
    const words = [program, ...this.#words, this.directory];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk: Buffer) => {
      this.commits += chunk.length;
    });
    return child;
  }
}

/** Writes words and timed records all the while, some of these out of order and some too late. */
class Input {
  readonly words = new Map<string, number>();
  readonly #client: Client;
  readonly #topics: CountedTopics;
  readonly #producer;
  readonly #timed: CountedRecord[][] = Array.from({ length: partitions }, () => []);
  readonly #timer: NodeJS.Timeout;
  /** Of an hour ago: brokers take records an hour ahead, and forget producers of old ones when they start again. */
  #time = Date.now() - 3_600_000;

  constructor(client: Client, topics: CountedTopics, random: Randomness) {
    this.#client = client;
    this.#topics = topics;
    this.#producer = this.#client.producer({ batchBytesMax: 600 });
    this.#timer = setInterval(() => this.#write(random), 10);
  }

  get wordCount(): number {
    return [...this.words.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The timed topic has what was written there, in its order. */
  async check(): Promise<void> {
    const found: string[][] = Array.from({ length: partitions }, () => []);
    const described = topic(this.#topics.timed, { key: text, value: text });
    await using consumer = this.#client.consumer({ topics: [described], from: 'earliest', until: 'end' });
    for await (const batch of consumer) {
      for (const { key, timestamp, partition } of batch) (found[partition] as string[]).push(`${key} ${timestamp}`);
    }
    const written = this.#timed.map((own) => own.map(({ key, timestamp }) => `${key} ${timestamp}`));
    for (const [partition, own] of written.entries()) {
      const at = own.findIndex((each, place) => found[partition]?.[place] !== each);
      assert.deepEqual(
        found[partition]?.slice(at, at + 5),
        own.slice(at, at + 5),
        `timed [${partition}] from ${at} on`,
      );
      assert.equal(found[partition]?.length, own.length);
    }
  }

  windows(): string[] {
    return this.#timed.flatMap(recomputedWindows).sort();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Closes all windows, and resolves when everything is written. */
  async end(): Promise<void> {
    this.stop();
    for (const [partition, own] of this.#timed.entries()) {
      this.#writeTimed(partition, { key: 'end', timestamp: closingTime(own) });
    }
    await this.#producer.flush();
    await this.#producer.close();
  }

  #write(random: Randomness): void {
    for (let n = 0; n < 5; n++) {
      const word = `w${random.integer(20)}`;
      this.words.set(word, (this.words.get(word) ?? 0) + 1);
      this.#producer.write({ topic: this.#topics.words, value: word });
      this.#time += random.integer(16);
      const record = { key: `k${random.integer(10)}`, timestamp: this.#time - random.integer(100) };
      this.#writeTimed(random.integer(partitions), record);
    }
  }

  #writeTimed(partition: number, record: CountedRecord): void {
    (this.#timed[partition] as CountedRecord[]).push(record);
    const { key, timestamp } = record;
    this.#producer.write({ topic: this.#topics.timed, key, value: '', partition, timestamp });
  }
}

async function read(client: Client, name: string): Promise<[string, number][]> {
  const described = topic(name, { key: text, value: int64 });
  const found: [string, number][] = [];
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [described], from: 'earliest', until: 'end', isolation });
  for await (const batch of consumer) for (const { key, value } of batch) found.push([key, value]);
  return found;
}
