/**
 * How long a login lasts (KIP-368). A session is renewed when 85 to 95 percent of it are over, at the next request that
 * is to be sent; brokers refuse to renew one sooner than a second after the last time.
 */
import type { Randomness } from '@millrace/base';

const renewMsMin = 1_050;
/** Kafka's clients keep as far from the end. */
const shareMin = 0.85;
const shareSpread = 0.1;

/** The monotonic time from which a session that began at `begunAt` is due; infinite when it lives for ever. */
export function renewalTime(begunAt: number, lifetimeMs: number, randomness: Randomness): number {
  if (lifetimeMs <= 0) return Number.POSITIVE_INFINITY;
  return begunAt + Math.max(renewMsMin, lifetimeMs * (shareMin + shareSpread * randomness.float()));
}
