/**
 * Those who wait for news. They are called in slices with a pause between, so that ten thousand who wait do not keep
 * whoever asks meanwhile waiting for all of them.
 */
import { setImmediate as pause } from 'node:timers/promises';

/** Each signs an answer of its own at worst: some 80 us, so that a slice takes less than 5 ms. */
const slice = 50;

export class WaitingRoom {
  #waiting = new Set<() => void>();
  #news = 0;

  /** Grows with each piece of news. */
  get news(): number {
    return this.#news;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Calls all who wait; those who come meanwhile wait for the next. */
  async call(): Promise<void> {
    this.#news++;
    const called = this.#waiting;
    this.#waiting = new Set();
    let count = 0;
    for (const wake of called) {
      wake();
      count++;
      if (count % slice === 0) await pause();
    }
  }

  /** Resolves when there is news after that number, or the signal aborts. */
  after(news: number, signal: AbortSignal): Promise<void> {
    if (this.#news !== news || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const room = this.#waiting;
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        room.delete(wake);
        resolve();
      };
      room.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
