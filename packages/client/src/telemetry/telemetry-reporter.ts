/**
 * Tells brokers how this client does, as far as their operators ask (KIP-714): asks which metrics they want, and sends
 * them at the interval that they set. Does nothing on brokers that don't ask; never opens a connection by itself, and
 * never disturbs: whatever fails here is tried again later, or given up.
 */
import { isMillraceError, messageOf, type Timer } from '@millrace/base';
import {
  type Compression,
  compress,
  compressionId,
  compressions,
  errorCodes,
  errorRow,
  type GetTelemetrySubscriptionsResponse,
  getTelemetrySubscriptions,
  pushTelemetry,
} from '@millrace/wire';
import type { CallBounds, Cluster } from '../cluster.ts';
import { ClosedError } from '../errors.ts';
import { type MetricSources, MetricWindow } from './metric-window.ts';
import { encodeMetrics } from './otlp-encoder.ts';

type Subscription = GetTelemetrySubscriptionsResponse;

const noInstance = 'AAAAAAAAAAAAAAAAAAAAAA';
/** After an error that says nothing of when to come again; and how often a broker that does not ask is looked at. */
const pauseMs = 300_000;
const intervalMsMin = 100;
/** How long closing may wait for the last push. */
const lastPushMs = 1_000;

export class TelemetryReporter {
  readonly #cluster: Cluster;
  readonly #sources: () => MetricSources;
  readonly #startedMs: number;
  readonly #window: MetricWindow;
  #instanceId = noInstance;
  #subscription: Subscription | undefined;
  #lastMs: number;
  #timer: Timer | undefined;
  readonly #known = Promise.withResolvers<string>();
  #isSubscribing = false;
  #state: 'new' | 'running' | 'closed' = 'new';

  constructor(cluster: Cluster, sources: () => MetricSources) {
    const { clock } = cluster.settings.platform;
    this.#cluster = cluster;
    this.#sources = sources;
    this.#startedMs = clock.now();
    this.#lastMs = this.#startedMs;
    this.#window = new MetricWindow(clock.monotonic());
  }

  /** Begins once the client has connected to something. Harmless when it has begun. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#cluster.metrics.connected.then(() => this.#after(0, () => this.#subscribe()));
  }

  /** The id that brokers know this client's metrics by, asked for if need be. Rejects with the bounds' errors. */
  instanceId(bounds: CallBounds): Promise<string> {
    return this.#cluster.retrying(bounds, async () => {
      this.start();
      if (this.#state === 'closed') throw new ClosedError('client');
      if (this.#instanceId !== noInstance) return this.#instanceId;
      const connection = await this.#cluster.pool.connectToAny();
      connection.version(getTelemetrySubscriptions);
      if (!this.#isSubscribing) {
        this.#timer?.cancel();
        this.#after(0, () => this.#subscribe());
      }
      return this.#known.promise;
    });
  }

