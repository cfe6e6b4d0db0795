/** Producers of other makers that know a sidecar's address and secret, and nothing else. */
import { Producer as PlatformaticProducer, stringSerializers } from '@platformatic/kafka';
import kafkajs, { type KafkaConfig } from 'kafkajs';
import type { Sender } from './load.ts';
import { application } from './sidecar-fixture.ts';

const { Kafka, logLevel } = kafkajs;

export interface ForeignSender extends Sender, AsyncDisposable {}

/** How kafkajs comes to a sidecar. */
export function kafkajsConfig(bootstrap: string, secret: string): KafkaConfig {
  return {
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    sasl: { mechanism: 'plain', username: application, password: secret },
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 40 },
  };
}

export async function kafkajsSender(bootstrap: string, secret: string): Promise<ForeignSender> {
  const producer = new Kafka(kafkajsConfig(bootstrap, secret)).producer();
  await producer.connect();
  return {
    send: ({ topic, key, value }) => producer.send({ topic, messages: [{ key, value }] }),
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}

export async function platformaticSender(bootstrap: string, secret: string): Promise<ForeignSender> {
  const producer = new PlatformaticProducer<string, string, string, string>({
    clientId: 'platformatic',
    bootstrapBrokers: [bootstrap],
    sasl: { mechanism: 'PLAIN', username: application, password: secret },
    retries: 40,
    retryDelay: 100,
    autocreateTopics: false,
    serializers: stringSerializers,
  });
  return {
    send: (message) => producer.send({ messages: [message] }),
    [Symbol.asyncDispose]: () => producer.close(),
  };
}
