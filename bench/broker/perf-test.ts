/** Kafka's own `kafka-producer-perf-test` and `kafka-consumer-perf-test`, which say themselves how fast they were. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { KafkaDistribution } from '@millrace/engines';
import type { LoadClient } from './workload.ts';

const run = promisify(execFile);

export function perfTest({ java, classPath }: KafkaDistribution): LoadClient {
  const runClass = async (name: string, args: readonly string[]): Promise<string> => {
    const flags = ['-Xmx512m', '-XX:+UseG1GC', '-cp', classPath, `org.apache.kafka.tools.${name}`];
    const { stdout } = await run(java.program, [...flags, ...args], { maxBuffer: 2 ** 24, timeout: 300_000 });
    return stdout;
  };
  return {
    name: 'Java',
    prepare: async () => undefined,
    async produce(bootstrap, topic, { recordCount, recordBytes }) {
      const what = ['--topic', topic, '--num-records', `${recordCount}`, '--record-size', `${recordBytes}`];
      const settings = [`bootstrap.servers=${bootstrap}`, 'acks=all', 'linger.ms=5'];
      const output = await runClass('ProducerPerformance', [
        ...what,
        '--throughput',
        '-1',
        '--producer-props',
        ...settings,
      ]);
      const rates = [...output.matchAll(/records sent, ([\d.]+) records\/sec/g)];
      return recordCount / Number(rates.at(-1)?.[1]);
    },
    async consume(bootstrap, topic, { recordCount }) {
      const what = ['--bootstrap-server', bootstrap, '--topic', topic, '--messages', `${recordCount}`];
      const output = await runClass('ConsumerPerformance', [...what, '--hide-header', '--timeout', '60000']);
      // start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, MB/s fetching, records/s fetching
      const figures = output.trim().split('\n').at(-1)?.split(',') ?? [];
      return recordCount / Number(figures[9]);
    },
  };
}
