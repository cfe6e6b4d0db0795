/**
 * Rate limits: a bucket a key, of so many requests at once, filled again by so many a second.
 *
 * Invariant: no more than `keysMax` buckets are held. Whoever has not asked for longest is forgotten first, which at
 * worst gives a full bucket back.
 */
export interface Rate {
  readonly perSecond: number;
  /** Requests at once. */
  readonly burst: number;
}

interface Bucket {
  level: number;
  at: number;
}

const keysMaxDefault = 20_000;

export class TokenBuckets {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #keysMax: number;
  readonly #buckets = new Map<string, Bucket>();

  /** `now` is a clock in milliseconds that never goes back. */
  constructor(rate: Rate, now: () => number, keysMax: number = keysMaxDefault) {
    this.#rate = rate;
    this.#now = now;
    this.#keysMax = keysMax;
  }

  /** Takes one; answers 0, or after how many seconds there will be one. */
  take(key: string): number {
    const { perSecond, burst } = this.#rate;
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { level: burst, at: now };
    bucket.level = Math.min(burst, bucket.level + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    this.#keep(key, bucket);
    if (bucket.level < 1) return (1 - bucket.level) / perSecond;
    bucket.level--;
    return 0;
  }

  #keep(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size <= this.#keysMax) return;
    const [oldest] = this.#buckets.keys();
    this.#buckets.delete(oldest as string);
  }
}
