/** Pauses between attempts: exponential, with jitter so that clients don't come back all at once. */
import type { Randomness } from '@millrace/base';

export interface BackoffOptions {
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
}

/**
 * The pause before attempt `attempt` (1 is the first repetition), in ms: doubling, at most the maximum, give or take a
 * fifth.
 */
export function backoffMs(options: BackoffOptions, attempt: number, randomness: Randomness): number {
  const grown = options.retryBackoffMs * 2 ** Math.min(attempt - 1, 30);
  return Math.min(grown, options.retryBackoffMaxMs) * (0.8 + 0.4 * randomness.float());
}
