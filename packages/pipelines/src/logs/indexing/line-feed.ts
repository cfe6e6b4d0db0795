/** Lines as they come, for those who watch. Who is slow misses lines, and is told how many; nobody waits for them. */
import type { StoredLine } from '../store/log-block.ts';

/** A line, or how many were left out. */
export type FeedItem = StoredLine | { readonly missed: number };

const queueMax = 1_000;

export class LineFeed {
  readonly #watchers = new Set<Watcher>();

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  publish(stored: StoredLine): void {
    for (const watcher of this.#watchers) watcher.offer(stored);
  }

  /** Lines from now on that pass the filter, until the signal aborts. */
  async *watch(accepts: (stored: StoredLine) => boolean, signal: AbortSignal): AsyncGenerator<FeedItem, void> {
    const watcher = new Watcher(accepts);
    this.#watchers.add(watcher);
    const onAbort = (): void => watcher.wake();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        yield* watcher.take();
        await watcher.more(signal);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#watchers.delete(watcher);
    }
  }
}

class Watcher {
  readonly #accepts: (stored: StoredLine) => boolean;
  #queue: StoredLine[] = [];
  #missed = 0;
  #waiting: (() => void) | undefined;

  constructor(accepts: (stored: StoredLine) => boolean) {
    this.#accepts = accepts;
  }

  offer(stored: StoredLine): void {
    if (!this.#accepts(stored)) return;
    if (this.#queue.length >= queueMax) this.#missed++;
    else this.#queue.push(stored);
    this.wake();
  }

  wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }

  take(): FeedItem[] {
    const items: FeedItem[] = this.#queue;
    if (this.#missed > 0) items.push({ missed: this.#missed });
    this.#queue = [];
    this.#missed = 0;
    return items;
  }

  async more(signal: AbortSignal): Promise<void> {
    if (this.#queue.length > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
  }
}
