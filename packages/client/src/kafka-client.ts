/** The client: the cluster it talks to, and everything it made and must close. */

import { KafkaAdmin } from './admin/kafka-admin.ts';
import type { Admin } from './admin.ts';
import type { Client, ClientOptions } from './client.ts';
import { type CallBounds, Cluster } from './cluster.ts';
import { KafkaConsumer } from './consumer/kafka-consumer.ts';
import type { Consumer, ConsumerOptions, PatternConsumerOptions } from './consumer.ts';
import { ClosedError, InvalidOptionError } from './errors.ts';
import { KafkaProducer } from './producer/kafka-producer.ts';
import type { Producer, ProducerOptions } from './producer.ts';
import { clientSettings } from './settings.ts';
import type { ConsumerFigures, MetricSources } from './telemetry/metric-window.ts';
import { TelemetryReporter } from './telemetry/telemetry-reporter.ts';
import type { TopicLike } from './topic.ts';

/** Makes a client. It connects when it is first needed. Throws `InvalidOptionError`. */
export function createClient(options: ClientOptions): Client {
  return openCluster(options).client;
}

/** A client as `createClient` makes it, with the cluster that it speaks to; closing the client closes both. */
export function openCluster(options: ClientOptions): { readonly client: Client; readonly cluster: Cluster } {
  const cluster = new Cluster(clientSettings(options));
  return { client: new KafkaClient(cluster), cluster };
}

class KafkaClient implements Client {
  readonly #cluster: Cluster;
  readonly #made = new Set<{ close(): Promise<void> }>();
  readonly #telemetry: TelemetryReporter | undefined;
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    if (cluster.settings.telemetry) this.#telemetry = new TelemetryReporter(cluster, () => this.#figures());
  }

  producer(options: ProducerOptions = {}): Producer {
    this.#checkOpen();
    const producer: KafkaProducer = new KafkaProducer(this.#cluster, options, () => this.#made.delete(producer));
    this.#made.add(producer);
    this.#telemetry?.start();
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
    this.#telemetry?.start();
    return consumer;
  }

  admin(): Admin {
    this.#checkOpen();
    const admin: KafkaAdmin = new KafkaAdmin(this.#cluster, () => this.#made.delete(admin));
    this.#made.add(admin);
    return admin;
  }

  async clientInstanceId(options: CallBounds = {}): Promise<string> {
    this.#checkOpen();
    if (this.#telemetry === undefined) {
      throw new InvalidOptionError('telemetry', 'is false, so brokers know this client by no id; leave it out');
    }
    return this.#telemetry.instanceId(options);
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

  #figures(): MetricSources {
    const made = [...this.#made];
    const consumers = made.filter((each) => each instanceof KafkaConsumer).map((each) => each.figures());
    return {
      metrics: this.#cluster.metrics,
      hasProducer: made.some((each) => each instanceof KafkaProducer),
      consumers: consumers.length === 0 ? undefined : consumers.reduce(addFigures),
    };
  }

  async #close(): Promise<void> {
    // What closing takes away is still there to be told of.
    await this.#telemetry?.close();
    const results = await Promise.allSettled([...this.#made].map((made) => made.close()));
    await this.#cluster.close();
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    if (errors.length === 1) throw errors[0] as Error;
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} parts of the client did not close cleanly`);
  }
}

function addFigures(left: ConsumerFigures, right: ConsumerFigures): ConsumerFigures {
  return {
    assignedPartitions: left.assignedPartitions + right.assignedPartitions,
    idleMs: left.idleMs + right.idleMs,
    busyMs: left.busyMs + right.busyMs,
  };
}
