/**
 * Nexmark's queries 0 to 8 with Millrace and with Kafka Streams, each as one process on the same broker of Apache
 * Kafka: exactly once, state on disk, topics full beforehand. Measured from the first commit to the last, so that the
 * start of either does not count; what they answer must be the same, and that of a plain recomputation where it fits in
 * memory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, unwrap } from '@millrace/client';
import { type NexmarkQuery, nexmarkEvents, nexmarkQueries, ofRun, recomputed } from '@millrace/streams/testing/nexmark';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { findKafka, kafkaBroker } from '../harness/kafka-broker.ts';
import { type Measured, measureProgress, untilQuiet } from './progress.ts';
import { type Answer, answerOf, readAnswer } from './results.ts';
import { kafkaStreams, millraceStreams, type StreamsSubject } from './subjects.ts';
import { bidBehind, fill, fillBehind, partitions, topicOf, type Workload } from './workload.ts';

const eventCount = 1_000_000;
/** Queries that read persons and auctions alone, 8 of 100 events, get more of them. */
const eventFactors: Readonly<Record<string, number>> = { q3: 5, q8: 5 };
/** Above so many events the plain recomputation would need too much memory. */
const recomputedMax = 300_000;

/**
 * A stage behind a topic of its own gets some records after later ones of other topics: joins there must wait for them.
 */
const graces: Readonly<Record<string, number>> = { q4: 10_000, q6: 10_000, q8: 3_600_000 };

const settings = {
  'group.initial.rebalance.delay.ms': '0',
  // The events are of 2015, and would not be kept.
  'log.retention.ms': '-1',
};

export const benchmark: Benchmark = {
  description: "Nexmark's queries with Millrace and Kafka Streams, exactly once, on one broker of Apache Kafka",

  async run(context) {
    const distribution = await findKafka(context.progress);
    if (distribution === undefined)
      throw new Error('this benchmark is one beside Kafka Streams, and needs Apache Kafka');
    const subjects = [millraceStreams, kafkaStreams(distribution, 1), kafkaStreams(distribution, 2)];
    for (const query of nexmarkQueries) {
      if (!context.isWanted(query.name)) continue;
      // A broker of its own: what others have left there would be served too.
      await using broker = await kafkaBroker(distribution, settings).start();
      context.progress(`${query.name}: filling`);
      const count = eventCount * (eventFactors[query.name] ?? 1) * context.scale;
      const workload = await fill(broker.bootstrap, query.inputs, Math.round(count));
      await measureQuery(query, workload, subjects, broker.bootstrap, context);
    }
  },
};

async function measureQuery(
  query: NexmarkQuery,
  workload: Workload,
  subjects: readonly StreamsSubject[],
  bootstrap: string,
  context: BenchmarkContext,
): Promise<void> {
  const outcomes = new Map<string, Measured[]>(subjects.map(({ name }) => [name, []]));
  let expected: Answer | undefined = recompute(query, workload);
  for (let round = 1; round <= context.rounds; round++) {
    for (const subject of subjects) {
      const run = `${round}-${subjects.indexOf(subject)}-${Date.now()}`;
      // What a query answers does not change from round to round.
      const answered = round === 1;
      const { measured, answer } = await runOnce(query, workload, subject, bootstrap, run, answered);
      outcomes.get(subject.name)?.push(measured);
      const rate = Math.round(measured.recordsPerSecond).toLocaleString('en-US');
      const cost = measured.cpuSeconds.toFixed(2);
      context.progress(`${query.name}, round ${round}: ${subject.name}: ${rate} records/s, ${cost} CPU s a million`);
      if (answer === undefined) continue;
      expected ??= answer;
      checkSame(query, subject, answer, expected);
    }
    if (round === 1) context.progress(`${query.name}: all have answered the same ${expected?.count} results`);
  }
  const series = (unit: string, moreIsBetter: boolean, figure: (measured: Measured) => number): void => {
    const values = new Map([...outcomes].map(([name, each]) => [name, each.map(figure)]));
    context.report({ bench: 'streams', case: query.name, unit, moreIsBetter, values });
  };
  series('records/s', true, ({ recordsPerSecond }) => recordsPerSecond);
  series('CPU s per million records', false, ({ cpuSeconds }) => cpuSeconds);
}

async function runOnce(
  query: NexmarkQuery,
  workload: Workload,
  subject: StreamsSubject,
  bootstrap: string,
  run: string,
  answered: boolean,
): Promise<{ readonly measured: Measured; readonly answer: Answer | undefined }> {
  await using client = createClient({ bootstrap });
  const admin = client.admin();
  unwrap(await admin.createTopics([{ topic: ofRun(query.output.name, run), partitions }]));
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-streams-'));
  const { auctionMsMax } = workload;
  const graceMs = graces[query.name] ?? 0;
  const running = await subject.start({ bootstrap, query: query.name, run, graceMs, auctionMsMax, directory });
  try {
    const group = ofRun(`nexmark-${query.name}`, run);
    const topics = query.inputs.map((kind) => topicOf[kind]);
    const total = query.inputs.reduce((sum, kind) => sum + workload.counts[kind], 0);
    const measured = await measureProgress(admin, group, topics, total, running);
    if (!answered) return { measured, answer: undefined };
    if (closesWindows(query)) {
      await fillBehind(bootstrap, workload);
      await untilQuiet(admin, group, running);
    }
    return { measured, answer: await readAnswer(bootstrap, query, run, workload.endTime) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Error(`${subject.name}: ${problem}; it said last:\n${running.said()}`, { cause: error });
  } finally {
    await running.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Whether results wait for time to pass the end of windows. */
function closesWindows({ name }: NexmarkQuery): boolean {
  return name === 'q5' || name === 'q7';
}

function recompute(query: NexmarkQuery, { options, auctionMsMax, endTime }: Workload): Answer | undefined {
  if (options.count > recomputedMax) return undefined;
  const events = [...nexmarkEvents(options)];
  if (closesWindows(query)) events.push({ kind: 'bid', event: bidBehind(endTime, 1) });
  const results = recomputed[query.name]?.(events, { graceMs: graces[query.name] ?? 0, auctionMsMax });
  return results === undefined ? undefined : answerOf(results);
}

function checkSame(query: NexmarkQuery, subject: StreamsSubject, answer: Answer, expected: Answer): void {
  if (answer.count === expected.count && answer.digest === expected.digest) return;
  throw new Error(
    `${query.name}: ${subject.name} has answered ${answer.count} results (${answer.digest}), ` +
      `where ${expected.count} (${expected.digest}) are right`,
  );
}
