/**
 * The embedded broker beside Apache Kafka: the same foreign clients (librdkafka in kcat, and Kafka's own performance
 * tools) with the same settings on both, in turns. What differs is the broker.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark } from '../harness/benchmark.ts';
import type { BrokerSubject, MeasuredBroker } from '../harness/broker.ts';
import { embeddedBroker } from '../harness/embedded-broker.ts';
import { findKafka, kafkaBroker } from '../harness/kafka-broker.ts';
import { measureDurable } from './durable.ts';
import { kcat } from './kcat.ts';
import { perfTest } from './perf-test.ts';
import { measureRest, measureStart } from './start-and-rest.ts';
import { measureWorkload, type Place, workloads } from './workload.ts';

export const benchmark: Benchmark = {
  description: 'the embedded broker and Apache Kafka under librdkafka (kcat) and kafka-producer-perf-test, acks=all',

  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
    try {
      const distribution = await findKafka(context.progress);
      const subjects: BrokerSubject[] = [embeddedBroker()];
      if (distribution !== undefined) subjects.push(kafkaBroker(distribution));
      await measureStart(subjects, folder, context);
      await measureRest(subjects, context);
      await onAll(subjects, async (places) => {
        for (const workload of workloads(context.scale)) await measureWorkload(workload, kcat(folder), places, context);
        if (distribution === undefined) return;
        const tools = perfTest(distribution);
        const batches = workloads(context.scale).filter(
          ({ recordsPerRequest, isGrowth }) => !isGrowth && recordsPerRequest !== 1,
        );
        for (const workload of batches) await measureWorkload(workload, tools, places, context);
      });
      await measureDurable(folder, context);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Runs `work` while all subjects run, so that none is measured colder than another. */
async function onAll(
  subjects: readonly BrokerSubject[],
  work: (places: readonly Place[]) => Promise<void>,
): Promise<void> {
  const brokers: MeasuredBroker[] = [];
  try {
    for (const subject of subjects) brokers.push(await subject.start());
    await work(subjects.map(({ name }, at) => ({ name, broker: brokers[at] as MeasuredBroker })));
  } finally {
    for (const broker of brokers) await broker[Symbol.asyncDispose]();
  }
}
