/**
 * The standing pipeline: a job that cleans events, and a view that counts what is clean and answers questions. After a
 * failure both begin anew from what they have on disk and in their topics; a process that starts again, after whatever
 * end, comes to the same figures.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { implement, ProblemError, type Route, type TrackingReport, trackingTotalsContract } from '@millrace/api';
import { messageOf } from '@millrace/base';
import { type Client, unwrap } from '@millrace/client';
import { type OrderedStore, openMemoryStore } from '@millrace/store';
import { type Job, startJob } from '@millrace/streams';
import { cleaningJob, cleaningJobName } from './clean/cleaning-job.ts';
import type { TrackingEvent } from './event.ts';
import type { EventSchemas } from './event-schemas.ts';
import { queryRoutes } from './query-routes.ts';
import { type RecentEvent, RecentEvents } from './recent-events.ts';
import { topicRanges } from './topic-ranges.ts';
import { ensurePipelineTopics, trackingEvents } from './topics.ts';
import { type TotalsOptions, TrackingView } from './view/tracking-view.ts';
import { feedView, viewTopics } from './view/view-feeder.ts';

export interface TrackingOptions {
  readonly client: Client;
  /**
   * Where the job and the view keep what they know between two runs; they stay the caller's. In memory by default, and
   * made anew from the topics at each start.
   */
  readonly state?: { readonly job: OrderedStore; readonly view: OrderedStore } | undefined;
  /** Against which bad events are judged again. */
  readonly schemas?: EventSchemas | undefined;
  /** Told of new totals, at most every `publishMs` (default 100). */
  readonly onReport?: ((report: TrackingReport, recent: readonly RecentEvent[]) => void) | undefined;
  readonly publishMs?: number | undefined;
  /** Whether it starts although the cluster can't be reached, and waits for it. Default false. */
  readonly waits?: boolean | undefined;
  /** Told when something failed and is begun anew. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

export interface Tracking extends AsyncDisposable {
  /** The totals now. */
  report(options?: TotalsOptions): TrackingReport;
  readonly recent: readonly RecentEvent[];
  /** `GET /api/v1/pipelines/tracking`, and what lies below it. */
  readonly routes: readonly Route[];
  /** Resolves when everything that was in the topic at the start has been counted. */
  readonly complete: Promise<void>;
  /** Throws while that is not so. */
  checkComplete(): void;
  close(): Promise<void>;
}

const retryMs = 1_000;
/** A job whose cluster went away waits for it; whoever closes does not. What it has not committed is done again. */
const closeMs = 5_000;
const catchUpMs = 100;
/** A process that was killed holds its part of the job no longer than that. */
const sessionTimeoutMs = 6_000;
const heartbeatIntervalMs = 1_000;
/** For what a task remembers of one partition, besides what is on disk. */
const cacheBytesMax = 16 * 2 ** 20;

/**
 * Creates the topics where they are absent, and starts. Rejects when the cluster can't be reached and it does not wait.
 */
export async function startTracking(options: TrackingOptions): Promise<Tracking> {
  if (options.waits !== true) await prepare(options.client);
  return new RunningTracking(options);
}

async function prepare(client: Client, signal?: AbortSignal): Promise<void> {
  await using admin = client.admin();
  await ensurePipelineTopics(admin, signal);
}

class RunningTracking implements Tracking {
  readonly routes: readonly Route[];
  readonly complete: Promise<void>;
  readonly #options: TrackingOptions;
  readonly #state: { readonly job: OrderedStore; readonly view: OrderedStore };
  readonly #recent = new RecentEvents();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #completed = Promise.withResolvers<void>();
  #view: TrackingView | undefined;
  #isComplete = false;
  /** Why nothing is read now. */
  #failure: string | undefined;
  #publishing: NodeJS.Timeout | undefined;

