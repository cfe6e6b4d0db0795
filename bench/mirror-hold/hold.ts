/**
 * A load that is written to one cluster and mirrored to another at the same time, for as long as is asked: everything
 * on this machine, in a process each, and with logs that are cut off so that disks don't fill.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Admin, type Compression, createClient, unwrap } from '@millrace/client';
import type { MeasuredBroker } from '../harness/broker.ts';
import { usageOf } from '../harness/process-usage.ts';
import { median } from '../harness/report.ts';
import { millraceMirror } from '../mirror/subjects.ts';
import type { Copied, Load, Written } from './load.ts';

export interface HoldPlan {
  readonly name: string;
  readonly compression: Compression;
  /** Absent: as many as are copied. */
  readonly recordsPerSecond?: number | undefined;
  readonly seconds: number;
}

export interface HoldOutcome {
  readonly recordsPerSecond: number;
  /** Records that were written and not copied, when it was looked. */
  readonly lag: { readonly median: number; readonly most: number };
  /** Seconds of processor time for a second of the run, by what the process does. */
  readonly processors: Readonly<Record<'generator' | 'source' | 'mirror' | 'target', number>>;
}

const topic = 'held';
const partitions = 12;
const recordBytes = 100;
const aheadMax = 1_000_000;
/**
 * What of each partition is kept, so that a disk does not fill: little enough that most of it is deleted before Linux
 * writes it to a disk, which would be measured in place of the clusters.
 */
const retention = { 'retention.bytes': '67108864', 'segment.bytes': '16777216', 'file.delete.delay.ms': '1000' };
const lookEveryMs = 250;
const generator = fileURLToPath(new URL('generator.ts', import.meta.url));

/** Throws when not all that was written has been copied in the end. */
export async function hold(
  plan: HoldPlan,
  source: MeasuredBroker,
  target: MeasuredBroker,
  progress: (message: string) => void,
): Promise<HoldOutcome> {
  await using sourceClient = createClient({ bootstrap: source.bootstrap });
  await using targetClient = createClient({ bootstrap: target.bootstrap });
  unwrap(await sourceClient.admin().createTopics([{ topic, partitions, configuration: retention }]));
  const run = `hold-${Date.now()}`;
  const { compression, recordsPerSecond, seconds } = plan;
  const shared = { bootstrap: source.bootstrap, topic, partitions, recordBytes, compression };
  const mirrored = { source: source.bootstrap, target: target.bootstrap, topic, compression, run };
  const copy = millraceMirror.targetTopic(mirrored);
  const mirror = await millraceMirror.start(mirrored);
  try {
    await untilThere(targetClient.admin(), copy);
    const load: Load = { ...shared, recordsPerSecond, aheadMax, seconds };
    const child = fork(generator, [JSON.stringify(load)]);
    let written: Written = { sent: 0, acknowledged: 0 };
    child.on('message', (message: Written) => {
      written = message;
    });
    const ended = once(child, 'exit');
    let isRunning = true;
    ended.then(() => {
      isRunning = false;
    });
    const pids = { generator: child.pid ?? 0, source: source.pid, mirror: mirror.pid, target: target.pid };
    const began = performance.now();
    const before = cpuOf(pids);
    const lags: number[] = [];
    let [copied, told] = [0, began];
    let after = before;
    let elapsed = 0;
    while (isRunning) {
      await sleep(lookEveryMs);
      const there = await endOf(sourceClient.admin(), topic);
      copied = await endOf(targetClient.admin(), copy);
      lags.push(Math.max(0, there - copied));
      if (!isRunning) break;
      if (child.connected) child.send({ copied } satisfies Copied);
      after = cpuOf(pids);
      elapsed = (performance.now() - began) / 1000;
      if (performance.now() - told < 15_000) continue;
      told = performance.now();
      const rate = Math.round(copied / elapsed).toLocaleString('en-US');
      progress(`${plan.name}: ${elapsed.toFixed(0)} s, ${rate} records/s copied, ${lags.at(-1)} behind`);
    }
    const [code] = await ended;
    if (code !== 0) throw new Error('the generator failed');
    for (let left = 200; copied < written.acknowledged && left > 0; left--) {
      await sleep(50);
      copied = await endOf(targetClient.admin(), copy);
    }
    const drained = (performance.now() - began) / 1000;
    if (copied !== written.acknowledged) throw new Error(`${copied} of ${written.acknowledged} records were copied`);
    const processors = mapValues(after, (seconds, name) => (seconds - before[name]) / elapsed);
    return { recordsPerSecond: copied / drained, lag: { median: median(lags), most: Math.max(...lags) }, processors };
  } finally {
    await mirror.stop();
    unwrap(await sourceClient.admin().deleteTopics([topic]));
    unwrap(await targetClient.admin().deleteTopics([copy]));
  }
}

type Process = keyof HoldOutcome['processors'];

function cpuOf(pids: Readonly<Record<Process, number>>): Record<Process, number> {
  return mapValues(pids, (pid) => usageOf(pid).cpuSeconds);
}

function mapValues<K extends string>(
  record: Readonly<Record<K, number>>,
  change: (value: number, key: K) => number,
): Record<K, number> {
  const entries = Object.entries(record) as [K, number][];
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value, key)])) as Record<K, number>;
}

async function untilThere(admin: Admin, name: string): Promise<void> {
  while ((await admin.describeTopics([name]))[0]?.error !== undefined) await sleep(50);
}

/** How many records have been written to a topic without markers. */
async function endOf(admin: Admin, name: string): Promise<number> {
  const queries = Array.from({ length: partitions }, (_, partition) => ({
    topic: name,
    partition,
    at: 'latest' as const,
  }));
  return unwrap(await admin.listOffsets(queries)).reduce((sum, { offset }) => sum + offset, 0);
}
