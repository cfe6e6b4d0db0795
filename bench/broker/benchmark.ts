/**
 * The embedded broker under librdkafka (kcat), with records/s, the broker's CPU per million records, its start, and its
 * memory at rest. The client is the same for every subject, so what differs is the broker.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@millrace/client';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { type BrokerProcess, startBroker } from '../harness/broker-process.ts';
import { usageOf } from '../harness/process-usage.ts';

interface Outcome {
  readonly seconds: number;
  /** Of the broker. */
  readonly cpuSeconds: number;
  /** Of the broker, when the run ended. */
  readonly residentBytes: number;
}

interface Case {
  readonly name: string;
  readonly recordBytes: number;
  readonly recordCount: number;
  readonly partitions: number;
}

const subject = 'millrace';

export const benchmark: Benchmark = {
  description: 'the embedded broker, produced to (acks=all) and consumed from by librdkafka through kcat',

  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
    try {
      await measureStart(context);
      await measureRest(context);
      for (const each of casesOf(context.scale)) await measureRecords(each, folder, context);
      await measureDurable(folder, context);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function casesOf(scale: number): Case[] {
  const count = (records: number): number => Math.round(records * scale);
  return [
    { name: '100 B', recordBytes: 100, recordCount: count(1_000_000), partitions: 1 },
    { name: '1 KiB', recordBytes: 1024, recordCount: count(200_000), partitions: 1 },
    ...[1, 4, 16].map((factor) => ({
      name: `100 B, ${factor}x size`,
      recordBytes: 100,
      recordCount: count(250_000 * factor),
      partitions: 1,
    })),
  ];
}

async function measureStart(context: BenchmarkContext): Promise<void> {
  const values: number[] = [];
  for (let round = 0; round < context.rounds; round++) {
    await using broker = await startBroker();
    values.push(broker.startSeconds);
  }
  context.report({
    bench: 'broker',
    case: 'start',
    unit: 's',
    moreIsBetter: false,
    values: new Map([[subject, values]]),
  });
}

async function measureRest(context: BenchmarkContext): Promise<void> {
  const values: number[] = [];
  for (let round = 0; round < context.rounds; round++) {
    await using broker = await startBroker();
    await using client = createClient({ bootstrap: broker.bootstrap });
    await client.admin().createTopics([{ topic: 'rest', partitions: 1000 }]);
    values.push(usageOf(broker.pid).residentBytes / 1e6);
  }
  const name = 'at rest with 1000 partitions';
  context.report({
    bench: 'broker',
    case: name,
    unit: 'MB',
    moreIsBetter: false,
    values: new Map([[subject, values]]),
  });
}

/** What it costs that every acknowledged record is synced. */
async function measureDurable(folder: string, context: BenchmarkContext): Promise<void> {
  const subjects = new Map([
    [subject, []],
    [`${subject} --durable`, ['--durable']],
  ]);
  const of = (): Map<string, number[]> => new Map([...subjects.keys()].map((name) => [name, []]));
  for (const { recordBytes, recordCount, name } of casesOf(context.scale).slice(0, 2)) {
    const file = join(folder, 'durable');
    await writeFile(file, `${'x'.repeat(recordBytes)}\n`.repeat(recordCount));
    const rates = of();
    for (let round = 0; round < context.rounds; round++) {
      for (const [each, args] of subjects) {
        await using broker = await startBroker(args);
        await createTopic(broker, 'durable', 1);
        const produce = ['-P', '-b', broker.bootstrap, '-t', 'durable', '-l', file, '-X', 'linger.ms=5'];
        const { seconds } = await timed(broker, [...produce, '-X', 'acks=all']);
        rates.get(each)?.push(recordCount / seconds);
      }
      context.progress(`durable, ${name}, round ${round + 1}`);
    }
    const unit = 'records/s';
    context.report({ bench: 'broker', case: `durable, produce ${name}`, unit, moreIsBetter: true, values: rates });
  }
  const latencies = of();
  for (let round = 0; round < context.rounds; round++) {
    for (const [each, args] of subjects) latencies.get(each)?.push(await latencyOf(args));
  }
  const name = 'durable, one record at a time (median)';
  context.report({ bench: 'broker', case: name, unit: 'ms', moreIsBetter: false, values: latencies });
}

/** The median time in milliseconds from sending a record to its acknowledgement, with nothing else under way. */
async function latencyOf(args: readonly string[]): Promise<number> {
  await using broker = await startBroker(args);
  await using client = createClient({ bootstrap: broker.bootstrap });
  await client.admin().createTopics([{ topic: 'latency', partitions: 1 }]);
  await using producer = client.producer({ lingerMs: 0 });
  const times: number[] = [];
  for (let record = 0; record < 300; record++) {
    const began = performance.now();
    await producer.send({ topic: 'latency', value: 'x'.repeat(100) });
    times.push(performance.now() - began);
  }
  return times.sort((left, right) => left - right)[150] as number;
}

async function measureRecords(each: Case, folder: string, context: BenchmarkContext): Promise<void> {
  const file = join(folder, `${each.recordCount}x${each.recordBytes}`);
  const line = `${'x'.repeat(each.recordBytes)}\n`;
  await writeFile(file, line.repeat(each.recordCount));
  const produced: Outcome[] = [];
  const consumed: Outcome[] = [];
  for (let round = 0; round < context.rounds; round++) {
    await using broker = await startBroker();
    const topic = `bench-${round}`;
    await createTopic(broker, topic, each.partitions);
    const base = ['-b', broker.bootstrap, '-t', topic];
    produced.push(await timed(broker, ['-P', ...base, '-l', file, '-X', 'linger.ms=5', '-X', 'acks=all']));
    consumed.push(await timed(broker, ['-C', ...base, '-o', 'beginning', '-e', '-q']));
    context.progress(`${each.name}, round ${round + 1}`);
  }
  await rm(file);
  report(`produce, ${each.name}`, each, produced, context);
  report(`consume, ${each.name}`, each, consumed, context);
}

function report(name: string, each: Case, outcomes: readonly Outcome[], context: BenchmarkContext): void {
  const series = (unit: string, moreIsBetter: boolean, figure: (outcome: Outcome) => number): void => {
    const values = new Map([[subject, outcomes.map(figure)]]);
    context.report({ bench: 'broker', case: name, unit, moreIsBetter, values });
  };
  series('records/s', true, (outcome) => each.recordCount / outcome.seconds);
  series('MB/s', true, (outcome) => (each.recordCount * each.recordBytes) / outcome.seconds / 1e6);
  series('broker CPU s/M records', false, (outcome) => outcome.cpuSeconds / (each.recordCount / 1e6));
  series('broker MB', false, (outcome) => outcome.residentBytes / 1e6);
}

/** Runs kcat to its end, and says how long it took and what the broker used meanwhile. */
async function timed(broker: BrokerProcess, args: readonly string[]): Promise<Outcome> {
  const before = usageOf(broker.pid);
  const began = performance.now();
  const child = spawn('kcat', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  child.on('error', (error) => {
    throw new Error(`this benchmark needs kcat (Debian's package kcat): ${error.message}`);
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`kcat ${args.join(' ')} failed with exit code ${code}`);
  const seconds = (performance.now() - began) / 1000;
  const after = usageOf(broker.pid);
  return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, residentBytes: after.residentBytes };
}

async function createTopic(broker: BrokerProcess, topic: string, partitions: number): Promise<void> {
  await using client = createClient({ bootstrap: broker.bootstrap });
  await client.admin().createTopics([{ topic, partitions }]);
}
