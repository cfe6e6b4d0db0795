/**
 * The login of a connection, and how long it lasts (KIP-368). A session is renewed when 85 to 95 percent of it are
 * over, at the next request that is to be sent; brokers refuse to renew one sooner than a second after the last time.
 */
import type { Platform, Randomness } from '@millrace/base';
import { type Ask, authenticate } from '../security/authentication.ts';
import type { SaslCredentials } from '../security/sasl-credentials.ts';

const renewMsMin = 1_050;
/** Kafka's clients keep as far from the end. */
const shareMin = 0.85;
const shareSpread = 0.1;

/** The monotonic time from which a session that began at `begunAt` is due; infinite when it lives for ever. */
export function renewalTime(begunAt: number, lifetimeMs: number, randomness: Randomness): number {
  if (lifetimeMs <= 0) return Number.POSITIVE_INFINITY;
  return begunAt + Math.max(renewMsMin, lifetimeMs * (shareMin + shareSpread * randomness.float()));
}

export class Login {
  readonly #broker: string;
  readonly #credentials: SaslCredentials;
  readonly #platform: Platform;
  /** Monotonic time. */
  #renewAt = Number.POSITIVE_INFINITY;

  constructor(broker: string, credentials: SaslCredentials, platform: Platform) {
    this.#broker = broker;
    this.#credentials = credentials;
    this.#platform = platform;
  }

  /** Whether it must be performed again before anything else is sent. */
  get isDue(): boolean {
    return this.#platform.clock.monotonic() >= this.#renewAt;
  }

  /** Logs in, for the first time or anew. Rejects as `authenticate` does. */
  async perform(ask: Ask): Promise<void> {
    const { clock, randomness } = this.#platform;
    this.#renewAt = Number.POSITIVE_INFINITY;
    const begunAt = clock.monotonic();
    const lifetimeMs = await authenticate(this.#broker, this.#credentials, ask);
    this.#renewAt = renewalTime(begunAt, lifetimeMs, randomness);
  }
}
