/** The client that configures itself: its producers and consumers, what is told of them, and its end. */
import type { ConfigEnrolment, ConfigReport } from '@millrace/api/config';
import { ClosedError, type Consumer, type Producer, type TopicLike } from '@millrace/client';
import type { AnswerSource } from './answers/answer-source.ts';
import type { AnswerStore } from './answers/answer-store.ts';
import { ClientCore, type ClientCoreOptions } from './client-core.ts';
import { makeConsumer } from './consumer/make-consumer.ts';
import { metricsText } from './measures/metrics-text.ts';
import { otlpMetrics } from './measures/otlp-metrics.ts';
import { Reporter } from './measures/reporter.ts';
import { makeProducer } from './producer/make-producer.ts';
import type {
  ResilientClient,
  ResilientConsumerOptions,
  ResilientProducerOptions,
  ResilientStatus,
} from './resilient.ts';

const library = { name: '@millrace/resilient', version: '0.1.0', language: 'node' };

export interface SelfConfiguredClientOptions extends ClientCoreOptions {
  readonly enrolment: ConfigEnrolment;
  readonly store: AnswerStore;
  readonly source: AnswerSource;
  readonly site: string | undefined;
}

export class SelfConfiguredClient implements ResilientClient {
  readonly #options: SelfConfiguredClientOptions;
  readonly #core: ClientCore;
  readonly #reporter: Reporter;
  /** Milliseconds since 1970. */
  readonly #openedAt: number;
  /** Those that are being made. */
  readonly #making = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(options: SelfConfiguredClientOptions) {
    const { enrolment, platform, report, source } = options;
    this.#options = options;
    this.#openedAt = platform.clock.now();
    this.#core = new ClientCore(options);
    const service = (): string | undefined => source.service;
    this.#reporter = new Reporter({ enrolment, platform, report, service, collect: () => this.#collect() });
  }

  producer(options: ResilientProducerOptions): Promise<Producer> {
    return this.#make(() => makeProducer(this.#core, options));
  }

  consumer<const T extends readonly TopicLike[]>(options: ResilientConsumerOptions<T>): Promise<Consumer<T[number]>> {
    return this.#make(() => makeConsumer(this.#core, options));
  }

  status(): ResilientStatus {
    const { enrolment, store, source } = this.#options;
    return {
      application: enrolment.application,
      instance: store.instance.id,
      service: source.service,
      untrusted: source.untrusted,
      older: source.older,
      streams: [...this.#core.streams].flatMap((stream) => stream.status()),
    };
  }

  metrics(): string {
    const { service, untrusted, older } = this.#options.source;
    const streams = [...this.#core.streams].flatMap((stream) => stream.measured());
    return metricsText(streams, { isConnected: service !== undefined, untrusted, older });
  }

  otlpMetrics(): Uint8Array {
    const { enrolment, store, platform } = this.#options;
    const streams = [...this.#core.streams].flatMap((stream) => stream.measured());
    const [instance, endMs] = [store.instance.id, platform.clock.now()];
    return otlpMetrics(streams, { application: enrolment.application, instance, startMs: this.#openedAt, endMs });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #make<Made>(make: () => Promise<Made>): Promise<Made> {
    if (this.#closed !== undefined) throw new ClosedError('client');
    const making = make();
    this.#making.add(making);
    try {
      return await making;
    } finally {
      this.#making.delete(making);
    }
  }

  #collect(): ConfigReport {
    const { store, site, platform } = this.#options;
    const now = platform.clock.monotonic();
    return {
      instance: store.instance.id,
      ...(site === undefined ? {} : { site }),
      library,
      streams: [...this.#core.streams].flatMap((stream) => stream.report(now)),
    };
  }

  async #close(): Promise<void> {
    this.#core.end(new ClosedError('client'));
    await Promise.allSettled(this.#making);
    const results = await Promise.allSettled([...this.#core.streams].map((stream) => stream.close()));
    await this.#reporter.close();
    await this.#options.source.close();
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    if (errors.length === 1) throw errors[0] as Error;
    if (errors.length > 1)
      throw new AggregateError(errors, `${errors.length} parts of the client did not close cleanly`);
  }
}
