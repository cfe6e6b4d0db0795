/**
 * What a client counts about itself, as plain numbers that cost nothing to keep: nobody need read them. Totals only
 * grow; who reports a rate or an average over a time remembers the totals of its start.
 */
import type { ConnectionObserver } from '../connection/connection.ts';

/** A number of measurements, their sum and the largest since the last look. */
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

export class ClientMetrics implements ConnectionObserver {
  connectionsCreated = 0;
  /** Latency in ms of requests by node id; -1 gathers bootstrap servers. */
  readonly requestLatencies = new Map<number, Measured>();
  /** Pauses in ms that brokers asked for in answers to Produce and Fetch. */
  readonly produceThrottles = new Measured();
  readonly fetchThrottles = new Measured();
  readonly fetchLatencies = new Measured();
  readonly #onThrottled: (api: string, broker: string, throttleMs: number) => void;

  constructor(onThrottled: (api: string, broker: string, throttleMs: number) => void) {
    this.#onThrottled = onThrottled;
  }

  answered(api: string, nodeId: number, latencyMs: number): void {
    let latencies = this.requestLatencies.get(nodeId);
    if (latencies === undefined) {
      latencies = new Measured();
      this.requestLatencies.set(nodeId, latencies);
    }
    latencies.add(latencyMs);
    if (api === 'Fetch') this.fetchLatencies.add(latencyMs);
  }

  throttled(api: string, broker: string, throttleMs: number): void {
    if (api === 'Produce') this.produceThrottles.add(throttleMs);
    else if (api === 'Fetch') this.fetchThrottles.add(throttleMs);
    this.#onThrottled(api, broker, throttleMs);
  }
}
