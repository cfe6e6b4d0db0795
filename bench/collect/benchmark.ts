/**
 * Collectors: how much one platform accepts durably (its brokers have acknowledged it when it is answered), and how
 * soon each request is answered. `millrace up` is one process, whoever posts another one, on the same machine. Where
 * what is accepted is worked on further, also how long it takes from the last answer until all of it is.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { answerOf } from '../fleet-at-rest/embedded-fleet.ts';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { usageOf } from '../harness/process-usage.ts';
import type { CollectCase } from './collect-case.ts';
import { logCases } from './log-cases.ts';
import { metricsCases } from './metrics-cases.ts';
import type { Posted, PostingCase } from './posting-program.ts';
import { trackingCases } from './tracking-cases.ts';

const cases: readonly CollectCase[] = [...trackingCases, ...metricsCases, ...logCases];
const program = fileURLToPath(new URL('./posting-program.ts', import.meta.url));
const millrace = fileURLToPath(new URL('../../apps/cli/bin/millrace.js', import.meta.url));
const connections = 32;
const secondsPosted = 5;

type Note = (name: string, unit: string, value: number, moreIsBetter?: boolean) => void;

interface Platform extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly collectorUrl: string;
}

export const benchmark: Benchmark = {
  description: `what collectors accept durably over ${connections} connections, and how soon they answer`,

  async run(context) {
    const series = new Map<string, { readonly unit: string; readonly moreIsBetter: boolean; values: number[] }>();
    const note: Note = (name, unit, value, moreIsBetter = false) => {
      const entry = series.get(name) ?? { unit, moreIsBetter, values: [] };
      entry.values.push(value);
      series.set(name, entry);
      context.progress(`${name}: ${value.toFixed(3)} ${unit}`);
    };
    for (let round = 1; round <= context.rounds; round++) {
      for (const each of cases) if (context.isWanted(each.name)) await measure(each, note, context);
    }
    for (const [name, { unit, moreIsBetter, values }] of series) {
      context.report({ bench: 'collect', case: name, unit, moreIsBetter, values: new Map([['millrace', values]]) });
    }
  },
};

async function measure(each: CollectCase, note: Note, { scale }: BenchmarkContext): Promise<void> {
  const { name, unit, itemsPerRequest, counted } = each;
  await using platform = await startPlatform();
  const before = usageOf(platform.pid).cpuSeconds;
  const seconds = Math.max(1, Math.round(secondsPosted * scale));
  const child = fork(program, [platform.collectorUrl, String(connections), String(seconds)]);
  const posted = await postedBy(child, each);
  const items = posted.requestsInAll * itemsPerRequest;
  const endedAt = performance.now();
  note(name, `${unit}/s`, (posted.requests * itemsPerRequest) / posted.seconds, true);
  note(`${name}: p50`, 'ms', posted.p50Ms);
  note(`${name}: p99`, 'ms', posted.p99Ms);
  while (counted !== undefined && (await counted(platform.url)) < items) await delay(50);
  if (counted !== undefined) note(`${name}: until all is counted`, 's', (performance.now() - endedAt) / 1_000);
  note(`${name}: processor time of the platform`, `µs a ${unit.slice(0, -1)}`, cpuOf(platform, before, items));
}

function cpuOf({ pid }: Platform, before: number, items: number): number {
  return ((usageOf(pid).cpuSeconds - before) / items) * 1e6;
}

async function postedBy(child: ChildProcess, { path, headers, body }: CollectCase): Promise<Posted> {
  await answerOf<string>(child);
  const posted = answerOf<Posted>(child);
  const wanted: PostingCase = { path, headers, bodyBase64: body.toString('base64') };
  child.send(wanted);
  return posted;
}

async function startPlatform(): Promise<Platform> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  // PostgreSQL runs as another user where this one is root.
  await chmod(directory, 0o755);
  const words = [millrace, 'up', '--no-demo', '--json', '--port', '0', '--data-dir', directory];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const { url, collectorUrl } = JSON.parse(line) as { url: string; collectorUrl: string };
  const end = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  return { pid: child.pid ?? 0, url, collectorUrl, [Symbol.asyncDispose]: end };
}
