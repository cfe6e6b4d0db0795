/**
 * A tailer is killed with SIGKILL again and again while lines flood into its file, which is renamed, copied and
 * truncated meanwhile, also while no tailer runs. At the end readers of committed records find each line once, and in
 * order.
 *
 * MILLRACE_TEST_SCALE=5 makes 60 rounds.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Randomness, seededRandomness } from '@millrace/base';
import type { Client } from '@millrace/client';
import { logLines } from '@millrace/pipelines';
import { startFixture, until } from '../client/client-fixture.ts';

const rounds = Math.max(4, Math.round(12 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const program = fileURLToPath(new URL('tail-process.ts', import.meta.url));

class TailProcess {
  readonly #words: readonly string[];
  #child: ChildProcess | undefined;
  /** Records that it has told of, in all its lives. */
  stored = 0;

  constructor(t: TestContext, words: readonly string[]) {
    this.#words = words;
    t.after(() => this.kill());
  }

  start(): void {
    this.#child = spawn(process.execPath, [program, ...this.#words], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.stored += chunk.length;
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** A program that writes lines to a log, and what rotates it. */
class Writer {
  readonly path: string;
  readonly #random: Randomness;
  lines = 0;
  #rotations = 0;

  constructor(path: string, random: Randomness) {
    this.path = path;
    this.#random = random;
  }

  write(count: number): void {
    let text = '';
    for (let n = 0; n < count; n++) {
      const padding = 'x'.repeat(this.#random.integer(this.#random.integer(50) === 0 ? 5_000 : 120));
      // One in ten is a record of three lines.
      const more = this.lines % 10 === 0 ? '\n  at first (a.js:1)\n  at second (b.js:2)' : '';
      text += `line ${this.lines++} ${padding}${more}\n`;
    }
    // In two parts, so that readers meet halves of lines.
    const cut = this.#random.integer(text.length);
    appendFileSync(this.path, text.slice(0, cut));
    appendFileSync(this.path, text.slice(cut));
  }

  rename(): void {
    if (existsSync(this.path)) renameSync(this.path, `${this.path}.${++this.#rotations}`);
    if (this.#random.integer(2) === 0) appendFileSync(this.path, '');
  }

  copyAndTruncate(): void {
    if (!existsSync(this.path)) return;
    copyFileSync(this.path, `${this.path}.${++this.#rotations}`);
    truncateSync(this.path);
  }
}

async function storedRecords(client: Client): Promise<string[]> {
  const records: string[] = [];
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [logLines], from: 'earliest', until: 'end', isolation });
  for await (const batch of consumer) for (const { value } of batch) records.push(value.body);
  return records;
}

test(`every line is stored once while a tailer is killed and its file rotated (seed ${seed})`, async (t) => {
  const random = seededRandomness(seed);
  const { client, bootstrap } = await startFixture(t);
  const directory = mkdtempSync(join(tmpdir(), 'millrace-tail-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const writer = new Writer(join(directory, 'app.log'), random);
  writer.write(50);
  const tailer = new TailProcess(t, [bootstrap, 'here', writer.path]);
  tailer.start();
  await until(() => tailer.stored > 0, 60_000);
  const flood = setInterval(() => writer.write(1 + random.integer(60)), 4);
  t.after(() => clearInterval(flood));
  const rotations = { renamed: 0, truncated: 0 };
  for (let round = 0; round < rounds; round++) {
    await sleep(random.integer(500));
    const dies = random.integer(3) > 0;
    if (dies) await tailer.kill();
    for (let times = random.integer(3); times > 0; times--) {
      const renames = random.integer(2) === 0;
      if (renames) writer.rename();
      else writer.copyAndTruncate();
      rotations[renames ? 'renamed' : 'truncated']++;
      await sleep(20 + random.integer(50));
    }
    if (dies) tailer.start();
    const before = tailer.stored;
    await until(() => tailer.stored > before, 60_000);
  }
  clearInterval(flood);
  const wanted = writer.lines;
  await until(async () => {
    await sleep(300);
    return (await storedRecords(client)).length >= wanted;
  }, 60_000).catch(() => undefined);
  const records = await storedRecords(client);
  assert.deepEqual(
    records.map((record) => Number(record.split(' ')[1])),
    Array.from({ length: wanted }, (_, n) => n),
  );
  for (const [n, record] of records.entries()) assert.equal(record.split('\n').length, n % 10 === 0 ? 3 : 1);
  t.diagnostic(`${wanted} records, ${rotations.renamed} renames, ${rotations.truncated} truncations`);
});
