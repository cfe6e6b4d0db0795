/** Where the time comes from. Broker and client read it only through this, so that a simulation can own it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01 UTC; may jump. For timestamps of records. */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary origin; never goes back. For deadlines and durations. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
