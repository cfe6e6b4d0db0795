/**
 * Counts work done at a stretch, in bytes that were worked on, and says when others should have their turn: a chunk of
 * many tiny batches can take tens of milliseconds, which heartbeats and requests of other partitions must not wait.
 */

/** A few milliseconds of joining records. */
const bytesPerTurn = 1024 * 1024;

export class WorkTurns {
  readonly #rest: (() => Promise<void>) | undefined;
  #bytes = 0;

  /** `rest` resolves when others have had their turn; without it nothing is interrupted. */
  constructor(rest: (() => Promise<void>) | undefined) {
    this.#rest = rest;
  }

  /** Whether so much work, done at a stretch, is more than one turn. */
  exceeds(bytes: number): boolean {
    return this.#rest !== undefined && bytes > bytesPerTurn;
  }

  /** Call after work: answers what to await when the turn is over. */
  spend(bytes: number): Promise<void> | undefined {
    this.#bytes += bytes;
    if (this.#bytes < bytesPerTurn || this.#rest === undefined) return undefined;
    this.#bytes = 0;
    return this.#rest();
  }
}
