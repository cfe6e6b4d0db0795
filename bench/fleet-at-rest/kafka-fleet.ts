/** Two clusters of Apache Kafka of three brokers each, as tests and `up --engine kafka` start them: what they hold. */
import { readFileSync } from 'node:fs';
import { createClient, unwrap } from '@millrace/client';
import { type KafkaCluster, type KafkaDistribution, startKafkaCluster } from '@millrace/engines';
import type { BenchmarkContext } from '../harness/benchmark.ts';
import { usageOf } from '../harness/process-usage.ts';
import { untilIdle } from './until-idle.ts';

const names = ['east', 'west'];
const topic = 'traffic';
const partitions = 12;
const records = 500_000;
const recordBytes = 1024;
/** What an idle broker of Apache Kafka that also is a controller uses is well below. */
const idleShare = 0.15;

export async function measureKafkaFleet(distribution: KafkaDistribution, context: BenchmarkContext): Promise<void> {
  const starts: number[] = [];
  const rests: number[] = [];
  const peaks: number[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    const began = performance.now();
    const clusters: KafkaCluster[] = [];
    try {
      for (const name of names) clusters.push(await startKafkaCluster({ distribution, name, brokers: 3 }));
      starts.push((performance.now() - began) / 1000);
      await Promise.all(clusters.map((cluster) => send(cluster, Math.round(records * context.scale))));
      const pids = clusters.flatMap(({ brokers }) => brokers.map(({ pid }) => pid ?? 0));
      await untilIdle(pids, idleShare);
      rests.push(sum(pids.map((pid) => usageOf(pid).residentBytes)) / 1e6);
      if (process.platform === 'linux') peaks.push(sum(pids.map(peakBytes)) / 1e6);
      context.progress(
        `Apache Kafka, round ${round}: ${rests.at(-1)?.toFixed(0)} MB, ${peaks.at(-1)?.toFixed(0)} at most`,
      );
    } finally {
      for (const cluster of clusters) await cluster.close();
    }
  }
  const report = (name: string, unit: string, values: readonly number[]): void => {
    const entry = { bench: 'fleet-at-rest', case: `two clusters of three: ${name}`, unit, moreIsBetter: false };
    context.report({ ...entry, values: new Map([[`kafka-${distribution.version}`, values]]) });
  };
  report('start', 's', starts);
  report('resident after traffic', 'MB', rests);
  if (peaks.length > 0) report('peak resident', 'MB', peaks);
}

/** Three replicas of each record, acknowledged by all. */
async function send(cluster: KafkaCluster, count: number): Promise<void> {
  await using client = createClient({ bootstrap: cluster.bootstrap() });
  unwrap(await client.admin().createTopics([{ topic, partitions, replicationFactor: 3 }]));
  await using producer = client.producer();
  const value = Buffer.alloc(recordBytes, 'x');
  for (let index = 0; index < count; index++) {
    if (!producer.write({ topic, partition: index % partitions, value })) await producer.ready();
  }
  await producer.flush();
}

/** The most that a process has held in memory so far. */
function peakBytes(pid: number): number {
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(peak) * 1024;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
