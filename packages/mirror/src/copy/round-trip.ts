/**
 * How far away a broker is: the time that a request takes which asks for next to nothing, the least of the last few,
 * since a busy process or broker makes some of them late. One that was answered quickly is proof that it is near.
 */

/** From here on waiting for an answer costs a worthwhile part of the time. */
const farMsMin = 5;
/** So many late answers, and no other, make a broker far. */
const samplesMin = 3;
const samplesMax = 5;
const againNearMs = 60_000;
const againFarMs = 10_000;

export class RoundTrip {
  #samples: number[] = [];
  #nextAt = 0;
  #isKnown = false;

  /** In ms; 0 while the broker is near, or not known to be far. */
  get farMs(): number {
    return this.#samples.length < samplesMin ? 0 : Math.min(...this.#samples);
  }

  /** Whether it was measured often enough to say so. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether it is time to measure. `now`: monotonic ms. */
  isDue(now: number): boolean {
    return now >= this.#nextAt;
  }

  /** A measurement begins; none is due until it ends. */
  begin(): void {
    this.#nextAt = Number.POSITIVE_INFINITY;
  }

  /** It ended after `ms`; undefined: it failed. */
  end(ms: number | undefined, now: number): void {
    if (ms === undefined) {
      this.#nextAt = now;
      return;
    }
    if (ms < farMsMin) {
      this.#samples = [];
      this.#nextAt = now + againNearMs;
      this.#isKnown = true;
    } else {
      this.#samples = [...this.#samples, ms].slice(-samplesMax);
      this.#nextAt = this.#samples.length < samplesMin ? now : now + againFarMs;
      this.#isKnown ||= this.#samples.length >= samplesMin;
    }
  }
}
