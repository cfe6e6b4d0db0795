/** Who waits for which batches. A barrier stands for all batches that were begun and not finished when it was made. */
interface Barrier {
  /** Batches begun after this one don't count. */
  readonly lastSerial: number;
  remaining: number;
  readonly passed: () => void;
}

export class FlushBarriers {
  #serial = 0;
  #unfinished = 0;
  #barriers: Barrier[] = [];

  /** Batches begun and not finished. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Counts a new batch, and answers its serial number: ascending. */
  begin(): number {
    this.#unfinished++;
    return ++this.#serial;
  }

  /** Counts one more batch under the serial of another, which was split. */
  split(serial: number): void {
    this.#unfinished++;
    for (const barrier of this.#barriers) if (serial <= barrier.lastSerial) barrier.remaining++;
  }

  /** Counts a batch as finished, well or not. */
  finish(serial: number): void {
    this.#unfinished--;
    if (this.#barriers.length === 0) return;
    for (const barrier of this.#barriers)
      if (serial <= barrier.lastSerial && --barrier.remaining === 0) barrier.passed();
    this.#barriers = this.#barriers.filter((barrier) => barrier.remaining > 0);
  }

  /** Resolves when all batches that are unfinished now are finished. */
  passed(): Promise<void> {
    if (this.#unfinished === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#barriers.push({ lastSerial: this.#serial, remaining: this.#unfinished, passed: resolve });
    });
  }
}
