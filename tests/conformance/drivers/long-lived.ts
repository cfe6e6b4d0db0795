/**
 * Producers and readers that stay while brokers come and go, for clients whose drivers open new ones for each call or
 * whose members end with the broker that they read from.
 */
import {
  Consumer,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { eventually } from '../../support/eventually.ts';
import type { ClientName } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import type { Driver } from './driver.ts';

/** Sends values, spread over the partitions, and resolves when all are acknowledged. */
export type Send = (values: readonly string[]) => Promise<void>;

interface Traffic {
  readonly topic: string;
  readonly partitions: number;
}

/** A producer that stays; of kcat and Kafka's tools, a new process each time. */
export async function openSender(driver: Driver, place: Place, scope: Scope, traffic: Traffic): Promise<Send> {
  const own = senders[driver.client];
  if (own !== undefined) return own(place, scope, traffic);
  const { topic, partitions } = traffic;
  return (values) => {
    const messages = values.map((value, index) => ({ value, partition: index % partitions }));
    return driver.produce(place, scope, { topic, messages });
  };
}

/** Reads all there is as the one member of a group, until the scope ends; answers how many different values it read. */
export async function openReader(driver: Driver, place: Place, scope: Scope, topic: string): Promise<() => number> {
  const group = scope.name('group');
  if (driver.client === '@platformatic/kafka') {
    const reader = new RestartingReader(platformaticBase(place), topic, group);
    scope.defer(() => reader.close());
    await reader.begin();
    return () => reader.seen.size;
  }
  const member = await driver.join(place, scope, { topic, group });
  return () => new Set(member.messages.map(({ value }) => value)).size;
}

const senders: Partial<Record<ClientName, (place: Place, scope: Scope, traffic: Traffic) => Promise<Send>>> = {
  async millrace(_place, scope, { topic, partitions }) {
    const producer = scope.connect().producer();
    scope.defer(() => producer.close());
    return async (values) => {
      for (const [index, value] of values.entries()) producer.write({ topic, value, partition: index % partitions });
      await producer.flush();
    };
  },

  async kafkajs(place, scope, { topic, partitions }) {
    const brokers = place.bootstrap().split(',');
    const kafka = new Kafka({ clientId: 'moves', brokers, logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    scope.defer(() => producer.disconnect());
    // One partition a send: of a send to several, kafkajs drops what moves to a leader that has answered it before.
    return async (values) => {
      for (let partition = 0; partition < partitions; partition++) {
        const own = values.filter((_, index) => index % partitions === partition);
        await producer.send({ topic, messages: own.map((value) => ({ partition, value })), acks: -1 });
      }
    };
  },

  async '@platformatic/kafka'(place, scope, { topic }) {
    const producer = new Producer({ ...platformaticBase(place), serializers: stringSerializers, idempotent: true });
    scope.defer(() => producer.close());
    // Its repetitions go to the same leader until its metadata are old; sent again, a record may be stored twice.
    return async (values) => {
      const messages = values.map((value) => ({ topic, key: value, value }));
      const isSent = (): Promise<boolean> =>
        producer.send({ messages, acks: ProduceAcks.ALL }).then(
          () => true,
          () => false,
        );
      const describe = (): string => 'the producer did not find the new leaders';
      await eventually(isSent, { describe, timeoutMs: 60_000 });
    };
  },
};

function platformaticBase(place: Place) {
  const bootstrapBrokers = place.bootstrap().split(',');
  return { clientId: 'moves', bootstrapBrokers, retries: 3, retryDelay: 100, metadataMaxAge: 500 };
}

/** Begins anew when its stream fails, since this client's fetches look for no other leader. */
class RestartingReader {
  readonly seen = new Set<string>();
  readonly #base: ReturnType<typeof platformaticBase>;
  readonly #topic: string;
  readonly #group: string;
  #consumer: Consumer<string, string, string, string> | undefined;
  #closed = false;

  constructor(base: ReturnType<typeof platformaticBase>, topic: string, group: string) {
    this.#base = base;
    this.#topic = topic;
    this.#group = group;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#consumer !== undefined) await closeQuietly(this.#consumer);
  }

  async begin(): Promise<void> {
    if (this.#closed) return;
    const timing = { sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500, retries: 3 };
    const consumer = new Consumer({
      ...this.#base,
      ...timing,
      groupId: this.#group,
      deserializers: stringDeserializers,
    });
    this.#consumer = consumer;
    const again = async (): Promise<void> => {
      if (this.#consumer !== consumer || this.#closed) return;
      this.#consumer = undefined;
      await closeQuietly(consumer);
      await this.begin();
    };
    try {
      const mode = MessagesStreamModes.COMMITTED;
      const fallbackMode = MessagesStreamFallbackModes.EARLIEST;
      const stream = await consumer.consume({ topics: [this.#topic], mode, fallbackMode, autocommit: true });
      stream.on('data', (message) => void this.seen.add(message.value));
      stream.on('error', () => void again());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      await again();
    }
  }
}

/** Its group may be gone with the broker that it was connected to. */
async function closeQuietly(consumer: Consumer<string, string, string, string>): Promise<void> {
  try {
    await consumer.close(true);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}
