/** Records produced and consumed by a foreign client, on all brokers in turns. */
import { createClient, unwrap } from '@millrace/client';
import type { BenchmarkContext } from '../harness/benchmark.ts';
import type { MeasuredBroker } from '../harness/broker.ts';
import { usageOf } from '../harness/process-usage.ts';

export interface Workload {
  readonly name: string;
  readonly recordBytes: number;
  readonly recordCount: number;
  readonly partitions: number;
  /** 1: each record has a request of its own; else batches as full as the client makes them. */
  readonly recordsPerRequest: 1 | undefined;
  /** One of the sizes that show how cost grows. */
  readonly isGrowth?: true;
}

/** Where a workload runs. */
export interface Place {
  readonly name: string;
  readonly broker: MeasuredBroker;
}

/** A client of whichever kind; each call resolves with the seconds that its records took. */
export interface LoadClient {
  readonly name: string;
  prepare(workload: Workload): Promise<void>;
  produce(bootstrap: string, topic: string, workload: Workload): Promise<number>;
  consume(bootstrap: string, topic: string, workload: Workload): Promise<number>;
}

interface Outcome {
  readonly seconds: number;
  /** Of the broker. */
  readonly cpuSeconds: number;
  /** Of the broker, when the run ended. */
  readonly residentBytes: number;
}

/** What is measured; three sizes of one case show how cost grows. */
export function workloads(scale: number): Workload[] {
  const count = (records: number): number => Math.max(1, Math.round(records * scale));
  const sizes = [
    { size: '100 B', recordBytes: 100, full: 1_000_000, single: 30_000 },
    { size: '1 KiB', recordBytes: 1024, full: 200_000, single: 30_000 },
  ];
  const batches = sizes.flatMap(({ size, recordBytes, full }) =>
    [1, 100].map((partitions): Workload => {
      const name = `${size}, ${partitions === 1 ? '1 partition' : `${partitions} partitions`}`;
      return { name, recordBytes, recordCount: count(full), partitions, recordsPerRequest: undefined };
    }),
  );
  const singles = sizes.flatMap(({ size, recordBytes, single }) =>
    [1, 100].map((partitions): Workload => {
      const name = `${size}, one a request, ${partitions === 1 ? '1 partition' : `${partitions} partitions`}`;
      return { name, recordBytes, recordCount: count(single), partitions, recordsPerRequest: 1 };
    }),
  );
  const growth = [1, 4, 16].map(
    (factor): Workload => ({
      name: `100 B, 1 partition, ${factor}x size`,
      recordBytes: 100,
      recordCount: count(250_000 * factor),
      partitions: 1,
      recordsPerRequest: undefined,
      isGrowth: true,
    }),
  );
  return [...batches, ...singles, ...growth];
}

/** Runs it on all places in turns, once unmeasured, and reports. */
export async function measureWorkload(
  workload: Workload,
  client: LoadClient,
  places: readonly Place[],
  context: BenchmarkContext,
): Promise<void> {
  const outcomes = new Map<string, Outcome[]>();
  await client.prepare(workload);
  for (let round = 0; round <= context.rounds; round++) {
    for (const { name, broker } of places) {
      const topic = `bench-${round}-${Date.now()}`;
      await using connection = createClient({ bootstrap: broker.bootstrap });
      const admin = connection.admin();
      unwrap(await admin.createTopics([{ topic, partitions: workload.partitions }]));
      const actions = workload.recordsPerRequest === 1 ? (['produce'] as const) : (['produce', 'consume'] as const);
      for (const action of actions) {
        const outcome = await measured(broker, () => client[action](broker.bootstrap, topic, workload));
        const rate = Math.round(workload.recordCount / outcome.seconds).toLocaleString('en-US');
        const turn = round === 0 ? 'warm-up' : `round ${round}`;
        context.progress(`${workload.name}, ${turn}: ${action} by ${client.name} on ${name}: ${rate} records/s`);
        if (round > 0) append(outcomes, `${action} ${name}`, outcome);
      }
      unwrap(await admin.deleteTopics([topic]));
    }
  }
  for (const action of ['produce', 'consume'] as const) report(workload, client, action, places, outcomes, context);
}

async function measured(broker: MeasuredBroker, work: () => Promise<number>): Promise<Outcome> {
  const before = usageOf(broker.pid);
  const seconds = await work();
  const after = usageOf(broker.pid);
  return { seconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, residentBytes: after.residentBytes };
}

function report(
  workload: Workload,
  client: LoadClient,
  action: 'produce' | 'consume',
  places: readonly Place[],
  outcomes: ReadonlyMap<string, readonly Outcome[]>,
  context: BenchmarkContext,
): void {
  const of = (name: string): readonly Outcome[] => outcomes.get(`${action} ${name}`) ?? [];
  if (places.every(({ name }) => of(name).length === 0)) return;
  const series = (unit: string, moreIsBetter: boolean, figure: (outcome: Outcome) => number): void => {
    const values = new Map(places.map(({ name }) => [name, of(name).map(figure)]));
    const what = `${action} by ${client.name}, ${workload.name}`;
    context.report({ bench: 'broker', case: what, unit, moreIsBetter, values });
  };
  series('records/s', true, ({ seconds }) => workload.recordCount / seconds);
  series('broker CPU s/M records', false, ({ cpuSeconds }) => cpuSeconds / (workload.recordCount / 1e6));
  series('broker MB', false, ({ residentBytes }) => residentBytes / 1e6);
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key) ?? [];
  list.push(item);
  lists.set(key, list);
}
