import { excessMsMax } from './rate-meter.ts';

/**
 * A bucket of permits that fills at a rate up to a burst, as KIP-599 bounds changes of topics: while it is not below
 * empty, anything may be taken, which can leave it far below.
 */
export class TokenBucket {
  readonly #burstMs: number;
  #tokens = Number.POSITIVE_INFINITY;
  #filledMs = 0;

  /** Holds as many permits as flow in during `burstMs`. Full at first. */
  constructor(burstMs: number) {
    this.#burstMs = burstMs;
  }

  /** How long, in whole milliseconds, until permits may be taken again; 0 for at once, at most `excessMsMax`. */
  excessMs(perSecond: number, nowMs: number): number {
    this.#fill(perSecond, nowMs);
    return Math.min(excessMsMax, Math.max(0, Math.round((-this.#tokens / perSecond) * 1000)));
  }

  take(permits: number, perSecond: number, nowMs: number): void {
    this.#fill(perSecond, nowMs);
    this.#tokens -= permits;
  }

  /** Whether it is as good as new. */
  isFull(perSecond: number, nowMs: number): boolean {
    this.#fill(perSecond, nowMs);
    return this.#tokens >= (perSecond * this.#burstMs) / 1000;
  }

  #fill(perSecond: number, nowMs: number): void {
    const burst = (perSecond * this.#burstMs) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledMs) * perSecond) / 1000);
    this.#filledMs = nowMs;
  }
}
