/**
 * The answers of one broker that take long to be taken: what they brought is converted, or asked where it came from.
 * Requests for other partitions are not to wait for that; nor are the partitions concerned, once they are done, to wait
 * for a request that waits for data of others.
 */
import type { Platform, Timer } from '@millrace/base';

/** So long the next request waits for what the one before has brought, so that it can ask for those partitions too. */
const patienceMs = 20;
const waitMsMin = 20;

export class LongTakes {
  readonly #platform: Platform;
  /** Oldest first. */
  readonly #long = new Set<{ readonly since: number }>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Resolves when what was handed over is taken, or takes long; then `taken` is called when it is. */
  settle(taking: Promise<void>, taken: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock, timers } = this.#platform;
    const since = clock.monotonic();
    const take = { since };
    const timer: Timer = timers.after(patienceMs, () => {
      this.#long.add(take);
      resolve();
    });
    taking.then(() => {
      timer.cancel();
      resolve();
      if (this.#long.delete(take)) taken();
    });
    return promise;
  }

  /**
   * How long a request may wait at the broker for data: for about as long again as what takes long has taken, so that
   * a partition that is done is asked for soon.
   */
  get waitMsMax(): number {
    const newest = [...this.#long].at(-1);
    if (newest === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(waitMsMin, Math.ceil(this.#platform.clock.monotonic() - newest.since));
  }
}
