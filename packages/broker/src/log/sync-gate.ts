/**
 * Lets few syncs run at once over all logs. Each holds a thread of the pool that reads and writes need too, and what
 * is appended to a log that waits its turn goes out with its next sync.
 */
export class SyncGate {
  readonly #atOnceMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax;
  }

  async run<T>(sync: () => Promise<T>): Promise<T> {
    if (this.#running === this.#atOnceMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await sync();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
