import { Consumer, MessagesStreamModes, ProduceAcks, Producer } from '@platformatic/kafka';
import { batchBytes, recordValue, type Subject, type Work } from '../subject.ts';

function options(work: Work) {
  return { clientId: 'bench', bootstrapBrokers: work.bootstrap.split(',') };
}

/**
 * `send` with many messages at once, five sends under way. Not idempotent, since its idempotent sequence numbers get
 * out of order with several sends under way, on Apache Kafka too.
 */
export const subject: Subject = {
  async produce(work, started) {
    const producer = new Producer({ ...options(work), maxInflights: 5 });
    const value = recordValue(work);
    await producer.send({ messages: [{ topic: work.topic, value }], acks: ProduceAcks.ALL });
    started();
    const perSend = Math.floor(batchBytes / (work.recordBytes + 16));
    const messages = Array.from({ length: perSend }, () => ({ topic: work.topic, value }));
    const sending = new Set<Promise<unknown>>();
    for (let sent = 1; sent < work.recordCount; sent += perSend) {
      const part = work.recordCount - sent < perSend ? messages.slice(0, work.recordCount - sent) : messages;
      const send = producer.send({ messages: part, acks: ProduceAcks.ALL }).finally(() => sending.delete(send));
      sending.add(send);
      if (sending.size >= 5) await Promise.race(sending);
    }
    await Promise.all(sending);
    await producer.close();
  },

  async consume(work, started) {
    started();
    const consumer = new Consumer({ ...options(work), groupId: `bench-${process.pid}`, maxBytes: 8 * 1024 * 1024 });
    const stream = await consumer.consume({
      topics: [work.topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
    });
    let bytes = 0;
    const wanted = work.recordCount * work.recordBytes;
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.on('data', (message) => {
      bytes += message.value?.length ?? 0;
      if (bytes >= wanted) resolve();
    });
    await promise;
    await consumer.close(true);
  },
};
