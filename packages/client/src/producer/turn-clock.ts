/**
 * The wall clock for records without a timestamp, read once for records that are written in one go: a reading costs as
 * much as a record.
 */
import type { Platform } from '@millrace/base';

/** A reading serves so many records at most, about 50 us of a tight loop. */
const readingsMax = 128;

export class TurnClock {
  readonly #platform: Platform;
  readonly #forget: () => void;
  #now = 0;
  #left = 0;
  #isScheduled = false;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#forget = () => {
      this.#isScheduled = false;
      this.#left = 0;
    };
  }

  /** Milliseconds since 1970, as of this turn of the event loop. */
  now(): number {
    if (this.#left === 0) this.#read();
    this.#left--;
    return this.#now;
  }

  #read(): void {
    this.#now = this.#platform.clock.now();
    this.#left = readingsMax;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#platform.timers.soon(this.#forget);
  }
}