  /** Sends what is left, if somebody wants it, and ends. Never rejects. */
  async close(): Promise<void> {
    const isRunning = this.#state === 'running';
    this.#state = 'closed';
    this.#timer?.cancel();
    if (!isRunning || this.#subscription === undefined) return;
    // Bounded here too: a pause that the broker asked for holds the request back.
    const late = Promise.withResolvers<void>();
    const timer = this.#cluster.settings.platform.timers.after(lastPushMs, late.resolve);
    try {
      await Promise.race([this.#push(this.#subscription, true), late.promise]);
    } catch (error) {
      this.#gaveUp(error);
    } finally {
      timer.cancel();
    }
  }

  /** Calls `work` after a pause, without keeping the process alive for it. */
  #after(delayMs: number, work: () => Promise<void>): void {
    if (this.#state !== 'running') return;
    const run = (): void => {
      work().catch((error: unknown) => {
        this.#subscription = undefined;
        this.#gaveUp(error);
        this.#after(pauseMs, () => this.#subscribe());
      });
    };
    this.#timer = this.#cluster.settings.platform.timers.after(Math.min(delayMs, 2 ** 31 - 1), run).unref();
  }

  async #subscribe(): Promise<void> {
    this.#subscription = undefined;
    const connection = this.#cluster.pool.openToAny();
    if (connection === undefined || !connection.supports(getTelemetrySubscriptions, 0)) {
      return this.#after(pauseMs, () => this.#subscribe());
    }
    this.#isSubscribing = true;
    const answer = await connection
      .request(getTelemetrySubscriptions, { clientInstanceId: this.#instanceId })
      .finally(() => {
        this.#isSubscribing = false;
      });
    const intervalMs = Math.max(intervalMsMin, answer.pushIntervalMs);
    if (answer.errorCode !== 0) return this.#refused(answer.errorCode, intervalMs);
    this.#instanceId = answer.clientInstanceId;
    this.#known.resolve(this.#instanceId);
    if (answer.requestedMetrics.length === 0) return this.#after(intervalMs, () => this.#subscribe());
    this.#subscription = answer;
    // Clients that were started together shall not come together.
    const jitter = 0.5 + this.#cluster.settings.platform.randomness.float();
    this.#after(intervalMs * jitter, () => this.#report(answer));
  }

  async #report(subscription: Subscription): Promise<void> {
    const errorCode = await this.#push(subscription, false);
    const intervalMs = Math.max(intervalMsMin, subscription.pushIntervalMs);
    if (errorCode !== 0) return this.#refused(errorCode, intervalMs);
    this.#after(intervalMs, () => this.#report(subscription));
  }

  #refused(errorCode: number, intervalMs: number): void {
    switch (errorCode) {
      case errorCodes.UNKNOWN_SUBSCRIPTION_ID:
      case errorCodes.UNSUPPORTED_COMPRESSION_TYPE:
        return this.#after(0, () => this.#subscribe());
      case errorCodes.TELEMETRY_TOO_LARGE:
      case errorCodes.THROTTLING_QUOTA_EXCEEDED:
        return this.#after(intervalMs, () => this.#subscribe());
      case errorCodes.INVALID_REQUEST:
      case errorCodes.INVALID_RECORD:
      case errorCodes.UNSUPPORTED_VERSION:
        this.#subscription = undefined;
        this.#state = 'closed';
        return this.#gaveUp(new Error(errorRow(errorCode).description));
      default:
        return this.#after(pauseMs, () => this.#subscribe());
    }
  }

  /** Answers the broker's error code; 0 too when there is no connection to send it over. */
  async #push(subscription: Subscription, terminating: boolean): Promise<number> {
    const connection = this.#cluster.pool.openToAny();
    if (connection === undefined || !connection.supports(pushTelemetry, 0)) return 0;
    const bytes = this.#snapshot(subscription);
    const compression = firstKnown(subscription.acceptedCompressionTypes);
    const metrics = await compress(compression, bytes);
    if (metrics.length > subscription.telemetryMaxBytes) return errorCodes.TELEMETRY_TOO_LARGE;
    const draft = {
      clientInstanceId: this.#instanceId,
      subscriptionId: subscription.subscriptionId,
      terminating,
      compressionType: compressionId(compression),
      metrics,
    };
    const { errorCode } = await connection.request(pushTelemetry, draft, terminating ? { timeoutMs: lastPushMs } : {});
    return errorCode;
  }

  #snapshot({ deltaTemporality, requestedMetrics }: Subscription): Uint8Array {
    const { platform, rack } = this.#cluster.settings;
    const endMs = platform.clock.now();
    const startMs = deltaTemporality ? this.#lastMs : this.#startedMs;
    this.#lastMs = endMs;
    const isWanted = (name: string): boolean =>
      requestedMetrics.some((prefix) => prefix === '*' || name.startsWith(prefix));
    return encodeMetrics({
      resource: rack === undefined ? {} : { client_rack: rack },
      points: this.#window.take(this.#sources(), platform.clock.monotonic(), deltaTemporality, isWanted),
      delta: deltaTemporality,
      startMs,
      endMs,
    });
  }

  #gaveUp(error: unknown): void {
    if (error instanceof Error && !isMillraceError(error) && this.#state === 'running') throw error;
    this.#cluster.settings.report({
      level: 'info',
      event: 'telemetry_failed',
      message: `metrics could not be sent to the broker: ${messageOf(error)}`,
      error: error instanceof Error ? error : undefined,
    });
  }
}

/** The broker's favourite among those that we know. */
function firstKnown(accepted: readonly number[]): Compression {
  for (const id of accepted) {
    const known = compressions[id];
    if (known !== undefined) return known;
  }
  return 'none';
}
