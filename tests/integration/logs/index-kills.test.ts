/**
 * The process that mines and stores lines is killed with SIGKILL again and again while lines come; now and then its
 * segments are lost too. At the end each shape has the count of its lines, each line is found once, and no alert is
 * there twice.
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
import { callContract, logAlertsContract, logShapesContract, searchLinesContract } from '@millrace/api';
import { seededRandomness } from '@millrace/base';
import { ensureLogTopics, logLines, startLogs } from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { startFixture, until } from '../client/client-fixture.ts';

const kills = Math.max(3, Math.round(8 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const program = fileURLToPath(new URL('index-process.ts', import.meta.url));
const freshMost = 40;
const events = ['started', 'stopped', 'paused', 'resumed', 'failed'];

class IndexProcess {
  readonly directory = mkdtempSync(join(tmpdir(), 'millrace-index-'));
  readonly #bootstrap: string;
  #child: ChildProcess | undefined;
  /** Grows while the index has all lines that it found at its start. */
  signs = 0;

  constructor(t: TestContext, bootstrap: string) {
    this.#bootstrap = bootstrap;
    t.after(async () => {
      await this.kill();
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  async start(): Promise<void> {
    const words = [program, this.#bootstrap, this.directory];
    this.#child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.signs += chunk.length;
    });
    const before = this.signs;
    await until(() => this.signs > before, 60_000);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

test(`shapes, lines and alerts are exact after ${kills} kills of the index (seed ${seed})`, async (t) => {
  const random = seededRandomness(seed);
  const { client, admin, bootstrap } = await startFixture(t);
  await ensureLogTopics(admin);
  const index = new IndexProcess(t, bootstrap);
  await using producer = client.producer({ batchBytesMax: 4_000 });
  const counts = new Map<string, number>();
  let lines = 0;
  let fresh = 0;
  const write = (): void => {
    for (let n = random.integer(40); n >= 0; n--) {
      // Past the first thousands a new shape comes every few hundred lines, and is worth an alert.
      const isFresh = lines > 6_000 && lines % 300 === 0 && fresh < freshMost;
      const shape = isFresh ? `fresh${' and again'.repeat(fresh++)}` : (events[lines % 5] as string);
      counts.set(shape, (counts.get(shape) ?? 0) + 1);
      const body = `machine ${lines++} was ${shape} by its keeper`;
      const value = { time: 1_760_000_000_000 + lines * 10, received: 0, body, labels: { service: 'machines' } };
      producer.write({ topic: logLines, key: `${lines % 2}`, value });
    }
  };
  await index.start();
  const flood = setInterval(write, 3);
  t.after(() => clearInterval(flood));
  for (let round = 0; round < kills || lines < 9_000; round++) {
    await sleep(random.integer(600));
    await index.kill();
    if (random.integer(4) === 0) rmSync(index.directory, { recursive: true, force: true });
    await index.start();
  }
  clearInterval(flood);
  await producer.flush();
  await index.kill();
  const logs = await startLogs({ client, directory: index.directory, commitMs: 50 });
  t.after(() => logs.close());
  const server = await startServer({ port: 0, routes: logs.routes, token: 'a-token' });
  t.after(() => server.close());
  await until(() => logs.isComplete, 60_000);
  await sleep(300);
  const { templates } = await callContract(server.url, logShapesContract, { query: { limit: 10_000 } });
  assert.deepEqual(
    new Map(templates.map(({ text, count }) => [text.replace(/^machine \S+ was (.*) by its keeper$/, '$1'), count])),
    counts,
  );
  const found: number[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { limit: 5_000, ...(cursor === undefined ? {} : { cursor }) };
    const page = await callContract(server.url, searchLinesContract, { query }, { token: 'a-token' });
    found.push(...page.lines.map(({ body }) => Number(body.split(' ')[1])));
    cursor = page.next;
  }
  assert.deepEqual(
    found,
    Array.from({ length: lines }, (_, n) => lines - 1 - n),
  );
  const { alerts } = await callContract(server.url, logAlertsContract, {});
  const news = alerts.filter(({ kind }) => kind === 'new').map(({ text }) => text);
  assert.equal(new Set(news).size, news.length);
  assert.equal(news.length, fresh);
  t.diagnostic(`${lines} lines, ${counts.size} shapes, ${news.length} alerts`);
});
