/** Our own client. */
import { type Consumer, type ConsumerRecord, KafkaError } from '@millrace/client';
import { type Driver, inOrder, type Message, type ReadOptions, type StoredMessage } from './driver.ts';

export const millrace: Driver = {
  client: 'millrace',

  async produce(_place, scope, { topic, messages, access, acks, compression, idempotent }) {
    const producer = scope.connect(access).producer({ acks, compression, idempotent });
    for (const message of messages) producer.write(recordOf(topic, message));
    await producer.close();
  },

  async read(_place, scope, options) {
    const { topic, isolation, access } = options;
    const consumer = scope.connect(access).consumer({ topics: [topic], from: 'earliest', isolation });
    return await readWith(consumer, options);
  },

  async readInGroup(_place, scope, options) {
    const { topic, isolation, group, protocol, access } = options;
    const member = { topics: [topic], group, protocol, from: 'earliest', isolation } as const;
    const consumer = scope.connect(access).consumer(member);
    return await readWith(consumer, options, () => consumer.commit());
  },

  async transact(_place, scope, { transactionalId, topic, messages, outcome, access }) {
    await using producer = scope.connect(access).producer({ transactionalId });
    await using transaction = await producer.begin();
    for (const message of messages) await transaction.send(recordOf(topic, message));
    await (outcome === 'commit' ? transaction.commit() : transaction.abort());
  },

  errorName: (error) => kafkaErrorIn(error)?.errorName ?? String(error),
};

/** The first of Kafka's errors in the chain of causes. */
export function kafkaErrorIn(error: unknown): KafkaError | undefined {
  if (error instanceof KafkaError) return error;
  if (error instanceof AggregateError) return error.errors.map(kafkaErrorIn).find((each) => each !== undefined);
  return error instanceof Error ? kafkaErrorIn(error.cause) : undefined;
}

function recordOf(topic: string, { key = null, value, headers = {}, partition = 0 }: Message) {
  return { topic, key, value, headers, partition };
}

/** Reads until there are as many as wanted, and closes the consumer. */
async function readWith(
  consumer: Consumer,
  { count }: ReadOptions,
  commit?: () => Promise<void>,
): Promise<StoredMessage[]> {
  const read: StoredMessage[] = [];
  for await (const batch of consumer) {
    for (const record of batch) read.push(storedOf(record));
    if (read.length >= count) break;
  }
  await commit?.();
  await consumer.close();
  return inOrder(read);
}

function storedOf({ partition, offset, keyBytes, valueBytes, headers }: ConsumerRecord): StoredMessage {
  return {
    partition,
    offset,
    key: textOf(keyBytes),
    value: textOf(valueBytes),
    headers: Object.fromEntries(headers.map(({ key, value }) => [key, textOf(value) ?? ''])),
  };
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}
