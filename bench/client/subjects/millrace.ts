import { createClient } from '@millrace/client';
import { recordValue, type Subject, type Work } from '../subject.ts';

/** The fast door: `write` with back-pressure, batches iterated synchronously. */
export const subject: Subject = {
  async produce(work, started) {
    await using client = createClient({ bootstrap: work.bootstrap });
    await using producer = client.producer();
    const value = recordValue(work);
    await producer.send({ topic: work.topic, value });
    started();
    for (let sent = 1; sent < work.recordCount; sent++) {
      if (!producer.write({ topic: work.topic, value })) await producer.ready();
    }
    await producer.flush();
  },

  async consume(work, started) {
    started();
    await using client = createClient({ bootstrap: work.bootstrap });
    await using consumer = client.consumer({ topics: [work.topic], from: 'earliest' });
    await readAll(consumer, work);
  },
};

async function readAll(
  consumer: AsyncIterable<Iterable<{ readonly value: Uint8Array | null }>>,
  work: Work,
): Promise<void> {
  let bytes = 0;
  const wanted = work.recordCount * work.recordBytes;
  for await (const batch of consumer) {
    for (const record of batch) bytes += record.value?.length ?? 0;
    if (bytes >= wanted) return;
  }
}
