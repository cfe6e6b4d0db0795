/**
 * What a client counts about itself: plain numbers that cost nothing to keep, whether somebody reads them or not.
 * Totals only grow; who reports a rate or an average over a time remembers the totals of its start.
 *
 * Connections have a purpose, and count for the producers or the consumers by that. What serves both (metadata, say) is
 * counted apart, as shared.
 */
import type { ConnectionObserver } from '../connection/connection-options.ts';

/** How many measurements there were, their sum, and the largest since the last look. In ms. */
export class Measured {
  count = 0;
  sum = 0;
  #max = Number.NaN;

  add(value: number): void {
    this.count++;
    this.sum += value;
    if (!(value <= this.#max)) this.#max = value;
  }

  /** The largest since this was last called; NaN when there was none. */
  takeMax(): number {
    const max = this.#max;
    this.#max = Number.NaN;
    return max;
  }
}

/** Whom a connection serves. */
export type MetricRole = 'producer' | 'consumer' | 'shared';

export class ConnectionMetrics {
  created = 0;
  /** Latencies of requests by node id; -1 stands for bootstrap servers. */
  readonly latencies = new Map<number, Measured>();
}

export class ClientMetrics {
  readonly connections: Readonly<Record<MetricRole, ConnectionMetrics>> = {
    producer: new ConnectionMetrics(),
    consumer: new ConnectionMetrics(),
    shared: new ConnectionMetrics(),
  };
  /** Pauses that brokers asked for after Produce. */
  readonly produceThrottles = new Measured();
  /** How long batches had waited when they were sent, repetitions included. */
  readonly queueTimes = new Measured();
  readonly fetchLatencies = new Measured();
  readonly commitLatencies = new Measured();
  /**
   * From the first JoinGroup of a rebalance to the answer to its SyncGroup; in the protocol of KIP-848 from joining, or
   * from a new assignment, to the heartbeat after which the coordinator knows that it is carried out.
   */
  readonly rebalanceLatencies = new Measured();
  readonly #connected = Promise.withResolvers<void>();
  readonly #onThrottled: (api: string, broker: string, throttleMs: number) => void;

  constructor(onThrottled: (api: string, broker: string, throttleMs: number) => void) {
    this.#onThrottled = onThrottled;
  }

  /** Resolves once the first connection is open. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** Who shall watch a connection for a purpose. */
  observe(purpose: string): ConnectionObserver {
    return new PurposeObserver(this, roleOf(purpose));
  }

  /** A connection for a purpose was opened. */
  opened(purpose: string): void {
    this.connections[roleOf(purpose)].created++;
    this.#connected.resolve();
  }

  throttled(api: string, broker: string, throttleMs: number): void {
    if (api === 'Produce') this.produceThrottles.add(throttleMs);
    this.#onThrottled(api, broker, throttleMs);
  }
}

function roleOf(purpose: string): MetricRole {
  if (purpose.startsWith('produce')) return 'producer';
  return purpose.startsWith('fetch') || purpose.startsWith('group') ? 'consumer' : 'shared';
}

class PurposeObserver implements ConnectionObserver {
  readonly #metrics: ClientMetrics;
  readonly #own: ConnectionMetrics;
  /** Monotonic time of the first JoinGroup since the last SyncGroup. */
  #joinBegan = Number.NaN;

  constructor(metrics: ClientMetrics, role: MetricRole) {
    this.#metrics = metrics;
    this.#own = metrics.connections[role];
  }

  answered(api: string, nodeId: number, latencyMs: number, at: number): void {
    let latencies = this.#own.latencies.get(nodeId);
    if (latencies === undefined) {
      latencies = new Measured();
      this.#own.latencies.set(nodeId, latencies);
    }
    latencies.add(latencyMs);
    switch (api) {
      case 'Fetch':
        return this.#metrics.fetchLatencies.add(latencyMs);
      case 'OffsetCommit':
        return this.#metrics.commitLatencies.add(latencyMs);
      case 'JoinGroup':
        if (Number.isNaN(this.#joinBegan)) this.#joinBegan = at - latencyMs;
        return;
      case 'SyncGroup':
        if (!Number.isNaN(this.#joinBegan)) this.#metrics.rebalanceLatencies.add(at - this.#joinBegan);
        this.#joinBegan = Number.NaN;
        return;
      default:
    }
  }

  throttled(api: string, broker: string, throttleMs: number): void {
    this.#metrics.throttled(api, broker, throttleMs);
  }
}
