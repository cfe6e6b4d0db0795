/** The standing pipeline: collectors, the index of lines and shapes, and what is asked of them. */
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type LogAlert, type LogShape, ProblemError, type Route } from '@millrace/api';
import { ClosingStack, messageOf } from '@millrace/base';
import type { Client } from '@millrace/client';
import { LineIntake } from './collecting/line-intake.ts';
import { linesRoute } from './collecting/lines-route.ts';
import { otlpLogsRoute } from './collecting/otlp-logs.ts';
import { LineFeed } from './indexing/line-feed.ts';
import { LineIndex } from './indexing/line-index.ts';
import type { ShapeAlert } from './indexing/partition-shapes.ts';
import type { Masker } from './masking/masker.ts';
import { logRoutes, toldAlert } from './query/log-routes.ts';
import { LogStore } from './store/log-store.ts';
import { ensureLogTopics, logAlerts } from './topics.ts';

export interface LogsOptions {
  readonly client: Client;
  /** Where segments lie. */
  readonly directory: string;
  /** Names the collector on its cluster: of no other process that runs meanwhile. Default: the host's name. */
  readonly name?: string | undefined;
  readonly masker?: Masker | undefined;
  /** How long lines are kept; default 30 days. */
  readonly retentionMs?: number | undefined;
  /** How many bytes of lines are kept on disk; default 20 GiB. */
  readonly bytesMax?: number | undefined;
  /** How often counts of shapes are committed, default 1,000, and segments written, default 60,000. */
  readonly commitMs?: number | undefined;
  readonly sealMs?: number | undefined;
  /** How long a sender of lines waits for the brokers at most; default 10,000. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** Told of the newest alerts, newest first, of each new one and of those that were there at the start. */
  readonly onAlerts?: ((alerts: readonly LogAlert[], isNews: boolean) => void) | undefined;
  /** Told what failed and is tried again, once for each outage. */
  readonly warn?: ((message: string) => void) | undefined;
}

export interface Logs extends AsyncDisposable {
  /** For the listener of collectors. */
  readonly collectorRoutes: readonly Route[];
  /** For the control plane's. */
  readonly routes: readonly Route[];
  readonly intake: LineIntake;
  /** Whether all lines are stored that were in the topic at the start. */
  readonly isComplete: boolean;
  /** Throws while that is not so. */
  checkComplete(): void;
  close(): Promise<void>;
}

const retryMs = 1_000;
const alertsKept = 500;

/** Opens the store, and starts; a cluster that is away is waited for. Rejects with `SegmentError`. */
export async function startLogs(options: LogsOptions): Promise<Logs> {
  const { directory, retentionMs, bytesMax, sealMs } = options;
  const store = await LogStore.open({ directory, retentionMs, bytesMax, sealMs });
  return new RunningLogs(options, store);
}

class RunningLogs implements Logs {
  readonly collectorRoutes: readonly Route[];
  readonly routes: readonly Route[];
  readonly intake: LineIntake;
  readonly #options: LogsOptions;
  readonly #store: LogStore;
  readonly #feed = new LineFeed();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #alerts: ShapeAlert[] = [];
  #index: LineIndex;
  #told = '';
  #closing: Promise<void> | undefined;

  constructor(options: LogsOptions, store: LogStore) {
    this.#options = options;
    this.#store = store;
    const { client, masker, deliveryTimeoutMs } = options;
    this.intake = new LineIntake({ client, name: options.name ?? hostname(), masker, deliveryTimeoutMs });
    this.collectorRoutes = [linesRoute(this.intake), otlpLogsRoute(this.intake)];
    this.#index = this.#newIndex();
    const self = this;
    this.routes = logRoutes({
      store,
      feed: this.#feed,
      get isComplete() {
        return self.#index.isComplete;
      },
      get alerts() {
        return self.#alerts;
      },
      shapes: () => this.#shapes(),
      idsOf: (template) => this.#idsOf(template),
    });
    this.#running = this.#run();
  }

  get isComplete(): boolean {
    return this.#index.isComplete;
  }

  checkComplete(): void {
    if (this.isComplete) return;
    const why = this.#told === '' ? 'lines that the topic holds are still being stored' : this.#told;
    throw new ProblemError('unavailable', why);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await using closing = new ClosingStack();
    closing.use(this.#store);
    closing.use(this.intake);
    this.#stop.abort();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #newIndex(): LineIndex {
    const { client, commitMs, warn, onAlerts } = this.#options;
    return new LineIndex({
      ...{ client, store: this.#store, feed: this.#feed, commitMs, warn },
      onAlert: (alert) => {
        this.#alerts = [alert, ...this.#alerts].slice(0, alertsKept);
        onAlerts?.(this.#alerts.map(toldAlert), true);
      },
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#alerts = await this.#earlierAlerts(signal);
        this.#options.onAlerts?.(this.#alerts.map(toldAlert), false);
        await this.#index.run(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#tell(`lines are not stored for now: ${messageOf(error)}`);
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
      }
      this.#index = this.#newIndex();
    }
  }

  /** An outage is told once, however often it is tried again. */
  #tell(message: string): void {
    if (message !== this.#told) this.#options.warn?.(message);
    this.#told = message;
  }

  async #earlierAlerts(signal: AbortSignal): Promise<ShapeAlert[]> {
    {
      await using admin = this.#options.client.admin();
      await ensureLogTopics(admin, signal);
    }
    const alerts: ShapeAlert[] = [];
    const how = { from: 'earliest', until: 'end', isolation: 'read_committed' } as const;
    await using consumer = this.#options.client.consumer({ topics: [logAlerts], ...how });
    for await (const batch of consumer.batches({ signal })) for (const { value } of batch) alerts.unshift(value);
    return alerts.slice(0, alertsKept);
  }

  /** The ids of a shape in all partitions, where shapes of one text are one. */
  #idsOf(template: string): string[] {
    const partitions = [...this.#index.partitions.values()];
    const texts = new Set(partitions.flatMap((shapes) => shapes.find(template)?.text ?? []));
    return partitions.flatMap((shapes) =>
      [...shapes.templates()].filter(({ text }) => texts.has(text)).flatMap(({ id }) => shapes.idsOf(id)),
    );
  }

  /** Of all partitions; equal texts are one shape. */
  #shapes(): LogShape[] {
    const byText = new Map<string, { id: string; count: number; first: number; last: number }>();
    for (const partition of this.#index.partitions.values()) {
      for (const { id, text, count, firstSeenMs, lastSeenMs } of partition.templates()) {
        const other = byText.get(text);
        byText.set(text, {
          id: other?.id ?? id,
          count: count + (other?.count ?? 0),
          first: Math.min(firstSeenMs, other?.first ?? firstSeenMs),
          last: Math.max(lastSeenMs, other?.last ?? lastSeenMs),
        });
      }
    }
    return [...byText]
      .map(([text, { id, count, first, last }]) => ({ id, text, count, firstSeen: time(first), lastSeen: time(last) }))
      .sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
