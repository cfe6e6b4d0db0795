/** The client: the cluster it talks to, and everything it made and must close. */

import { KafkaAdmin } from './admin/kafka-admin.ts';
import type { Admin } from './admin.ts';
import type { Client, ClientOptions } from './client.ts';
import { Cluster } from './cluster.ts';
import { KafkaConsumer } from './consumer/kafka-consumer.ts';
import type { Consumer, ConsumerOptions, PatternConsumerOptions } from './consumer.ts';
import { ClosedError } from './errors.ts';
import { KafkaProducer } from './producer/kafka-producer.ts';
import type { Producer, ProducerOptions } from './producer.ts';
import { clientSettings } from './settings.ts';
import type { TopicLike } from './topic.ts';

/** Makes a client. It connects when it is first needed. Throws `InvalidOptionError`. */
export function createClient(options: ClientOptions): Client {
  return new KafkaClient(new Cluster(clientSettings(options)));
}

class KafkaClient implements Client {
  readonly #cluster: Cluster;
  readonly #made = new Set<{ close(): Promise<void> }>();
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  producer(options: ProducerOptions = {}): Producer {
    this.#checkOpen();
    const producer: KafkaProducer = new KafkaProducer(this.#cluster, options, () => this.#made.delete(producer));
    this.#made.add(producer);
    return producer;
  }

  consumer(options: PatternConsumerOptions): Consumer<string>;
  consumer<const T extends readonly TopicLike[]>(options: ConsumerOptions<T>): Consumer<T[number]>;
  consumer(options: ConsumerOptions): Consumer {
    this.#checkOpen();
    const consumer: KafkaConsumer<TopicLike> = new KafkaConsumer(this.#cluster, options, () =>
      this.#made.delete(consumer),
    );
    this.#made.add(consumer);
    return consumer;
  }

  admin(): Admin {
    this.#checkOpen();
    const admin: KafkaAdmin = new KafkaAdmin(this.#cluster, () => this.#made.delete(admin));
    this.#made.add(admin);
    return admin;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new ClosedError('client');
  }

  async #close(): Promise<void> {
    const results = await Promise.allSettled([...this.#made].map((made) => made.close()));
    this.#cluster.close();
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    if (errors.length === 1) throw errors[0] as Error;
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} parts of the client did not close cleanly`);
  }
}
