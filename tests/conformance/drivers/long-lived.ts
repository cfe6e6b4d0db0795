/** Producers and readers that stay while brokers come and go, where drivers open new ones for each call. */
import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { eventually } from '../../support/eventually.ts';
import type { ClientName } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import type { Driver } from './driver.ts';
import { millrace } from './millrace.ts';

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

/**
 * Reads all there is as the one member of a group, until the scope ends; answers how many different values it read.
 * For @platformatic/kafka our own client reads: its consumer throws beside all promises when a leader that it knows is
 * no broker of the cluster any more.
 */
export async function openReader(driver: Driver, place: Place, scope: Scope, topic: string): Promise<() => number> {
  const reader = driver.client === '@platformatic/kafka' ? millrace : driver;
  const member = await reader.join(place, scope, { topic, group: scope.name('group') });
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
