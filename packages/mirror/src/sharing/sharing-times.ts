/** How quickly the workers of a mirror notice each other. */

/** All in ms, and the same for all workers of a mirror as a rule. */
export interface SharingOptions {
  /** After so long without a word a worker counts as dead. Default 6000, which is the least that brokers take. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Well below `sessionTimeoutMs`. Default 1500. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How often what was measured is spread anew. Default 60000. */
  readonly rebalanceIntervalMs?: number | undefined;
}

export interface SharingTimes {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceIntervalMs: number;
}

export function sharingTimes(options: SharingOptions = {}): SharingTimes {
  const {
    sessionTimeoutMs = 6_000,
    heartbeatIntervalMs = sessionTimeoutMs / 4,
    rebalanceIntervalMs = 60_000,
  } = options;
  return { sessionTimeoutMs, heartbeatIntervalMs, rebalanceIntervalMs };
}
