import { Kafka, logLevel } from 'kafkajs';
import { batchBytes, recordValue, type Subject, type Work } from '../subject.ts';

function connect(work: Work): Kafka {
  return new Kafka({ clientId: 'bench', brokers: work.bootstrap.split(','), logLevel: logLevel.NOTHING });
}

/**
 * `send` with many messages at once, five sends under way, which is what its guide advises for throughput. Not
 * idempotent, since that allows only one request under way.
 */
export const subject: Subject = {
  async produce(work, started) {
    const producer = connect(work).producer({ maxInFlightRequests: 5 });
    await producer.connect();
    const value = recordValue(work);
    await producer.send({ topic: work.topic, acks: -1, messages: [{ value }] });
    started();
    const perSend = Math.floor(batchBytes / (work.recordBytes + 16));
    const messages = Array.from({ length: perSend }, () => ({ value }));
    const sending = new Set<Promise<unknown>>();
    for (let sent = 1; sent < work.recordCount; sent += perSend) {
      const part = work.recordCount - sent < perSend ? messages.slice(0, work.recordCount - sent) : messages;
      const send = producer.send({ topic: work.topic, acks: -1, messages: part }).finally(() => sending.delete(send));
      sending.add(send);
      if (sending.size >= 5) await Promise.race(sending);
    }
    await Promise.all(sending);
    await producer.disconnect();
  },

  async consume(work, started) {
    started();
    const consumer = connect(work).consumer({ groupId: `bench-${process.pid}`, maxBytes: 8 * 1024 * 1024 });
    await consumer.connect();
    await consumer.subscribe({ topic: work.topic, fromBeginning: true });
    let bytes = 0;
    const wanted = work.recordCount * work.recordBytes;
    const { promise, resolve } = Promise.withResolvers<void>();
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages) bytes += message.value?.length ?? 0;
        if (bytes >= wanted) resolve();
      },
    });
    await promise;
    await consumer.disconnect();
  },
};
