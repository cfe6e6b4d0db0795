/**
 * The mirror beside MirrorMaker 2, between the same two clusters of Apache Kafka, one after the other: how many records
 * a second each copies, and what processor time its process takes for a million of them. Both are given topics that are
 * full already, and are measured from the first records that arrive to the last, so that their start does not count.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@millrace/client';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { findKafka, kafkaBroker } from '../harness/kafka-broker.ts';
import { usageOf } from '../harness/process-usage.ts';
import { deleteTopic, endOf, untilGrown, waitMsMax } from './growth.ts';
import { measureLongLink } from './link/long-link.ts';
import { type MirrorSubject, millraceAtLeastOnce, millraceMirror, mirrorMaker } from './subjects.ts';
import { fill, type MirrorWorkload, mirrorWorkloads } from './workload.ts';

interface Outcome {
  readonly recordsPerSecond: number;
  /** Of the mirror's process, for a million records. */
  readonly cpuSeconds: number;
}

export const benchmark: Benchmark = {
  description: 'the mirror and MirrorMaker 2 between two clusters of Apache Kafka',

  async run(context) {
    const distribution = await findKafka(context.progress);
    if (distribution === undefined) throw new Error('this benchmark is one beside MirrorMaker, and needs Apache Kafka');
    const makers = [mirrorMaker(distribution, true), mirrorMaker(distribution, false)];
    const subjects = [millraceMirror, millraceAtLeastOnce, ...makers];
    const broker = kafkaBroker(distribution);
    await using source = await broker.start();
    await using target = await broker.start();
    for (const workload of mirrorWorkloads(context.scale)) {
      if (!context.isWanted(workload.name, workload.isCore)) continue;
      context.progress(`${workload.name}: filling`);
      await fill(source.bootstrap, workload);
      await measure(workload, subjects, source.bootstrap, target.bootstrap, context);
      await deleteTopic(source.bootstrap, workload.topic);
    }
    await measureLongLink(target.bootstrap, subjects, context);
  },
};

async function measure(
  workload: MirrorWorkload,
  subjects: readonly MirrorSubject[],
  source: string,
  target: string,
  context: BenchmarkContext,
): Promise<void> {
  const outcomes = new Map<string, Outcome[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 1; round <= context.rounds; round++) {
    for (const subject of subjects) {
      const run = `r${round}-${Date.now()}`;
      const outcome = await measureOnce(subject, workload, {
        source,
        target,
        topic: workload.topic,
        compression: workload.compression,
        run,
      });
      outcomes.get(subject.name)?.push(outcome);
      const rate = Math.round(outcome.recordsPerSecond).toLocaleString('en-US');
      const cost = outcome.cpuSeconds.toFixed(2);
      context.progress(`${workload.name}, round ${round}: ${subject.name}: ${rate} records/s, ${cost} CPU s a million`);
    }
  }
  const series = (unit: string, moreIsBetter: boolean, figure: (outcome: Outcome) => number): void => {
    const values = new Map([...outcomes].map(([name, each]) => [name, each.map(figure)]));
    context.report({ bench: 'mirror', case: workload.name, unit, moreIsBetter, values });
  };
  series('records/s', true, ({ recordsPerSecond }) => recordsPerSecond);
  series('CPU s per million records', false, ({ cpuSeconds }) => cpuSeconds);
}

async function measureOnce(
  subject: MirrorSubject,
  { partitions, recordCount }: MirrorWorkload,
  run: Parameters<MirrorSubject['start']>[0],
): Promise<Outcome> {
  await using client = createClient({ bootstrap: run.target });
  const admin = client.admin();
  const topic = subject.targetTopic(run);
  const mirror = await subject.start(run);
  try {
    const first = await untilGrown(admin, topic, partitions, 1, mirror.pid);
    let last = first;
    // Markers of transactions have offsets too: what tells the end is that nothing more comes.
    for (let quiet = 0; last.end < recordCount || quiet < 20; quiet++) {
      await sleep(25);
      const now = await endOf(admin, topic, partitions);
      if (now > last.end) {
        last = { end: now, at: performance.now(), cpuSeconds: usageOf(mirror.pid).cpuSeconds };
        quiet = 0;
      }
      if (performance.now() - last.at > waitMsMax)
        throw new Error(`${subject.name} stopped at ${last.end} of ${recordCount}`);
    }
    const records = last.end - first.end;
    const seconds = (last.at - first.at) / 1000;
    return { recordsPerSecond: records / seconds, cpuSeconds: ((last.cpuSeconds - first.cpuSeconds) / records) * 1e6 };
  } finally {
    await mirror.stop();
    await deleteTopic(run.target, topic);
  }
}
