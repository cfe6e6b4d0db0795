/** What a cluster does by the clock: each job again and again, never two of one kind at once, until it is stopped. */
import { messageOf, type Timer, type Timers } from '@millrace/base';

export interface HousekeepingOptions {
  readonly timers: Timers;
  readonly report: (event: { readonly level: 'error'; readonly message: string }) => void;
}

/** The longest that a timer can wait. */
const delayMsMax = 2 ** 31 - 1;

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #waiting = new Set<Timer>();
  readonly #working = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Runs `work` again and again, `intervalMs` after it ended. What it throws is reported. */
  every(intervalMs: number, work: () => Promise<void> | void): void {
    if (this.#stopped) return;
    const timer = this.#options.timers
      .after(Math.min(intervalMs, delayMsMax), () => {
        this.#waiting.delete(timer);
        const working = this.#attempt(work).finally(() => {
          this.#working.delete(working);
          this.every(intervalMs, work);
        });
        this.#working.add(working);
      })
      .unref();
    this.#waiting.add(timer);
  }

  /** Begins no more work, and resolves once what is under way has ended; long work looks at `stopped` to end early. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#waiting) timer.cancel();
    this.#waiting.clear();
    await Promise.all(this.#working);
  }

  async #attempt(work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.report({ level: 'error', message: `housekeeping failed: ${messageOf(error)}` });
    }
  }
}
