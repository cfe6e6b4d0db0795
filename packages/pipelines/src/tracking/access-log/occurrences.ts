/**
 * Tells equal lines of a log apart by counting them: the first is 0, the next 1. Two requests of one client for one
 * thing in one second give equal lines, and both happened.
 *
 * Equal lines carry the same time, so what is remembered is bounded: lines with a time within 30 minutes of that of the
 * line in hand are never forgotten, and none outlives 90 minutes of the log's time. The numbers depend on the file
 * alone, so that every import of it gives the same ones.
 */
const windowMs = 60 * 60 * 1_000;

export class Occurrences {
  readonly #bySecond = new Map<number, Map<string, number>>();
  #sweptAt: number | undefined;

  /** How many lines with this hash and this time (milliseconds since 1970) came before. */
  next(lineHash: string, at: number): number {
    this.#sweep(at);
    let second = this.#bySecond.get(at);
    if (second === undefined) {
      second = new Map();
      this.#bySecond.set(at, second);
    }
    const before = second.get(lineHash) ?? 0;
    second.set(lineHash, before + 1);
    return before;
  }

  /** Forgets what is far, each time the log's time has moved on by half the window. */
  #sweep(at: number): void {
    this.#sweptAt ??= at;
    if (Math.abs(at - this.#sweptAt) < windowMs / 2) return;
    this.#sweptAt = at;
    for (const second of this.#bySecond.keys()) {
      if (Math.abs(second - at) > windowMs) this.#bySecond.delete(second);
    }
  }
}
