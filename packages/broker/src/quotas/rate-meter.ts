/**
 * A rate over the last few windows of time, measured as Kafka measures quotas: values are summed by window, and the sum
 * of the windows that are not too old is divided by the time that they span, which is never taken for shorter than all
 * windows but one, so that the first value after a silence is no peak.
 */

/** How a rate is measured: `quota.window.num` windows of `quota.window.size.seconds`. */
export interface RateWindows {
  readonly count: number;
  readonly ms: number;
}

/** The longest pause that a client can be told, and a timer can wait. */
export const excessMsMax = 2 ** 31 - 1;

export class RateMeter {
  readonly #windows: RateWindows;
  /** Begin and sum of each window, oldest first. */
  #samples: { readonly beganMs: number; sum: number }[] = [];

  constructor(windows: RateWindows) {
    this.#windows = windows;
  }

  /** Counts a value; a negative one takes back. */
  record(value: number, nowMs: number): void {
    this.#forgetOld(nowMs);
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.beganMs < this.#windows.ms) last.sum += value;
    else this.#samples.push({ beganMs: nowMs, sum: value });
    if (this.#samples.length > this.#windows.count) this.#samples.shift();
  }

  /** The rate, in values a second. */
  rate(nowMs: number): number {
    this.#forgetOld(nowMs);
    return (this.#sum() * 1000) / this.#spanMs(nowMs);
  }

  /**
   * How long, in whole milliseconds, nothing must come for the rate to be within `limit` a second; 0 when it is, at
   * most `excessMsMax`.
   */
  excessMs(limit: number, nowMs: number): number {
    const rate = this.rate(nowMs);
    if (rate <= limit) return 0;
    return Math.min(excessMsMax, Math.round(((rate - limit) / limit) * this.#spanMs(nowMs)));
  }

  /** Whether nothing of what was recorded counts any more. */
  isIdle(nowMs: number): boolean {
    this.#forgetOld(nowMs);
    return this.#samples.length === 0;
  }

  #sum(): number {
    let sum = 0;
    for (const sample of this.#samples) sum += sample.sum;
    return sum;
  }

  #spanMs(nowMs: number): number {
    const { count, ms } = this.#windows;
    const elapsed = nowMs - (this.#samples[0]?.beganMs ?? nowMs);
    const missing = Math.max(0, count - 1 - Math.floor(elapsed / ms));
    return Math.max(1, elapsed + missing * ms);
  }

  #forgetOld(nowMs: number): void {
    const oldest = nowMs - this.#windows.count * this.#windows.ms;
    while (this.#samples[0] !== undefined && this.#samples[0].beganMs <= oldest) this.#samples.shift();
  }
}
