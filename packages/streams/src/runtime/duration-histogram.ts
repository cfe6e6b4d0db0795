/** How long something took, many times: counts by classes of 1, 2 and 5 times a power of ten. */

export interface DurationCounts {
  /** Upper ends of the classes in ms, themselves included; behind the last one is a class without an end. */
  readonly boundsMs: readonly number[];
  /** One for each class. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumMs: number;
}

const boundsMs: readonly number[] = [-3, -2, -1, 0, 1, 2, 3].flatMap((power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power}`)),
);

export class DurationHistogram {
  readonly #counts = new Array<number>(boundsMs.length + 1).fill(0);
  #count = 0;
  #sumMs = 0;

  /** `times` of them took so long each. */
  record(ms: number, times = 1): void {
    let place = 0;
    while (place < boundsMs.length && ms > (boundsMs[place] as number)) place++;
    this.#counts[place] = (this.#counts[place] ?? 0) + times;
    this.#count += times;
    this.#sumMs += ms * times;
  }

  snapshot(): DurationCounts {
    return { boundsMs, counts: [...this.#counts], count: this.#count, sumMs: this.#sumMs };
  }
}
