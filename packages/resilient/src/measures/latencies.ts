/**
 * Latencies in buckets that grow by a quarter, from 50 us to some ten minutes: quantiles are right to within an eighth,
 * adding one costs a logarithm, and memory does not grow.
 */
const leastMs = 0.05;
const growth = 1.25;
const buckets = 74;
const perStep = 1 / Math.log(growth);

export class Latencies {
  readonly #counts = new Float64Array(buckets);
  #count = 0;
  #sumMs = 0;

  get count(): number {
    return this.#count;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  /** `times` measurements of the same latency. */
  add(ms: number, times = 1): void {
    const place = ms <= leastMs ? 0 : Math.min(buckets - 1, Math.ceil(Math.log(ms / leastMs) * perStep));
    this.#counts[place] = (this.#counts[place] as number) + times;
    this.#count += times;
    this.#sumMs += ms * times;
  }

  /** What so large a share (0 to 1) is not above, in ms; 0 where nothing was measured. */
  quantile(share: number): number {
    return quantileOf(this.#counts, this.#count, share);
  }

  /** The same of what came since the last `mark`. */
  since(mark: Float64Array, share: number): number {
    const counts = this.#counts.map((count, place) => count - (mark[place] ?? 0));
    return quantileOf(
      counts,
      counts.reduce((sum, count) => sum + count, 0),
      share,
    );
  }

  /** How many were at most so long, for every fourth of the buckets; bounds in ms, both ascending. */
  cumulative(): readonly { readonly boundMs: number; readonly count: number }[] {
    const told: { boundMs: number; count: number }[] = [];
    let count = 0;
    for (const [place, each] of this.#counts.entries()) {
      count += each;
      // The last bucket has no upper bound.
      if (place % 4 === 0 && place < buckets - 1) told.push({ boundMs: leastMs * growth ** place, count });
    }
    return told;
  }

  mark(): Float64Array {
    return this.#counts.slice();
  }
}

function quantileOf(counts: Float64Array, total: number, share: number): number {
  if (total === 0) return 0;
  let left = Math.max(1, Math.ceil(total * share));
  for (let place = 0; place < buckets; place++) {
    left -= counts[place] as number;
    // The middle of the bucket, by ratio.
    if (left <= 0) return place === 0 ? leastMs : leastMs * growth ** (place - 0.5);
  }
  return leastMs * growth ** (buckets - 1);
}
