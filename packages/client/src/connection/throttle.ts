/** Keeps a gate shut for as long as a broker asks (KIP-219). */
import type { Platform, Timer } from '@millrace/base';
import type { SendGate } from './send-gate.ts';

export class Throttle {
  readonly #platform: Platform;
  readonly #gate: SendGate;
  readonly #onOver: () => void;
  /** Monotonic time. */
  #until = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  /** `onOver` is called before the gate opens, and may shut it for another reason. */
  constructor(platform: Platform, gate: SendGate, onOver: () => void) {
    this.#platform = platform;
    this.#gate = gate;
    this.#onOver = onOver;
  }

  /** Nothing passes before this monotonic time; an earlier one than was asked for before changes nothing. */
  pauseUntil(until: number): void {
    if (until <= this.#until || this.#isClosed) return;
    this.#until = until;
    if (this.#timer !== undefined) this.#timer.cancel();
    else this.#gate.shut();
    const { clock, timers } = this.#platform;
    const waitMs = Math.min(2 ** 31 - 1, Math.ceil(until - clock.monotonic()));
    this.#timer = timers.after(Math.max(0, waitMs), () => {
      this.#timer = undefined;
      this.#onOver();
      this.#gate.open();
    });
  }

  /** The gate stays as it is. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }
}
