/**
 * The mirror beside MirrorMaker 2 over a link of 100 ms round trip: from a source that is far, as guides for both say
 * that a mirror should run, and the other way. How quickly each copies once it is in its stride, since connections take
 * seconds to get there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, createClient } from '@millrace/client';
import type { BenchmarkContext } from '../../harness/benchmark.ts';
import { usageOf } from '../../harness/process-usage.ts';
import { deleteTopic, endOf, untilGrown } from '../growth.ts';
import type { MirrorRun, MirrorSubject } from '../subjects.ts';
import { fill, type MirrorWorkload } from '../workload.ts';
import { Link } from './link.ts';

const roundTripMs = 100;
const roundsMax = 3;
/** After the first record so long nothing is measured, and then for so long, or until all is copied. */
const warmMs = 12_000;
const measuredMs = 12_000;
/** One that copies nothing in that time is measured until it does, at most for so long. */
const standstillMsMax = 120_000;
const lookMs = 250;

interface LongCase {
  readonly name: string;
  readonly isSourceFar: boolean;
  readonly partitions: number;
  /** Of the far brokers. */
  readonly configuration: Readonly<Record<string, string>>;
}

/** Brokers whose buffers grow with the link, as guides for long links have them; Kafka's own are 100 KiB. */
const grown = { 'socket.send.buffer.bytes': '-1', 'socket.receive.buffer.bytes': '-1' };
const cases: readonly LongCase[] = [
  { name: 'source far, 12 partitions', isSourceFar: true, partitions: 12, configuration: grown },
  { name: 'source far, 1 partition', isSourceFar: true, partitions: 1, configuration: grown },
  { name: 'target far, 12 partitions', isSourceFar: false, partitions: 12, configuration: grown },
  { name: "source far with Kafka's own buffers, 12 partitions", isSourceFar: true, partitions: 12, configuration: {} },
];

interface Outcome {
  readonly bytesPerSecond: number;
  readonly cpuSeconds: number;
}

/** `near` is a cluster on this side. */
export async function measureLongLink(
  near: string,
  subjects: readonly MirrorSubject[],
  context: BenchmarkContext,
): Promise<void> {
  const wanted = cases.filter(({ name }) => context.isWanted(caseName(name)));
  if (wanted.length === 0) return;
  await using link = await Link.open(roundTripMs, context.progress);
  if (link === undefined) return;
  const { roundTripMs: measured, bytesPerSecond, settings } = await link.facts();
  const rates = [...bytesPerSecond].map(([count, rate]) => `${count} plain connections ${megabytes(rate)} MB/s`);
  context.progress(`a link of ${measured.toFixed(1)} ms round trip: ${rates.join(', ')}; ${JSON.stringify(settings)}`);
  for (const each of wanted) await measureCase(link, near, each, subjects, context);
}

async function measureCase(
  link: Link,
  near: string,
  { name, isSourceFar, partitions, configuration }: LongCase,
  subjects: readonly MirrorSubject[],
  context: BenchmarkContext,
): Promise<void> {
  const { bootstrap: far = '' } = await link.tell({ do: 'start', configuration });
  const workload = workloadOf(partitions, context.scale);
  context.progress(`${name}: filling`);
  if (isSourceFar) await link.tell({ do: 'fill', workload });
  else await fill(near, workload);
  const [source, target] = isSourceFar ? [far, near] : [near, far];
  const outcomes = new Map<string, Outcome[]>(subjects.map((subject) => [subject.name, []]));
  for (let round = 1; round <= Math.min(roundsMax, context.rounds); round++) {
    for (const subject of subjects) {
      const { topic, compression } = workload;
      const run = { source, target, topic, compression, run: `r${round}-${Date.now()}`, isFar: true };
      const outcome = await measureOnce(subject, workload, run);
      outcomes.get(subject.name)?.push(outcome);
      context.progress(`${name}, round ${round}: ${subject.name}: ${megabytes(outcome.bytesPerSecond)} MB/s`);
    }
  }
  if (!isSourceFar) await deleteTopic(near, workload.topic);
  await link.tell({ do: 'stop' });
  const series = (unit: string, moreIsBetter: boolean, figure: (outcome: Outcome) => number): void => {
    const values = new Map([...outcomes].map(([subject, each]) => [subject, each.map(figure)]));
    context.report({ bench: 'mirror', case: caseName(name), unit, moreIsBetter, values });
  };
  series('MB/s', true, (outcome) => outcome.bytesPerSecond / 1e6);
  series('CPU s per GB', false, (outcome) => outcome.cpuSeconds);
}

async function measureOnce(subject: MirrorSubject, workload: MirrorWorkload, run: MirrorRun): Promise<Outcome> {
  await using client = createClient({ bootstrap: run.target });
  const admin = client.admin();
  const topic = subject.targetTopic(run);
  const mirror = await subject.start(run);
  try {
    await untilGrown(admin, topic, workload.partitions, 1, mirror.pid);
    await untilAll(admin, topic, workload, performance.now() + warmMs);
    const [first, firstCpu, began] = [
      await endOf(admin, topic, workload.partitions),
      usageOf(mirror.pid),
      performance.now(),
    ];
    let last = await untilAll(admin, topic, workload, began + measuredMs);
    while (last === first && performance.now() < began + standstillMsMax) {
      await sleep(lookMs);
      last = await endOf(admin, topic, workload.partitions);
    }
    const seconds = (performance.now() - began) / 1000;
    const bytes = (last - first) * workload.recordBytes;
    if (bytes <= 0)
      throw new Error(`${subject.name} copied nothing while it was measured, and ${first} records before`);
    const cpuSeconds = usageOf(mirror.pid).cpuSeconds - firstCpu.cpuSeconds;
    return { bytesPerSecond: bytes / seconds, cpuSeconds: (cpuSeconds / bytes) * 1e9 };
  } finally {
    await mirror.stop();
    await deleteTopic(run.target, topic);
  }
}

/** Waits until all is copied, at most to a time; answers how much is. */
async function untilAll(admin: Admin, topic: string, { partitions, recordCount }: MirrorWorkload, until: number) {
  for (;;) {
    const end = await endOf(admin, topic, partitions);
    if (end >= recordCount || performance.now() >= until) return end;
    await sleep(lookMs);
  }
}

function workloadOf(partitions: number, scale: number): MirrorWorkload {
  const recordCount = Math.max(1000, Math.round(3_000_000 * scale));
  const base = { recordBytes: 1024, recordsPerBatch: 500, compression: 'none' } as const;
  return { ...base, name: 'over a long link', topic: `long-${partitions}`, partitions, recordCount };
}

function caseName(name: string): string {
  return `${roundTripMs} ms round trip, ${name}, 1 KiB`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
