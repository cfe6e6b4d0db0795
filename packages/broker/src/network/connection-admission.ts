/**
 * Whom one broker lets in: how many connections there are, in all and from one address, and how fast they come. The
 * rules are Kafka's: `max.connections`, `max.connections.per.ip` with its overrides, `max.connection.creation.rate`,
 * and the quota `connection_creation_rate` of addresses.
 *
 * A connection that comes too fast for the broker is served later. One that comes too fast for its address is closed,
 * after a while, so that the peer that tries again at once is slowed down.
 */
import type { Clock } from '@millrace/base';
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import { listOf } from '../configuration/definition.ts';
import { RateMeter, type RateWindows } from '../quotas/rate-meter.ts';

/** What happens to a new connection: it is served after a while, or refused after a while. */
export interface Admission {
  readonly delayMs: number;
  /** Why it is refused; undefined when it is let in. */
  readonly refusal: string | undefined;
}

export interface ConnectionAdmissionOptions {
  readonly clock: Clock;
  readonly configuration: ClusterConfiguration;
  /** How many connections a second an address may open; undefined for any number. */
  readonly addressRate: (host: string) => number | undefined;
}

const unbounded = 2 ** 31 - 1;
const admitted: Admission = { delayMs: 0, refusal: undefined };
/** Addresses whose rate is measured, before those that are silent are forgotten. */
const measuredMax = 10_000;

export class ConnectionAdmission {
  readonly #options: ConnectionAdmissionOptions;
  readonly #windows: RateWindows;
  readonly #byHost = new Map<string, number>();
  readonly #meters = new Map<string, RateMeter>();
  readonly #rate: RateMeter;
  #count = 0;

  constructor(options: ConnectionAdmissionOptions) {
    this.#options = options;
    const { configuration } = options;
    const seconds = configuration.number('quota.window.size.seconds');
    this.#windows = { count: configuration.number('quota.window.num'), ms: seconds * 1000 };
    this.#rate = new RateMeter(this.#windows);
  }

  /** Connections that were let in and have not left. */
  get count(): number {
    return this.#count;
  }

  /** Counts a new connection, to be told to `left` unless it is refused. */
  admit(host: string): Admission {
    const refusal = this.#countRefusal(host);
    if (refusal !== undefined) return { delayMs: 0, refusal };
    const now = this.#options.clock.monotonic();
    const addressDelayMs = this.#addressDelay(host, now);
    if (addressDelayMs > 0) return { delayMs: addressDelayMs, refusal: `${host} opens connections too fast` };
    this.#count += 1;
    this.#byHost.set(host, (this.#byHost.get(host) ?? 0) + 1);
    const rateMax = this.#options.configuration.number('max.connection.creation.rate');
    if (rateMax >= unbounded) return admitted;
    this.#rate.record(1, now);
    return { delayMs: this.#rate.excessMs(rateMax, now), refusal: undefined };
  }

  /** A connection that was let in is gone. */
  left(host: string): void {
    this.#count -= 1;
    const count = (this.#byHost.get(host) ?? 1) - 1;
    if (count === 0) this.#byHost.delete(host);
    else this.#byHost.set(host, count);
  }

  #countRefusal(host: string): string | undefined {
    const { configuration } = this.#options;
    const max = configuration.number('max.connections');
    if (this.#count >= max) return `the broker has ${max} connections, as many as max.connections allows`;
    const hostMax = this.#hostMax(host);
    if ((this.#byHost.get(host) ?? 0) < hostMax) return undefined;
    return `${host} has ${hostMax} connections, as many as max.connections.per.ip and its overrides allow`;
  }

  #hostMax(host: string): number {
    const { configuration } = this.#options;
    for (const override of listOf(configuration.text('max.connections.per.ip.overrides'))) {
      const colon = override.lastIndexOf(':');
      if (override.slice(0, colon).trim() === host) return Number(override.slice(colon + 1));
    }
    return configuration.number('max.connections.per.ip');
  }

  #addressDelay(host: string, now: number): number {
    const limit = this.#options.addressRate(host);
    if (limit === undefined) return 0;
    let meter = this.#meters.get(host);
    if (meter === undefined) {
      if (this.#meters.size >= measuredMax) this.#forgetIdle(now);
      meter = new RateMeter(this.#windows);
      this.#meters.set(host, meter);
    }
    meter.record(1, now);
    const delayMs = meter.excessMs(limit, now);
    // One that is refused does not count, or its peer would never come in again.
    if (delayMs > 0) meter.record(-1, now);
    return delayMs;
  }

  #forgetIdle(now: number): void {
    for (const [host, meter] of this.#meters) if (meter.isIdle(now)) this.#meters.delete(host);
  }
}
