/**
 * The standing pipeline: reads `tracking.events` from its start, counts, and goes on counting as events come. It keeps
 * nothing on disk: the topic is the state, and a process that starts again, after whatever end, counts to the same
 * totals.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { implement, ProblemError, type Route, type TrackingReport, trackingTotalsContract } from '@millrace/api';
import { messageOf } from '@millrace/base';
import type { Client } from '@millrace/client';
import { type TrackingEvent, visitorOf } from './event.ts';
import { Tally, type TotalsOptions } from './tally.ts';
import { ensureTrackingTopic } from './topic.ts';
import { TopicReader } from './topic-reader.ts';

export interface TrackingOptions {
  readonly client: Client;
  /** Told of new totals, at most every `publishMs` (default 100). */
  readonly onReport?: ((report: TrackingReport, recent: readonly RecentEvent[]) => void) | undefined;
  readonly publishMs?: number | undefined;
  /** Whether it starts although the cluster can't be reached, and waits for it. Default false. */
  readonly waits?: boolean | undefined;
  /** Told when reading failed and is begun anew. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

/** One of the latest events, for people to see them pass. */
export interface RecentEvent {
  readonly receivedAt: string;
  readonly site: string;
  readonly type: string;
  /** What happened, or where: the event's name, or the page's title or path. */
  readonly what: string;
  readonly path: string | null;
  /** The first letters of the visitor's id: enough to know oneself by. */
  readonly visitor: string;
}

export interface Tracking extends AsyncDisposable {
  /** The totals now. */
  report(options?: TotalsOptions): TrackingReport;
  readonly recent: readonly RecentEvent[];
  /** `GET /api/v1/pipelines/tracking`. */
  readonly route: Route;
  /** Resolves when everything that was in the topic at the start has been counted. */
  readonly complete: Promise<void>;
  /** Throws while that is not so. */
  checkComplete(): void;
  close(): Promise<void>;
}

const recentMost = 12;
const retryMs = 1_000;

/**
 * Creates the topic where it is absent, and starts counting. Rejects when the cluster can't be reached and it does not
 * wait.
 */
export async function startTracking(options: TrackingOptions): Promise<Tracking> {
  if (options.waits !== true) await prepare(options.client);
  return new RunningTracking(options);
}

async function prepare(client: Client, signal?: AbortSignal): Promise<void> {
  await using admin = client.admin();
  await ensureTrackingTopic(admin, signal);
}

class RunningTracking implements Tracking {
  readonly route: Route;
  readonly complete: Promise<void>;
  readonly #options: TrackingOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #completed = Promise.withResolvers<void>();
  #tally = new Tally();
  #recent: RecentEvent[] = [];
  #isComplete = false;
  /** Why nothing is read now. */
  #failure: string | undefined;
  #publishing: NodeJS.Timeout | undefined;

  constructor(options: TrackingOptions) {
    this.#options = options;
    this.complete = this.#completed.promise;
    this.route = implement(trackingTotalsContract, ({ query }) => {
      if (query.site !== undefined && !this.#tally.hasSite(query.site)) {
        throw new ProblemError('not_found', `no event of a site ${JSON.stringify(query.site)} has been counted`);
      }
      return this.report(query);
    });
    this.#running = this.#run();
  }

  get recent(): readonly RecentEvent[] {
    return this.#recent;
  }

  report(options: TotalsOptions = {}): TrackingReport {
    return { observedAt: new Date().toISOString(), complete: this.#isComplete, totals: this.#tally.totals(options) };
  }

  checkComplete(): void {
    if (this.#isComplete) return;
    if (this.#failure !== undefined) throw new ProblemError('unavailable', `events can't be read: ${this.#failure}`);
    throw new ProblemError(
      'unavailable',
      `the events that the topic holds are still being counted (${this.#tally.size} so far)`,
    );
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#publishing);
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Reads until it is told to stop; after a failure it begins anew, with nothing counted. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#tally = new Tally();
      this.#isComplete = false;
      const reader = new TopicReader(this.#options.client, this.#tally, (event) => this.#note(event));
      try {
        await prepare(this.#options.client, signal);
        await reader.toEnd(signal, () => this.#publishSoon());
        this.#failure = undefined;
        this.#isComplete = true;
        this.#completed.resolve();
        this.#publishSoon();
        await reader.follow(signal, () => this.#publishSoon());
      } catch (error) {
        if (signal.aborted) return;
        this.#failure = messageOf(error);
        this.#options.onFailure?.(
          new Error(`counting events begins anew, for it failed: ${this.#failure}`, { cause: error }),
        );
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #note(event: TrackingEvent): void {
    const last = this.#recent.at(-1);
    if (this.#recent.length === recentMost && last !== undefined && event.receivedAt <= last.receivedAt) return;
    const { page } = event.context ?? {};
    const seen = {
      receivedAt: event.receivedAt,
      site: event.site,
      type: event.type,
      what: event.event ?? event.name ?? page?.title ?? page?.path ?? '',
      path: page?.path ?? null,
      visitor: visitorOf(event).slice(0, 12),
    };
    const at = this.#recent.findIndex((each) => each.receivedAt <= seen.receivedAt);
    this.#recent = this.#recent.toSpliced(at < 0 ? this.#recent.length : at, 0, seen).slice(0, recentMost);
  }

  #publishSoon(): void {
    const { onReport, publishMs = 100 } = this.#options;
    if (onReport === undefined || this.#stop.signal.aborted) return;
    this.#publishing ??= setTimeout(() => {
      this.#publishing = undefined;
      onReport(this.report({ pages: 10 }), this.#recent);
    }, publishMs);
  }
}
