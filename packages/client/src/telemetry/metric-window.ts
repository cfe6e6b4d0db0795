/**
 * The standard metrics of KIP-714 out of a client's counters, each over the time since the last look: those of
 * producers while the client has one, those of consumers likewise. What nothing was measured of in that time is left
 * out. Connections that producers and consumers share count for both.
 */
import type { ClientMetrics, Measured, MetricRole } from './client-metrics.ts';
import type { MetricPoint } from './otlp-encoder.ts';

/** What consumers know of themselves, asked for when metrics are read. */
export interface ConsumerFigures {
  readonly assignedPartitions: number;
  /** Total ms in which loops waited for records, and in which they had some in hand. */
  readonly idleMs: number;
  readonly busyMs: number;
}

export interface MetricSources {
  readonly metrics: ClientMetrics;
  readonly hasProducer: boolean;
  /** Undefined while there is none. */
  readonly consumers: ConsumerFigures | undefined;
}

interface Totals {
  readonly count: number;
  readonly sum: number;
}

const noTotals: Totals = { count: 0, sum: 0 };
const none: Readonly<Record<string, string>> = {};

export class MetricWindow {
  readonly #before = new WeakMap<Measured, Totals>();
  readonly #created = new Map<string, number>();
  #poll = { idleMs: 0, busyMs: 0 };
  #beganAt: number;

  /** `beganAt`: monotonic ms. */
  constructor(beganAt: number) {
    this.#beganAt = beganAt;
  }

  /** The points since the last call, of which `wants` takes the name. */
  take(sources: MetricSources, now: number, delta: boolean, wants: (name: string) => boolean): MetricPoint[] {
    const points: MetricPoint[] = [];
    const seconds = Math.max(0.001, (now - this.#beganAt) / 1_000);
    this.#beganAt = now;
    if (sources.hasProducer) this.#producer(sources, points, seconds, delta);
    if (sources.consumers !== undefined) this.#consumer(sources, sources.consumers, points, seconds, delta);
    return points.filter(({ name }) => wants(name));
  }

  #producer({ metrics }: MetricSources, points: MetricPoint[], seconds: number, delta: boolean): void {
    const prefix = 'org.apache.kafka.producer.';
    this.#connections(metrics, 'producer', prefix, points, seconds, delta);
    this.#averageAndMax(`${prefix}produce.throttle.time`, metrics.produceThrottles, points);
    this.#averageAndMax(`${prefix}record.queue.time`, metrics.queueTimes, points);
  }

  #consumer(
    { metrics }: MetricSources,
    { assignedPartitions, idleMs, busyMs }: ConsumerFigures,
    points: MetricPoint[],
    seconds: number,
    delta: boolean,
  ): void {
    const prefix = 'org.apache.kafka.consumer.';
    this.#connections(metrics, 'consumer', prefix, points, seconds, delta);
    this.#averageAndMax(`${prefix}fetch.manager.fetch.latency`, metrics.fetchLatencies, points);
    this.#averageAndMax(`${prefix}coordinator.commit.latency`, metrics.commitLatencies, points);
    this.#averageAndMax(`${prefix}coordinator.rebalance.latency`, metrics.rebalanceLatencies, points, delta);
    points.push(gauge(`${prefix}coordinator.assigned.partitions`, assignedPartitions));
    // A consumer that was closed takes its times with it.
    const idle = Math.max(0, idleMs - this.#poll.idleMs);
    const busy = Math.max(0, busyMs - this.#poll.busyMs);
    this.#poll = { idleMs, busyMs };
    if (idle + busy > 0) points.push(gauge(`${prefix}poll.idle.ratio.avg`, idle / (idle + busy)));
  }

  #connections(
    metrics: ClientMetrics,
    role: Exclude<MetricRole, 'shared'>,
    prefix: string,
    points: MetricPoint[],
    seconds: number,
    delta: boolean,
  ): void {
    const parts = [metrics.connections[role], metrics.connections.shared];
    const total = parts.reduce((sum, { created }) => sum + created, 0);
    const before = this.#created.get(role) ?? 0;
    this.#created.set(role, total);
    points.push(gauge(`${prefix}connection.creation.rate`, (total - before) / seconds));
    points.push(sum(`${prefix}connection.creation.total`, delta ? total - before : total));
    const own = parts[0]?.latencies ?? new Map<number, Measured>();
    for (const [nodeId, latencies] of own) {
      if (nodeId >= 0) {
        this.#averageAndMax(`${prefix}node.request.latency`, latencies, points, undefined, { node_id: `${nodeId}` });
      }
    }
  }

  /** `.avg` and `.max`; with `totalDelta` a `.total` besides. */
  #averageAndMax(
    name: string,
    measured: Measured,
    points: MetricPoint[],
    totalDelta?: boolean,
    attributes = none,
  ): void {
    const before = this.#before.get(measured) ?? noTotals;
    this.#before.set(measured, { count: measured.count, sum: measured.sum });
    const count = measured.count - before.count;
    const max = measured.takeMax();
    if (count > 0) {
      points.push(gauge(`${name}.avg`, (measured.sum - before.sum) / count, attributes));
      points.push(gauge(`${name}.max`, max, attributes));
    }
    if (totalDelta !== undefined) points.push(sum(`${name}.total`, measured.sum - (totalDelta ? before.sum : 0)));
  }
}

function gauge(name: string, value: number, attributes = none): MetricPoint {
  return { name, kind: 'gauge', value, attributes };
}

function sum(name: string, value: number): MetricPoint {
  return { name, kind: 'sum', value, attributes: none };
}
