/**
 * Takes points from wherever they come and stores them in `metrics.samples`. What it answers for is acknowledged by the
 * cluster. After a failure nothing is known to be stored: the sender sends again, and points that got there twice are
 * one, since a series has one point at a time.
 */
import { ProblemError, type Route } from '@millrace/api';
import { messageOf } from '@millrace/base';
import type { Client, Producer, RecordPosition } from '@millrace/client';
import { ExportMetricsAnswer, ExportMetricsRequest } from '@millrace/telemetry';
import { otlpRoute, type RejectedPart } from '../../collecting/otlp-route.ts';
import { metricsSamples } from '../topic.ts';
import { Admission, type CardinalityLimits, cardinalityLimitsDefault, type DroppedSeries } from './admission.ts';
import { type IncomingPoint, otlpSamples, type RefusedMetric } from './otlp-samples.ts';
import { remoteWriteRoute } from './remote-write-route.ts';

export interface MetricsCollectorOptions {
  readonly client: Client;
  readonly limits?: Partial<CardinalityLimits> | undefined;
  /** From arrival to acknowledgement at the latest, in ms; then the answer is 503. Default 10,000. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Told of metrics that lose series to a limit, in a sentence. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

const bufferBytesMax = 64 * 2 ** 20;

export class MetricsCollector {
  /** `/v1/metrics` and `/api/v1/write`. */
  readonly routes: readonly Route[];
  readonly #producer: Producer;
  readonly #admission: Admission;
  readonly #now: () => number;
  /** Where the newest point of each partition is that was stored. */
  readonly #stored = new Map<number, number>();
  #points = 0;

  constructor(options: MetricsCollectorOptions) {
    this.#now = options.now ?? Date.now;
    const { warn } = options;
    const limits = { ...cardinalityLimitsDefault, ...options.limits };
    this.#admission = new Admission(limits, this.#now, ({ tenant, sentence }) => warn?.(`${tenant}: ${sentence}`));
    this.#producer = options.client.producer({
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 10_000,
      bufferBytesMax,
      compression: 'lz4',
      // Failures reach each request through its promises.
      onDelivery: () => undefined,
    });
    const send = this.send.bind(this);
    this.routes = [
      otlpRoute({
        path: '/v1/metrics',
        request: ExportMetricsRequest,
        answer: ExportMetricsAnswer,
        accept: (request, { principalName }) => this.take(request, principalName),
      }),
      remoteWriteRoute(send),
    ];
  }

  /** Points that were stored since the start. */
  get points(): number {
    return this.#points;
  }

  /** Offsets of the newest points that were stored here, by partition. */
  get stored(): ReadonlyMap<number, number> {
    return this.#stored;
  }

  /** Series that send. */
  get series(): number {
    return this.#admission.size;
  }

  get dropped(): Iterable<DroppedSeries> {
    return this.#admission.dropped;
  }

  /** A request of OTLP. */
  take(request: ExportMetricsRequest, tenant: string): Promise<RejectedPart | undefined> {
    const { points, refused } = otlpSamples(request, this.#now());
    return this.send(points, refused, tenant);
  }

  /** Resolves once all that it took is stored. @throws ProblemError `unavailable` */
  async send(
    points: readonly IncomingPoint[],
    refused: readonly RefusedMetric[],
    tenant: string,
  ): Promise<RejectedPart | undefined> {
    const producer = this.#producer;
    if (producer.bufferedBytes >= bufferBytesMax) throw unavailable('more points arrive than the brokers take');
    const dropped = new Map<string, { count: number; sentence: string }>();
    const sent: Promise<RecordPosition>[] = [];
    for (const point of points) {
      const series = this.#admission.admit(point, tenant);
      if ('sentence' in series) {
        const { sentence } = series;
        const before = dropped.get(sentence);
        if (before === undefined) dropped.set(sentence, { count: 1, sentence });
        else before.count += 1;
        continue;
      }
      sent.push(producer.send({ topic: metricsSamples, key: series.key, value: series.head + point.tail }));
    }
    try {
      for (const { partition, offset } of await Promise.all(sent)) {
        if (offset > (this.#stored.get(partition) ?? -1)) this.#stored.set(partition, offset);
      }
    } catch (error) {
      throw unavailable(messageOf(error), error);
    }
    this.#points += sent.length;
    return rejectedPart(refused, [...dropped.values()]);
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function rejectedPart(
  refused: readonly RefusedMetric[],
  dropped: readonly { readonly count: number; readonly sentence: string }[],
): RejectedPart | undefined {
  const reasons = [
    ...refused.map(({ name, points, reason }) => ({ count: points, text: `${name || 'a metric'}: ${reason}` })),
    ...dropped.map(({ count, sentence }) => ({ count, text: sentence })),
  ];
  if (reasons.length === 0) return undefined;
  const count = reasons.reduce((sum, reason) => sum + reason.count, 0);
  const told = reasons.slice(0, 5).map(({ text }) => text);
  const more = reasons.length > told.length ? [`and ${reasons.length - told.length} more reasons`] : [];
  return { count, message: [...told, ...more].join('; ') };
}

function unavailable(reason: string, cause?: unknown): ProblemError {
  return new ProblemError('unavailable', `the points could not be stored: ${reason}; send them again a little later`, {
    cause,
    retryAfterSeconds: 1,
  });
}
