/** Tells a failure that is new from one that lasts, so that it is reported once, however many meet it. */
import type { Clock } from '@millrace/base';

/** After how long a failure that lasts is told again. */
const repeatedMs = 60_000;

export class LastingFailure {
  readonly #clock: Clock;
  #last: { readonly message: string; readonly at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a failure is to be reported: the same one is once a minute. */
  isNew(message: string): boolean {
    const now = this.#clock.monotonic();
    const { message: last, at } = this.#last ?? { message: '', at: now };
    if (last === message && now - at < repeatedMs) return false;
    this.#last = { message, at: now };
    return true;
  }
}
