/**
 * 1,500 embedded brokers of 85 clusters in one process: how long they take to start and what they hold when nobody
 * wants anything, without topics, with 200,000 partitions, and started again on these.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, unwrap } from '@millrace/client';
import type { BenchmarkContext } from '../harness/benchmark.ts';
import { usageOf } from '../harness/process-usage.ts';
import type { FleetHeap, FleetServes } from './embedded-program.ts';
import { untilIdle } from './until-idle.ts';

const program = fileURLToPath(new URL('./embedded-program.ts', import.meta.url));
const clusters = 85;
const brokers = 1_500;
const topics = 20_000;
const partitionsPerTopic = 10;
const replicas = 3;
const idleShare = 0.05;

/** A fleet of embedded clusters in a process of its own. */
export interface Fleet extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly bootstraps: readonly string[];
  /** From the start of the process until all brokers serve. */
  readonly startSeconds: number;
}

export async function measureEmbeddedFleet(folder: string, context: BenchmarkContext): Promise<void> {
  const series = new Map<string, { readonly unit: string; readonly values: number[] }>();
  const note = (name: string, unit: string, value: number): void => {
    const entry = series.get(name) ?? { unit, values: [] };
    entry.values.push(value);
    series.set(name, entry);
    context.progress(`embedded: ${name}: ${value.toFixed(2)} ${unit}`);
  };
  const noteRest = async ({ child }: Fleet, state: string): Promise<void> => {
    await untilIdle([child.pid ?? 0], idleShare);
    note(`${state}: resident`, 'MB', usageOf(child.pid ?? 0).residentBytes / 1e6);
    note(`${state}: heap`, 'MB', (await heapBytes(child)) / 1e6);
  };
  const brokerCount = Math.max(clusters * replicas, Math.round(brokers * context.scale));
  const perCluster = Math.round((topics * context.scale) / clusters);
  for (let round = 1; round <= context.rounds; round++) {
    const directory = join(folder, `fleet-${round}`);
    {
      await using fleet = await startFleet(directory, clusters, brokerCount);
      note('without topics: start', 's', fleet.startSeconds);
      await noteRest(fleet, 'without topics');
      for (const [index, bootstrap] of fleet.bootstraps.entries()) {
        await createTopics(bootstrap, `topic-${index}`, perCluster, partitionsPerTopic);
      }
      await noteRest(fleet, 'topics just created');
    }
    await using again = await startFleet(directory, clusters, brokerCount);
    note('with topics, again: start', 's', again.startSeconds);
    await noteRest(again, 'with topics, again');
  }
  for (const [name, { unit, values }] of series) {
    const entry = { bench: 'fleet-at-rest', case: name, unit, moreIsBetter: false };
    context.report({ ...entry, values: new Map([['millrace', values]]) });
  }
}

/** Starts so many clusters, the brokers shared out evenly among them. */
export async function startFleet(directory: string, clusterCount: number, brokerCount: number): Promise<Fleet> {
  const began = performance.now();
  const sizes = [String(clusterCount), String(brokerCount)];
  const child = fork(program, [directory, ...sizes], { execArgv: ['--expose-gc'] });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  };
  try {
    const { bootstraps } = await answerOf<FleetServes>(child);
    return { child, bootstraps, startSeconds: (performance.now() - began) / 1000, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function heapBytes(child: ChildProcess): Promise<number> {
  child.send('heap');
  return (await answerOf<FleetHeap>(child)).heapBytes;
}

/** The next message; rejects when the process ends instead. */
export function answerOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the process of the fleet ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
  });
}

/** Topics `PREFIX-0` and so on, of three replicas each. */
export async function createTopics(
  bootstrap: string,
  prefix: string,
  count: number,
  partitions: number,
): Promise<void> {
  await using client = createClient({ bootstrap });
  const named = Array.from({ length: count }, (_, index) => {
    return { topic: `${prefix}-${index}`, partitions, replicationFactor: replicas };
  });
  unwrap(await client.admin().createTopics(named, { timeoutMs: 120_000 }));
}
