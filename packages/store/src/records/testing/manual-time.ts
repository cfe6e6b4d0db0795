/** A clock and timers that a test moves. */
import type { Clock, Timer, Timers } from '@millrace/base';

interface Pending {
  readonly at: number;
  readonly callback: () => void;
}

export class ManualTime implements Clock, Timers {
  #now = 1_700_000_000_000;
  #pending: Pending[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending = { at: this.#now + delayMs, callback };
    this.#pending.push(pending);
    const timer: Timer = {
      cancel: () => {
        this.#pending = this.#pending.filter((each) => each !== pending);
      },
      unref: () => timer,
    };
    return timer;
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  /** Moves the time on, and calls what is due, in the order of times; each has its promises settled before the next. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#pending.filter(({ at }) => at <= until).sort((left, right) => left.at - right.at)[0];
      if (due === undefined) break;
      this.#pending = this.#pending.filter((each) => each !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await settled();
    }
    this.#now = until;
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
