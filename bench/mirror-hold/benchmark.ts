/**
 * Two clusters of one broker each, a generator and the mirror between them, all on this machine at once: 100 billion
 * records a day held for ten minutes, and then what goes through at most.
 */
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import type { BrokerSubject } from '../harness/broker.ts';
import { embeddedBroker } from '../harness/embedded-broker.ts';
import { findKafka, kafkaBroker } from '../harness/kafka-broker.ts';
import { type HoldPlan, hold } from './hold.ts';

/** 100 billion a day. */
const recordsPerSecond = 1_157_408;
const retentionCheck = { 'log.retention.check.interval.ms': '2000' };

export const benchmark: Benchmark = {
  description: 'a generator, two clusters and the mirror between them on one machine, 12 partitions; each case once',

  async run(context) {
    const seconds = Math.max(5, Math.round(600 * context.scale));
    const most = Math.max(5, Math.round(60 * context.scale));
    const settings = Object.entries(retentionCheck).flatMap(([name, value]) => ['--config', `${name}=${value}`]);
    const embedded = embeddedBroker('millrace', settings);
    const held = `100 B, 100 billion a day for ${seconds} s`;
    await measure(embedded, { name: held, compression: 'none', recordsPerSecond, seconds }, context);
    const distribution = await findKafka(context.progress);
    const brokers = [embedded, ...(distribution === undefined ? [] : [kafkaBroker(distribution, retentionCheck)])];
    for (const broker of brokers) {
      for (const compression of ['none', 'lz4'] as const) {
        const name = `100 B, ${compression}, at most, for ${most} s`;
        await measure(broker, { name, compression, seconds: most }, context);
      }
    }
  },
};

async function measure(broker: BrokerSubject, plan: HoldPlan, context: BenchmarkContext): Promise<void> {
  await using source = await broker.start();
  await using target = await broker.start();
  const { recordsPerSecond, lag, processors } = await hold(plan, source, target, context.progress);
  const report = (unit: string, moreIsBetter: boolean, value: number): void => {
    const values = new Map([[`millrace on ${broker.name}`, [value]]]);
    context.report({ bench: 'mirror-hold', case: plan.name, unit, moreIsBetter, values });
  };
  report('records/s', true, recordsPerSecond);
  report('records behind, median', false, lag.median);
  report('records behind, most', false, lag.most);
  for (const [name, used] of Object.entries(processors)) report(`processors, ${name}`, false, used);
}
