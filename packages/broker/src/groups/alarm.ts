/**
 * One timer for the nearest of many deadlines. Moving a deadline back costs nothing: the timer stays where it is, rings
 * early, and the owner sets it again for what is then the nearest.
 */
import type { Platform, Timer } from '@millrace/base';

const delayMsMax = 2 ** 31 - 1;

export class Alarm {
  readonly #platform: Pick<Platform, 'clock' | 'timers'>;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  #ringsAt = Number.POSITIVE_INFINITY;

  /** `ring` is called at a deadline or before, never without one. */
  constructor(platform: Pick<Platform, 'clock' | 'timers'>, ring: () => void) {
    this.#platform = platform;
    this.#ring = ring;
  }

  /** Rings at `deadline` (monotonic milliseconds; Infinity for never) at the latest, unless cancelled. */
  set(deadline: number): void {
    if (deadline >= this.#ringsAt) return;
    this.#timer?.cancel();
    this.#ringsAt = deadline;
    const delayMs = Math.ceil(deadline - this.#platform.clock.monotonic());
    this.#timer = this.#platform.timers.after(Math.min(Math.max(delayMs, 0), delayMsMax), () => {
      this.cancel();
      this.#ring();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }
}
