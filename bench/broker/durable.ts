/** What it costs that every acknowledged record is synced. */
import { createClient, unwrap } from '@millrace/client';
import type { BenchmarkContext } from '../harness/benchmark.ts';
import { embeddedBroker } from '../harness/embedded-broker.ts';
import { kcat } from './kcat.ts';
import type { Workload } from './workload.ts';

const subjects = [embeddedBroker(), embeddedBroker('millrace --durable', ['--durable'])];

export async function measureDurable(folder: string, context: BenchmarkContext): Promise<void> {
  const client = kcat(folder);
  const count = (records: number): number => Math.max(1, Math.round(records * context.scale));
  for (const workload of [
    { name: '100 B', recordBytes: 100, recordCount: count(1_000_000) },
    { name: '1 KiB', recordBytes: 1024, recordCount: count(200_000) },
  ]) {
    await measureRates({ ...workload, partitions: 1, recordsPerRequest: undefined }, client, context);
  }
  const values = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < context.rounds; round++) {
    for (const { name, start } of subjects) {
      await using broker = await start();
      values.get(name)?.push(await medianLatencyMs(broker.bootstrap));
    }
  }
  const name = 'durable, one record at a time (median)';
  context.report({ bench: 'broker', case: name, unit: 'ms', moreIsBetter: false, values });
}

async function measureRates(
  workload: Workload,
  client: ReturnType<typeof kcat>,
  context: BenchmarkContext,
): Promise<void> {
  const values = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  await client.prepare(workload);
  for (let round = 1; round <= context.rounds; round++) {
    for (const { name, start } of subjects) {
      await using broker = await start();
      await createTopic(broker.bootstrap, 'durable');
      const seconds = await client.produce(broker.bootstrap, 'durable', workload);
      values.get(name)?.push(workload.recordCount / seconds);
    }
    context.progress(`durable, ${workload.name}, round ${round}`);
  }
  const name = `durable, produce ${workload.name}`;
  context.report({ bench: 'broker', case: name, unit: 'records/s', moreIsBetter: true, values });
}

/** From sending a record to its acknowledgement, with nothing else under way. */
async function medianLatencyMs(bootstrap: string): Promise<number> {
  await createTopic(bootstrap, 'latency');
  await using client = createClient({ bootstrap });
  await using producer = client.producer({ lingerMs: 0 });
  const times: number[] = [];
  for (let record = 0; record < 300; record++) {
    const began = performance.now();
    await producer.send({ topic: 'latency', value: 'x'.repeat(100) });
    times.push(performance.now() - began);
  }
  return times.sort((left, right) => left - right)[150] as number;
}

async function createTopic(bootstrap: string, topic: string): Promise<void> {
  await using client = createClient({ bootstrap });
  unwrap(await client.admin().createTopics([{ topic, partitions: 1 }]));
}
