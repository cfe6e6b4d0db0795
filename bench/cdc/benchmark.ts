/**
 * Change capture beside Debezium on Kafka Connect, from the same PostgreSQL into the same Apache Kafka, exactly once
 * and as JSON without schemas, one after the other: how many rows a second come of a table that is there, and of
 * changes that wait in the log; and how long after its commit a row can be read, while 500 transactions a second come.
 * Rates go from the first row that arrives to the last, so that nobody's start counts.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@millrace/engines';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { findKafka, kafkaBroker } from '../harness/kafka-broker.ts';
import { findDebezium } from './find-debezium.ts';
import { type CaptureSubject, type CaptureTarget, debezium, millrace } from './subjects.ts';
import { dropSlot, insertRows, makeTable, withSource } from './table.ts';
import { type Arrivals, TopicReader } from './topic-reader.ts';

interface Outcome {
  readonly snapshot: number;
  readonly stream: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

const rowsAtScaleOne = 50_000;
const sizes = [1, 4, 16];
const pacedPerSecond = 500;
const pacedSeconds = 10;

export const benchmark: Benchmark = {
  description: 'change capture and Debezium, from one PostgreSQL into one Apache Kafka',

  async run(context) {
    const distribution = await findKafka(context.progress);
    if (distribution === undefined) throw new Error('this benchmark is one beside Debezium, and needs Apache Kafka');
    const subjects = [millrace, debezium(distribution, findDebezium(context.progress))];
    const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
    await chmod(directory, 0o755);
    const settings = { wal_level: 'logical', max_wal_size: '8GB', shared_buffers: '256MB' };
    const server = await startPostgres({ directory: join(directory, 'postgres'), settings });
    try {
      await using cluster = await kafkaBroker(distribution).start();
      for (const size of sizes) {
        if (!context.isWanted(`${size}x`)) continue;
        await measure(size, subjects, { url: server.url, bootstrap: cluster.bootstrap }, context);
      }
    } finally {
      await server.close();
      await rm(directory, { recursive: true });
    }
  },
};

async function measure(
  size: number,
  subjects: readonly CaptureSubject[],
  where: { readonly url: string; readonly bootstrap: string },
  context: BenchmarkContext,
): Promise<void> {
  const rows = Math.max(2_000, Math.round(rowsAtScaleOne * size * context.scale));
  const outcomes = new Map<string, Outcome[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 1; round <= context.rounds; round++) {
    for (const subject of subjects) {
      const run = `r${randomBytes(4).toString('hex')}`;
      const outcome = await measureOnce(subject, { ...where, run }, rows);
      outcomes.get(subject.name)?.push(outcome);
      const { snapshot, stream, latencyMs } = outcome;
      context.progress(
        `${size}x, round ${round}, ${subject.name}: ${Math.round(snapshot)} rows/s of the table, ` +
          `${Math.round(stream)} of the log, p99 ${latencyMs.p99.toFixed(1)} ms`,
      );
    }
  }
  const report = (name: string, unit: string, moreIsBetter: boolean, of: (outcome: Outcome) => number): void => {
    const values = new Map([...outcomes].map(([subject, list]) => [subject, list.map(of)]));
    context.report({ bench: 'cdc', case: `${size}x: ${name}`, unit, moreIsBetter, values });
  };
  report('rows of a table', 'rows/s', true, ({ snapshot }) => snapshot);
  report('changes in the log', 'rows/s', true, ({ stream }) => stream);
  report('commit to topic, median', 'ms', false, ({ latencyMs }) => latencyMs.p50);
  report('commit to topic, p99', 'ms', false, ({ latencyMs }) => latencyMs.p99);
}

async function measureOnce(subject: CaptureSubject, where: CaptureTarget, rows: number): Promise<Outcome> {
  const target = { ...where, url: await ownDatabase(where) };
  const topic = subject.topic(target);
  await using reader = new TopicReader(target.bootstrap, topic);
  const read = (from: number, count: number, isEach: boolean): Promise<Arrivals> =>
    reader.until(from, from + count - 1, isEach);
  await makeTable(target.url, rows);
  const first = await subject.start(target);
  let snapshot: Arrivals;
  let latencyMs: Outcome['latencyMs'];
  const paced = pacedPerSecond * pacedSeconds;
  try {
    await first.begin();
    snapshot = await read(1, rows, false);
    await sleep(2_000);
    const [committed, arrivals] = await Promise.all([writePaced(target.url, rows + 1), read(rows + 1, paced, true)]);
    latencyMs = latencies(committed, arrivals);
  } finally {
    await first.stop();
  }
  const logged = rows + paced + 1;
  await withSource(target.url, (client) => insertRows(client, logged, rows));
  const second = await subject.start(target);
  try {
    await second.begin();
    const stream = await read(logged, rows, false);
    return { snapshot: rate(snapshot, rows), stream: rate(stream, rows), latencyMs };
  } finally {
    await second.stop();
    await dropSlot(target.url, subject.slot(target));
  }
}

function rate({ firstMs, lastMs }: Arrivals, rows: number): number {
  return rows / Math.max(0.001, (lastMs - firstMs) / 1_000);
}

async function ownDatabase({ url, run }: CaptureTarget): Promise<string> {
  await withSource(url, (client) => client.query(`CREATE DATABASE ${run}`));
  const own = new URL(url);
  own.pathname = `/${run}`;
  return own.href;
}

/** One row a transaction, evenly over time; answers when each was committed. */
async function writePaced(url: string, from: number): Promise<Map<number, number>> {
  const committed = new Map<number, number>();
  await withSource(url, async (client) => {
    const begun = performance.now();
    for (let index = 0; index < pacedPerSecond * pacedSeconds; index++) {
      const wait = begun + (index * 1_000) / pacedPerSecond - performance.now();
      if (wait > 1) await sleep(wait);
      await insertRows(client, from + index, 1);
      committed.set(from + index, performance.now());
    }
  });
  return committed;
}

function latencies(committed: ReadonlyMap<number, number>, { at }: Arrivals): Outcome['latencyMs'] {
  const sorted = [...committed].map(([id, ms]) => Math.max(0, (at.get(id) ?? 0) - ms)).sort((a, b) => a - b);
  const of = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { p50: of(0.5), p99: of(0.99) };
}
