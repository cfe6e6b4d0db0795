/** How far the topic of samples was read: whoever has written to it can wait until queries see that. */
import { setTimeout as pause } from 'node:timers/promises';

interface Waiting {
  /** By partition, the offset that must have been read. */
  readonly until: ReadonlyMap<number, number>;
  readonly resolve: () => void;
}

export class ReadProgress {
  /** By partition, the next offset to read. */
  #positions: ReadonlyMap<number, number> = new Map();
  readonly #waiting = new Set<Waiting>();

  /** Takes where reading has got to. */
  advance(positions: ReadonlyMap<number, number>): void {
    this.#positions = positions;
    for (const waiting of this.#waiting) {
      if (!this.#hasRead(waiting.until)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  /** Resolves once all these records were read, by partition, or after a while. */
  async reached(until: ReadonlyMap<number, number>, timeoutMs: number): Promise<void> {
    if (this.#hasRead(until)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { until: new Map(until), resolve };
    this.#waiting.add(waiting);
    const ends = new AbortController();
    const late = pause(timeoutMs, undefined, { signal: ends.signal, ref: false }).catch(() => undefined);
    await Promise.race([promise, late]);
    ends.abort();
    this.#waiting.delete(waiting);
  }

  #hasRead(until: ReadonlyMap<number, number>): boolean {
    for (const [partition, offset] of until) if ((this.#positions.get(partition) ?? 0) <= offset) return false;
    return true;
  }
}
