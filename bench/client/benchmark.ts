/**
 * Clients for Node against each other, on the embedded broker and on Apache Kafka: records/s, CPU per million records,
 * peak memory.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from '@millrace/client';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import type { BrokerSubject, MeasuredBroker } from '../harness/broker.ts';
import { embeddedBroker } from '../harness/embedded-broker.ts';
import { findKafka, kafkaBroker } from '../harness/kafka-broker.ts';
import type { Work } from './subject.ts';
import { load } from './subjects/confluent.ts';

interface Outcome {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

type Action = 'produce' | 'consume';

interface Case {
  readonly name: string;
  readonly recordBytes: number;
  readonly recordCount: number;
  readonly subjects: readonly string[];
}

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url));
const run = promisify(execFile);
const partitions = 3;

export const benchmark: Benchmark = {
  description: 'Node clients produce (acks=all, idempotent) and consume, on the embedded broker and on Apache Kafka',

  async run(context) {
    const subjects = ['millrace', 'kafkajs', 'platformatic-kafka', ...confluentIfInstalled(context)];
    const count = (records: number): number => Math.round(records * context.scale);
    const cases: Case[] = [
      { name: '100 B', recordBytes: 100, recordCount: count(1_000_000), subjects },
      { name: '1 KiB', recordBytes: 1024, recordCount: count(200_000), subjects },
      ...[1, 4, 16].map((factor) => ({
        name: `100 B, ${factor}x size`,
        recordBytes: 100,
        recordCount: count(250_000 * factor),
        subjects: ['millrace'],
      })),
    ];
    const brokers: BrokerSubject[] = [embeddedBroker('the embedded broker')];
    const distribution = await findKafka(context.progress);
    if (distribution !== undefined) brokers.push(kafkaBroker(distribution));
    for (const { name, start } of brokers) {
      await using broker = await start();
      for (const each of cases) await measure({ ...each, name: `${each.name} on ${name}` }, broker, context);
    }
  },
};

function confluentIfInstalled(context: BenchmarkContext): string[] {
  try {
    load();
    return ['confluent'];
  } catch {
    context.progress(
      'without @confluentinc/kafka-javascript: install it in a folder of its own and name that in MILLRACE_BENCH_PEERS',
    );
    return [];
  }
}

/** Rounds in which every subject produces to a topic of its own and then consumes it. */
async function measure(each: Case, broker: MeasuredBroker, context: BenchmarkContext): Promise<void> {
  const outcomes = new Map<string, Outcome[]>();
  for (let round = 0; round < context.rounds; round++) {
    for (const subject of each.subjects) {
      const topic = `bench-${subject}-${round}-${each.name.replaceAll(/[^a-z0-9]/gi, '')}`;
      await recreate(broker, topic, true);
      const { recordBytes, recordCount } = each;
      const work = { bootstrap: broker.bootstrap, topic, recordCount, recordBytes };
      for (const action of ['produce', 'consume'] as const) {
        const outcome = await runWorker(subject, action, work);
        const key = `${action} ${subject}`;
        outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]);
        const rate = Math.round(recordCount / outcome.seconds).toLocaleString('en-US');
        context.progress(`${each.name}, round ${round + 1}: ${action} with ${subject}: ${rate} records/s`);
      }
      await recreate(broker, topic, false);
    }
  }
  for (const action of ['produce', 'consume'] as const) report(each, action, outcomes, context);
}

function report(each: Case, action: Action, outcomes: Map<string, Outcome[]>, context: BenchmarkContext): void {
  const series = (unit: string, moreIsBetter: boolean, figure: (outcome: Outcome) => number): void => {
    const values = new Map(
      each.subjects.map((subject) => [subject, (outcomes.get(`${action} ${subject}`) ?? []).map(figure)]),
    );
    context.report({ bench: 'client', case: `${action}, ${each.name}`, unit, moreIsBetter, values });
  };
  const millions = each.recordCount / 1e6;
  series('records/s', true, (outcome) => each.recordCount / outcome.seconds);
  series('MB/s', true, (outcome) => (each.recordCount * each.recordBytes) / outcome.seconds / 1e6);
  series('CPU s/M records', false, (outcome) => outcome.cpuSeconds / millions);
  series('peak MB', false, (outcome) => outcome.residentBytes / 1e6);
}

async function runWorker(subject: string, action: Action, work: Work): Promise<Outcome> {
  const { stdout } = await run(process.execPath, [worker, subject, action, JSON.stringify(work)], { timeout: 300_000 });
  return JSON.parse(stdout) as Outcome;
}

async function recreate(broker: MeasuredBroker, topic: string, create: boolean): Promise<void> {
  await using client = createClient({ bootstrap: broker.bootstrap });
  const admin = client.admin();
  if (create) await admin.createTopics([{ topic, partitions }]);
  else await admin.deleteTopics([topic]);
}
