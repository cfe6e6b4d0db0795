/**
 * The inventory of a fleet: what a look at all of it takes, whole and at its usual pace, and how soon lists are
 * answered. The largest fleet is 85 clusters of 1,500 brokers with 20,000 topics and 200,000 partitions; the others are
 * a quarter and a sixteenth of it. Clusters, inventory and database have processes of their own on the same machine.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '@millrace/engines';
import { answerOf, createTopics, startFleet } from '../fleet-at-rest/embedded-fleet.ts';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { usageOf } from '../harness/process-usage.ts';
import type { InventoryServes, LookedAtAll } from './inventory-program.ts';

const program = fileURLToPath(new URL('./inventory-program.ts', import.meta.url));
const whole = { clusters: 85, brokers: 1_500, topics: 20_000, partitionsPerTopic: 10 };
/** Parts of the whole fleet. */
const sizes = [
  { name: '1x', part: 1 / 16 },
  { name: '4x', part: 1 / 4 },
  { name: '16x', part: 1 },
] as const;
const atRestMs = 60_000;
const listRounds = 20;

const lists = {
  'topics, a page by rate with facets': '/api/v1/topics?sort=recordsPerSecond&limit=100&facets=true',
  'topics, a page that was searched for': '/api/v1/topics?q=topic-3&sort=storedBytes&limit=100',
  'topics, all as a table': '/api/v1/topics/table',
  'brokers, a page': '/api/v1/brokers?sort=logBytes&limit=100',
  clusters: '/api/v1/clusters?limit=100',
  'groups, a page': '/api/v1/groups?sort=lag&limit=100',
  topology: '/api/v1/topology',
  search: '/api/v1/search?q=topic-1',
} as const;

type Note = (name: string, unit: string, value: number) => void;

export const benchmark: Benchmark = {
  description: 'looks at a fleet of embedded clusters, up to 85 of 1,500 brokers with 200,000 partitions, and lists',

  async run(context) {
    for (const { name, part } of sizes) {
      if (context.isWanted(name)) await measureSize(name, part * context.scale, context);
    }
  },
};

async function measureSize(size: string, part: number, context: BenchmarkContext): Promise<void> {
  const series = new Map<string, { readonly unit: string; readonly values: number[] }>();
  const note: Note = (name, unit, value) => {
    const entry = series.get(name) ?? { unit, values: [] };
    entry.values.push(value);
    series.set(name, entry);
    context.progress(`${size}: ${name}: ${value.toFixed(3)} ${unit}`);
  };
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  // PostgreSQL runs as another user where this one is root.
  await chmod(folder, 0o755);
  try {
    const clusters = Math.max(1, Math.round(whole.clusters * part));
    const brokers = Math.max(clusters * 3, Math.round(whole.brokers * part));
    const topics = Math.max(1, Math.round((whole.topics * part) / clusters));
    await using fleet = await startFleet(join(folder, 'fleet'), clusters, brokers);
    for (const [index, bootstrap] of fleet.bootstraps.entries()) {
      await createTopics(bootstrap, `topic-${index}`, topics, whole.partitionsPerTopic);
    }
    context.progress(`${size}: ${clusters} clusters, ${brokers} brokers, ${clusters * topics} topics`);
    await using postgres = await startPostgres({ directory: join(folder, 'postgres') });
    await measureInventory(postgres.url, fleet.bootstraps, note, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const [name, { unit, values }] of series) {
    const entry = { bench: 'inventory', case: `${size}: ${name}`, unit, moreIsBetter: false };
    context.report({ ...entry, values: new Map([['millrace', values]]) });
  }
}

async function measureInventory(
  url: string,
  bootstraps: readonly string[],
  note: Note,
  { rounds }: BenchmarkContext,
): Promise<void> {
  const child = fork(program, [url, ...bootstraps]);
  try {
    const serves = await answerOf<InventoryServes>(child);
    noteLook('the first look at all', serves.first, note);
    for (let round = 1; round <= rounds; round++) {
      child.send('look');
      noteLook('a whole look at all', await answerOf<LookedAtAll>(child), note);
    }
    for (const [name, path] of Object.entries(lists)) await measureList(name, `${serves.url}${path}`, note);
    const pid = child.pid ?? 0;
    const before = usageOf(pid).cpuSeconds;
    await delay(atRestMs);
    const { cpuSeconds, residentBytes } = usageOf(pid);
    note('looking at its usual pace: processor time', '% of a core', ((cpuSeconds - before) / atRestMs) * 100_000);
    note('resident', 'MB', residentBytes / 1e6);
  } finally {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  }
}

function noteLook(name: string, { seconds, cpuSeconds, topics, partitions, problems }: LookedAtAll, note: Note): void {
  if (problems.length > 0) throw new Error(`not all clusters were reached: ${problems.join('; ')}`);
  note(name, 's', seconds);
  note(`${name}: processor time of the inventory`, 's', cpuSeconds);
  if (topics === 0 || partitions === 0) throw new Error('nothing was seen');
}

/** Medians of the time until the whole answer is there. */
async function measureList(name: string, address: string, note: Note): Promise<void> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < listRounds; round++) {
    const began = performance.now();
    const answer = await fetch(address);
    bytes = (await answer.arrayBuffer()).byteLength;
    times.push(performance.now() - began);
    if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  }
  times.sort((left, right) => left - right);
  note(`list: ${name}: median`, 'ms', times[listRounds >> 1] ?? Number.NaN);
  note(`list: ${name}: slowest of ${listRounds}`, 'ms', times.at(-1) ?? Number.NaN);
  note(`list: ${name}`, 'KB', bytes / 1e3);
}
