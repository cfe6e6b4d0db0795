/**
 * Application metrics on a cluster: a collector that stores samples in the topic, and series that are built from the
 * topic and answer queries. Reading begins anew from where the series stand when it fails.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Route } from '@millrace/api';
import { messageOf } from '@millrace/base';
import type { Client } from '@millrace/client';
import type { OrderedStore } from '@millrace/store';
import { MetricsCollector, type MetricsCollectorOptions } from './collect/collector.ts';
import type { SeriesSource } from './promql/series-source.ts';
import { followSamples } from './series/follow-samples.ts';
import { ReadProgress } from './series/read-progress.ts';
import { SeriesStore } from './series/series-store.ts';
import { StoredSource } from './series/stored-source.ts';
import { ensureMetricsTopic, ensureRollupsTopic } from './topic.ts';

export interface MetricsOptions extends MetricsCollectorOptions {
  readonly client: Client;
  /** Where series lie; it stays the caller's, who closes it afterwards. One that is lost is rebuilt from the topic. */
  readonly state: OrderedStore;
  readonly retentionMs?: number | undefined;
  readonly flushMs?: number | undefined;
  /** Told each time that reading begins anew after a failure. */
  readonly onFailure?: ((error: Error) => void) | undefined;
}

const retryMs = 1_000;
const settledMsMax = 2_000;

export class Metrics {
  readonly collector: MetricsCollector;
  readonly source: SeriesSource;
  /** Resolves when all that was in the topic at the start can be asked for. */
  readonly complete: Promise<void>;
  readonly #options: MetricsOptions;
  readonly #store: SeriesStore;
  readonly #stop = new AbortController();
  readonly #progress = new ReadProgress();
  readonly #completed = Promise.withResolvers<void>();
  readonly #running: Promise<void>;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#store = new SeriesStore(options.state);
    this.collector = new MetricsCollector(options);
    this.source = new StoredSource(this.#store);
    this.complete = this.#completed.promise;
    this.#running = this.#run();
  }

  /** For the collectors' listener. */
  get routes(): readonly Route[] {
    return this.collector.routes;
  }

  /** Series there are. */
  get series(): number {
    return this.#store.index.size;
  }

  /** Resolves once queries see all that the collector has stored so far, or after two seconds. */
  settled(): Promise<void> {
    return this.#progress.reached(this.collector.stored, settledMsMax);
  }

  async close(): Promise<void> {
    await this.collector.close();
    this.#stop.abort();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { client, flushMs, retentionMs, onFailure } = this.#options;
    const onCaughtUp = this.#completed.resolve;
    while (!signal.aborted) {
      try {
        await using admin = client.admin();
        await ensureMetricsTopic(admin, signal);
        await ensureRollupsTopic(admin, signal);
        await followSamples({
          ...{ client, store: this.#store, signal, flushMs, retentionMs, onCaughtUp },
          onBatch: ({ positions }) => this.#progress.advance(positions),
        });
      } catch (error) {
        if (signal.aborted) return;
        onFailure?.(new Error(`reading samples begins anew, for it failed: ${messageOf(error)}`, { cause: error }));
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
