/** What whole fleets hold in memory when nobody wants anything: the embedded one at its largest, and Apache Kafka's. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark } from '../harness/benchmark.ts';
import { findKafka } from '../harness/kafka-broker.ts';
import { measureEmbeddedFleet } from './embedded-fleet.ts';
import { measureKafkaFleet } from './kafka-fleet.ts';

export const benchmark: Benchmark = {
  description:
    '85 embedded clusters of 1,500 brokers in one process, without topics and with 200,000 partitions; and two ' +
    'clusters of three brokers of Apache Kafka in small heaps, after 500,000 records of 1 KiB to each',

  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
    try {
      await measureEmbeddedFleet(folder, context);
      const distribution = await findKafka(context.progress);
      if (distribution !== undefined) await measureKafkaFleet(distribution, context);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
