/** A pause of one connection: the longest of those that were asked for (KIP-219). */
import type { Platform, Timer } from '@millrace/base';

export class Throttle {
  readonly #platform: Pick<Platform, 'clock' | 'timers'>;
  readonly #onEnd: () => void;
  #untilMs = 0;
  #timer: Timer | undefined;

  constructor(platform: Pick<Platform, 'clock' | 'timers'>, onEnd: () => void) {
    this.#platform = platform;
    this.#onEnd = onEnd;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Pauses for so long from now, unless it does already for longer. */
  extend(durationMs: number): void {
    const untilMs = this.#platform.clock.monotonic() + durationMs;
    if (untilMs <= this.#untilMs) return;
    this.#untilMs = untilMs;
    this.#timer?.cancel();
    this.#timer = this.#platform.timers.after(durationMs, () => {
      this.#timer = undefined;
      this.#onEnd();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
