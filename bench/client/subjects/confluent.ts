/**
 * @confluentinc/kafka-javascript (librdkafka), which compiles when installed and is therefore no dependency of this
 *   repository.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { recordValue, type Subject, type Work } from '../subject.ts';

/** The parts of its callback API, the fastest it has, that are used here. */
interface RdKafka {
  HighLevelProducer: unknown;
  Producer: new (configuration: object, topic: object) => RdProducer;
  KafkaConsumer: new (configuration: object, topic: object) => RdConsumer;
}

interface RdProducer {
  connect(options: object, callback: (error: Error | null) => void): void;
  produce(topic: string, partition: number | null, value: Buffer): boolean;
  flush(timeoutMs: number, callback: (error: Error | null) => void): void;
  disconnect(callback: () => void): void;
}

interface RdConsumer {
  connect(options: object, callback: (error: Error | null) => void): void;
  subscribe(topics: string[]): void;
  consume(count: number, callback: (error: Error | null, messages: { value: Buffer | null }[]) => void): void;
  disconnect(callback: () => void): void;
}

/** Where to look for it, besides this repository: a folder with a `node_modules` in it. */
const folder = process.env['MILLRACE_BENCH_PEERS'];

export function load(): RdKafka {
  const require = createRequire(folder === undefined ? import.meta.url : join(folder, 'package.json'));
  return require('@confluentinc/kafka-javascript') as RdKafka;
}

const queueFull = -184;

/** Its raw API without a callback a record, which would cost most; `flush` waits for the acknowledgements. */
export const subject: Subject = {
  async produce(work, started) {
    const producer = new (load().Producer)(
      {
        'bootstrap.servers': work.bootstrap,
        'enable.idempotence': true,
        'queue.buffering.max.messages': 1_000_000,
        'linger.ms': 5,
      },
      {},
    );
    await new Promise<void>((resolve, reject) =>
      producer.connect({}, (error) => (error === null ? resolve() : reject(error))),
    );
    const value = recordValue(work);
    started();
    for (let sent = 0; sent < work.recordCount; ) {
      try {
        producer.produce(work.topic, null, value);
        sent += 1;
      } catch (error) {
        if ((error as { code?: number }).code !== queueFull) throw error;
        await new Promise((turn) => setTimeout(turn, 2));
      }
    }
    await new Promise<void>((resolve, reject) =>
      producer.flush(120_000, (error) => (error === null ? resolve() : reject(error))),
    );
    await new Promise<void>((done) => producer.disconnect(() => done()));
  },

  async consume(work: Work, started) {
    started();
    const consumer = new (load().KafkaConsumer)(
      { 'bootstrap.servers': work.bootstrap, 'group.id': `bench-${process.pid}`, 'enable.auto.commit': false },
      { 'auto.offset.reset': 'earliest' },
    );
    await new Promise<void>((resolve, reject) =>
      consumer.connect({}, (error) => (error === null ? resolve() : reject(error))),
    );
    consumer.subscribe([work.topic]);
    let bytes = 0;
    const wanted = work.recordCount * work.recordBytes;
    while (bytes < wanted) {
      const messages = await new Promise<{ value: Buffer | null }[]>((resolve, reject) =>
        consumer.consume(10_000, (error, read) => (error === null ? resolve(read) : reject(error))),
      );
      for (const { value } of messages) bytes += value?.length ?? 0;
    }
    await new Promise<void>((done) => consumer.disconnect(() => done()));
  },
};
