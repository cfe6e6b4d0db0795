/**
 * Two processes of a job are killed with SIGKILL again and again while records come in; a killed one is started again,
 * now with its state on disk and now without. At the end readers of committed records find, for each key, each count
 * from one to its number of records once and in order; and each window once, with what a plain computation over the
 * same records finds, late ones among them.
 *
 * MILLRACE_TEST_SCALE=5 makes 40 kills.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandomness } from '@millrace/base';
import { type Client, int64, text, topic, unwrap } from '@millrace/client';
import { startFixture, uniqueName, until } from '../client/client-fixture.ts';

const kills = Math.max(3, Math.round(8 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const program = fileURLToPath(new URL('job-process.ts', import.meta.url));
const partitions = 3;

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

async function read(client: Client, name: string): Promise<[string, number][]> {
  const described = topic(name, { key: text, value: int64 });
  const found: [string, number][] = [];
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [described], from: 'earliest', until: 'end', isolation });
  for await (const batch of consumer) for (const { key, value } of batch) found.push([key, value]);
  return found;
}

/** What windows of 50 ms with a grace of 20 come to, computed record by record for each partition. */
class PlainWindows {
  readonly closed: [string, number][] = [];
  readonly #open = new Map<string, number>();
  #time = -1;
  lateCount = 0;

  add(key: string, timestamp: number): void {
    this.#time = Math.max(this.#time, timestamp);
    for (const [name, count] of this.#open) {
      if (Number(name.split('@')[1]) + 70 > this.#time) continue;
      this.closed.push([name, count]);
      this.#open.delete(name);
    }
    const start = Math.floor(timestamp / 50) * 50;
    const name = `${key}@${start}`;
    if (start + 70 <= this.#time) this.lateCount++;
    else this.#open.set(name, (this.#open.get(name) ?? 0) + 1);
  }
}

test(`counts and windows are exact after ${kills} kills of the job's processes (seed ${seed})`, async (t) => {
  const random = seededRandomness(seed);
  const configuration = { 'group.min.session.timeout.ms': '500' };
  const { client, admin, bootstrap, createTopic } = await startFixture(t, { configuration });
  const [input, counts, windows] = [await createTopic(partitions), await createTopic(1), await createTopic(partitions)];
  const timed = `${input}-timed`;
  unwrap(await admin.createTopics([{ topic: timed, partitions }]));
  const name = uniqueName('job');
  const processes = [0, 1].map(() => new JobProcess(t, [bootstrap, input, counts, windows, name]));
  await using producer = client.producer({ batchBytesMax: 600 });
  const expected = new Map<string, number>();
  const plain = Array.from({ length: partitions }, () => new PlainWindows());
  let time = 1_000;
  const write = (): void => {
    for (let n = 0; n < 10; n++) {
      const word = `w${random.integer(20)}`;
      expected.set(word, (expected.get(word) ?? 0) + 1);
      producer.write({ topic: input, value: word });
      time += random.integer(8);
      const timestamp = Math.max(0, time - random.integer(100));
      const partition = random.integer(partitions);
      plain[partition]?.add(word, timestamp);
      producer.write({ topic: timed, key: word, value: '', partition, timestamp });
    }
  };
  const timer = setInterval(write, 10);
  t.after(() => clearInterval(timer));
  await until(() => processes.every(({ commits }) => commits > 0), 60_000);
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random.integer(700));
    const killed = processes[random.integer(processes.length)] as JobProcess;
    await killed.kill();
    killed.restart(random.integer(2) === 0);
    const before = processes.map(({ commits }) => commits);
    await until(() => processes.some(({ commits }, place) => commits > (before[place] ?? 0)), 60_000);
  }
  clearInterval(timer);
  await producer.flush();
  const total = [...expected.values()].reduce((sum, count) => sum + count, 0);
  const closed = plain.flatMap((each) => each.closed);
  const isComplete = async (): Promise<boolean> => {
    await sleep(200);
    return (await read(client, counts)).length >= total && (await read(client, windows)).length >= closed.length;
  };
  await until(isComplete, 60_000).catch(() => undefined);
  const found = new Map<string, number[]>();
  for (const [key, value] of await read(client, counts)) found.set(key, [...(found.get(key) ?? []), value]);
  for (const [word, count] of expected) {
    assert.deepEqual(
      found.get(word),
      Array.from({ length: count }, (_, n) => n + 1),
      `counts of ${word}`,
    );
  }
  assert.deepEqual(inOrder(await read(client, windows)), inOrder(closed));
  assert.ok(plain.some(({ lateCount }) => lateCount > 0));
  t.diagnostic(
    `${total} records, ${closed.length} windows, ${processes.map(({ commits }) => commits).join('+')} commits`,
  );
});

function inOrder(windows: readonly (readonly [string, number])[]): string[] {
  return windows.map(([name, count]) => `${name} ${count}`).sort();
}
