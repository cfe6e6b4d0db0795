/** How soon a broker takes its first record, and what it holds when nobody wants anything. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, unwrap } from '@millrace/client';
import type { BenchmarkContext } from '../harness/benchmark.ts';
import type { BrokerSubject, MeasuredBroker } from '../harness/broker.ts';
import { usageOf } from '../harness/process-usage.ts';

const topic = 'first';
const restPartitions = 1000;
/** So long after the last request memory is looked at. */
const restMs = 10_000;

/** From the start of the process, on a directory that has a topic, to the acknowledgement of a record in it. */
export async function measureStart(
  subjects: readonly BrokerSubject[],
  folder: string,
  context: BenchmarkContext,
): Promise<void> {
  const values = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  const directoryOf = ({ name }: BrokerSubject): string => join(folder, `start-${name}`);
  for (const subject of subjects) {
    await using broker = await subject.start(directoryOf(subject));
    await createTopic(broker, topic, 1);
  }
  for (let round = 1; round <= context.rounds; round++) {
    for (const subject of subjects) {
      const began = performance.now();
      await using broker = await subject.start(directoryOf(subject));
      await using client = createClient({ bootstrap: broker.bootstrap });
      await using producer = client.producer();
      await producer.send({ topic, value: 'x' });
      const seconds = (performance.now() - began) / 1000;
      values.get(subject.name)?.push(seconds);
      context.progress(`start, round ${round}: ${subject.name}: ${seconds.toFixed(2)} s`);
    }
  }
  context.report({ bench: 'broker', case: 'start to first produce', unit: 's', moreIsBetter: false, values });
}

export async function measureRest(subjects: readonly BrokerSubject[], context: BenchmarkContext): Promise<void> {
  const values = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 1; round <= Math.min(3, context.rounds); round++) {
    for (const subject of subjects) {
      await using broker = await subject.start();
      await createTopic(broker, 'rest', restPartitions);
      await delay(restMs);
      const megabytes = usageOf(broker.pid).residentBytes / 1e6;
      values.get(subject.name)?.push(megabytes);
      context.progress(`at rest, round ${round}: ${subject.name}: ${megabytes.toFixed(0)} MB`);
    }
  }
  const name = `at rest with ${restPartitions} partitions`;
  context.report({ bench: 'broker', case: name, unit: 'MB', moreIsBetter: false, values });
}

async function createTopic({ bootstrap }: MeasuredBroker, name: string, partitions: number): Promise<void> {
  await using client = createClient({ bootstrap });
  unwrap(await client.admin().createTopics([{ topic: name, partitions }], { timeoutMs: 120_000 }));
}