  constructor(options: TrackingOptions) {
    this.#options = options;
    this.#state = options.state ?? { job: openMemoryStore(), view: openMemoryStore() };
    this.complete = this.#completed.promise;
    const totals = implement(trackingTotalsContract, ({ query }) => {
      if (query.site !== undefined && this.#view?.figures.has(query.site) !== true) {
        throw new ProblemError('not_found', `no event of a site ${JSON.stringify(query.site)} has been counted`);
      }
      return this.report(query);
    });
    const { client, schemas } = options;
    this.routes = [totals, ...queryRoutes({ client, schemas, view: () => this.#theView() })];
    this.#running = this.#run();
  }

  get recent(): readonly RecentEvent[] {
    return this.#recent.events;
  }

  report(options: TotalsOptions = {}): TrackingReport {
    const totals = this.#theView().totals(options);
    return { observedAt: new Date().toISOString(), complete: this.#isComplete, totals };
  }

  checkComplete(): void {
    if (this.#isComplete) return;
    if (this.#failure !== undefined) throw new ProblemError('unavailable', `events can't be read: ${this.#failure}`);
    const events = this.#view?.figures.counts().events ?? 0;
    throw new ProblemError('unavailable', `the events that the topic holds are still being counted (${events} so far)`);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#publishing);
    await this.#running;
    if (this.#options.state !== undefined) return;
    await this.#state.job.close();
    await this.#state.view.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #theView(): TrackingView {
    if (this.#view !== undefined) return this.#view;
    throw new ProblemError('unavailable', `tracking has not begun: ${this.#failure ?? 'it is starting'}`);
  }

  /** Works until it is told to stop; after a failure it begins anew. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const attempt = new AbortController();
      let job: Job | undefined;
      try {
        await prepare(this.#options.client, signal);
        job = await this.#startJob();
        const failed = job.finished.finally(() => attempt.abort());
        await Promise.all([failed, this.#follow(AbortSignal.any([signal, attempt.signal]))]);
      } catch (error) {
        if (!signal.aborted) this.#failed(error);
      }
      attempt.abort();
      await job?.close({ signal: AbortSignal.timeout(closeMs) }).catch(() => undefined);
      if (!signal.aborted) await pause(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #failed(error: unknown): void {
    this.#isComplete = false;
    this.#failure = messageOf(error);
    const message = `counting events begins anew, for it failed: ${this.#failure}`;
    this.#options.onFailure?.(new Error(message, { cause: error }));
  }

  #startJob(): Promise<Job> {
    const { client } = this.#options;
    const bounds = { sessionTimeoutMs, heartbeatIntervalMs, cacheBytesMax };
    return startJob(cleaningJob(), { client, state: this.#state.job, ...bounds });
  }

  /** Has the view follow its topics until the signal aborts. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const ranges = await topicRanges(client, viewTopics, { signal });
    const view = await TrackingView.open(
      this.#state.view,
      new Map(ranges.map(({ topic, topicId }) => [topic, topicId])),
    );
    this.#view = view;
    this.#failure = undefined;
    const onEvent = (event: TrackingEvent): void => this.#recent.note(event);
    const feed = { client, view, signal, onEvent, onBatch: () => this.#publishSoon() };
    await this.#catchUp(() => feedView(feed, 'end'), signal);
    this.#isComplete = true;
    this.#completed.resolve();
    this.#publishSoon();
    await feedView(feed);
  }

  /** Resolves when the job has cleaned, and the view counted, everything that the topic holds now. */
  async #catchUp(feedToEnd: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const wanted = await topicRanges(client, [trackingEvents.name], { signal });
    for (;;) {
      await using admin = client.admin();
      const stored = unwrap(await admin.fetchOffsets(cleaningJobName, undefined, { signal }));
      const committed = new Map(stored.map(({ partition, offset }) => [partition, offset]));
      await feedToEnd();
      if (wanted.every(({ partition, start, end }) => end === start || (committed.get(partition) ?? 0) >= end)) return;
      await pause(catchUpMs, undefined, { signal });
    }
  }

  #publishSoon(): void {
    const { onReport, publishMs = 100 } = this.#options;
    if (onReport === undefined || this.#stop.signal.aborted) return;
    this.#publishing ??= setTimeout(() => {
      this.#publishing = undefined;
      if (this.#view !== undefined) onReport(this.report({ pages: 10 }), this.recent);
    }, publishMs);
  }
}
