/** How long a member takes from learning that partitions are to change hands until the coordinator knows it is done. */
import type { Clock } from '@millrace/base';
import type { Measured } from './client-metrics.ts';

export class RebalanceStopwatch {
  readonly #clock: Clock;
  readonly #latencies: Measured;
  #beganAt: number | undefined;

  constructor(clock: Clock, latencies: Measured) {
    this.#clock = clock;
    this.#latencies = latencies;
  }

  /** It joins, or has a new assignment. Harmless while a rebalance is under way. */
  begin(): void {
    this.#beganAt ??= this.#clock.monotonic();
  }

  /** The coordinator knows that it owns what it should. Harmless when nothing has begun. */
  end(): void {
    if (this.#beganAt !== undefined) this.#latencies.add(this.#clock.monotonic() - this.#beganAt);
    this.#beganAt = undefined;
  }
}
