/**
 * Kills the aggregation with SIGKILL again and again while counters come in: of programs that are restarted themselves,
 * some points late, some twice. A killed process is started again, now with its state on disk and now without. At the
 * end each total is exactly what was counted, and so is the sum over its windows.
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
import { seededRandomness } from '@millrace/base';
import { type Admin, type Client, unwrap } from '@millrace/client';
import { metricsRollups, metricsSamples } from '@millrace/pipelines';
import { until } from '../client/client-fixture.ts';

const program = fileURLToPath(new URL('rollup-process.ts', import.meta.url));
const routes = ['/cart', '/pay', '/help'] as const;

export interface KillsOptions {
  readonly client: Client;
  readonly admin: Admin;
  readonly bootstrap: string;
  readonly kills: number;
  readonly seed: number;
}

/** The sessions of its members are shorter than brokers allow by themselves: `group.min.session.timeout.ms`. */
export async function rollupThroughKills(
  t: TestContext,
  { client, admin, bootstrap, kills, seed }: KillsOptions,
): Promise<void> {
  unwrap(await admin.createTopics([{ topic: metricsSamples.name, partitions: 3 }]));
  const random = seededRandomness(seed);
  const die = (sides: number): number => random.integer(sides);
  const directory = mkdtempSync(join(tmpdir(), 'millrace-rollup-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  let commits = 0;
  const start = (): ChildProcess => {
    const child = spawn(process.execPath, [program, bootstrap, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk: Buffer) => {
      commits += chunk.length;
    });
    return child;
  };
  let child = start();
  t.after(() => child.kill('SIGKILL'));

  const load = new Load(die);
  const producer = client.producer();
  const stop = new AbortController();
  t.after(() => stop.abort());
  const sending = (async () => {
    while (!stop.signal.aborted) {
      for (const [key, value] of load.second()) producer.write({ topic: metricsSamples, key, value });
      await producer.flush();
      await sleep(5);
    }
    for (const [key, value] of load.end()) producer.write({ topic: metricsSamples, key, value });
    await producer.close();
  })();
  for (let kill = 0; kill < kills; kill++) {
    const before = commits;
    await until(() => {
      assert.equal(child.exitCode, null, 'the aggregation ended by itself');
      return commits > before + 1;
    }, 120_000);
    await sleep(die(300));
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    if (die(4) === 0) rmSync(directory, { recursive: true, force: true });
    child = start();
  }
  stop.abort();
  await sending;

  const of = (name: string) =>
    Object.fromEntries(routes.map((route) => [`${name}{route="${route}"}`, load.truth[route]]));
  let found = await readRollups(client);
  const isThere = async (): Promise<boolean> => {
    found = await readRollups(client);
    return Object.entries(of('shop_total')).every(([key, value]) => (found.totals[key] ?? 0) >= (value ?? 0));
  };
  const deadline = Date.now() + 60_000;
  while (!(await isThere()) && Date.now() < deadline) await sleep(500);
  // What is too much comes late.
  await sleep(1_000);
  found = await readRollups(client);
  assert.deepEqual(sorted(found.totals), sorted(of('shop_total')));
  assert.deepEqual(sorted(found.windows), sorted(of('shop_increase')));
  t.diagnostic(`${load.points} points, ${commits} commits, ${JSON.stringify(load.truth)}`);
}

/** The newest total of each series, and the sum over its windows. */
async function readRollups(client: Client) {
  const newest = new Map<string, number>();
  const isolation = 'read_committed' as const;
  const topics = [metricsRollups] as const;
  await using consumer = client.consumer({ topics, from: 'earliest', until: 'end', isolation });
  const totals: Record<string, number> = {};
  for await (const batch of consumer) {
    for (const { key, value } of batch) {
      if ('unreadable' in value || key === null) assert.fail('a rollup that is none');
      if (key.startsWith('shop_total')) totals[key] = Number(value.value);
      else newest.set(`${key} ${value.timeMs}`, Number(value.value));
    }
  }
  const windows: Record<string, number> = {};
  for (const [key, value] of newest) {
    const series = key.slice(0, key.lastIndexOf(' '));
    windows[series] = (windows[series] ?? 0) + value;
  }
  return { totals, windows };
}

function sorted(record: Readonly<Record<string, number | undefined>>): [string, number | undefined][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Programs that count requests, a point a second of their own time; now and then one is restarted. */
class Load {
  readonly truth: Record<string, number> = Object.fromEntries(routes.map((route) => [route, 0]));
  points = 0;
  readonly #die: (sides: number) => number;
  readonly #series = routes.flatMap((route) =>
    ['a', 'b'].map((instance) => {
      return { route, key: `requests_total{instance="${instance}",route="${route}"}`, startMs: 1_000_000, total: 0 };
    }),
  );
  /** Points that come later than those after them. */
  #held: [string, string][] = [];
  #heldFor = 0;
  #now = 1_000_000;

  constructor(die: (sides: number) => number) {
    this.#die = die;
  }

  second(): [string, string][] {
    this.#now += 1_000;
    this.#heldFor++;
    const isDue = this.#die(5) === 0 || this.#heldFor > 15;
    const points: [string, string][] = isDue ? this.#held.splice(0) : [];
    if (isDue) this.#heldFor = 0;
    for (const series of this.#series) {
      if (this.#die(50) === 0) {
        series.startMs = this.#now - 500;
        series.total = 0;
      }
      const more = this.#die(10);
      series.total += more;
      this.truth[series.route] = (this.truth[series.route] ?? 0) + more;
      const { key, startMs, total: value } = series;
      const sample = { kind: 'sum', temporality: 'cumulative', monotonic: true, startMs, timeMs: this.#now, value };
      const record: [string, string] = [key, JSON.stringify({ name: 'requests', ...sample })];
      this.points++;
      if (this.#die(10) === 0 && this.#held.length < 30) this.#held.push(record);
      else points.push(record, ...(this.#die(20) === 0 ? [record] : []));
    }
    return points;
  }

  end(): [string, string][] {
    return this.#held.splice(0);
  }
}
