/** Quantiles and fractions of classic histograms: cumulative counts under upper bounds (`le`), one series each. */

export interface ClassicBucket {
  readonly upperBound: number;
  /** Of all observations up to the bound. */
  count: number;
}

/** Where counts fell from a bucket to the next, and by how much at most. */
export interface Repair {
  readonly minBound: number;
  readonly maxBound: number;
  readonly maxDifference: number;
}

export interface ClassicQuantile {
  readonly value: number;
  readonly repair?: Repair | undefined;
}

/** Differences that floating point explains: a part in 10^12. */
const tolerance = 1e-12;

/**
 * Values are taken to be spread evenly within a bucket. It sorts and changes `buckets`, of which there is at least one.
 */
export function classicQuantile(q: number, unsorted: ClassicBucket[]): ClassicQuantile {
  if (Number.isNaN(q)) return { value: NaN };
  if (q < 0) return { value: -Infinity };
  if (q > 1) return { value: Infinity };
  const buckets = merged(unsorted);
  const last = buckets.length - 1;
  if (buckets[last]?.upperBound !== Infinity) return { value: NaN };
  const repair = madeMonotonic(buckets);
  const observations = buckets[last].count;
  if (buckets.length < 2 || observations === 0) return { value: NaN, repair };
  let rank = q * observations;
  let at = 0;
  while (at < last && !((buckets[at] as ClassicBucket).count >= rank)) at++;
  const bucket = buckets[at] as ClassicBucket;
  if (at === last) return { value: (buckets[last - 1] as ClassicBucket).upperBound, repair };
  if (at === 0 && bucket.upperBound <= 0) return { value: bucket.upperBound, repair };
  let start = 0;
  let { count } = bucket;
  const before = buckets[at - 1];
  if (before !== undefined) {
    start = before.upperBound;
    count -= before.count;
    rank -= before.count;
  }
  return { value: start + (bucket.upperBound - start) * (rank / count), repair };
}

/** Which part of the observations lies between two values. It sorts `buckets`, of which there is at least one. */
export function classicFraction(lower: number, upper: number, unsorted: ClassicBucket[]): number {
  const buckets = merged(unsorted);
  const last = buckets.at(-1) as ClassicBucket;
  if (last.upperBound !== Infinity || last.count === 0) return NaN;
  if (Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  const lowerRank = Math.min(rankOf(buckets, lower), last.count);
  const upperRank = Math.min(rankOf(buckets, upper), last.count);
  return (upperRank - lowerRank) / last.count;
}

function rankOf(buckets: readonly ClassicBucket[], value: number): number {
  let rank = 0;
  let lower = (buckets[0] as ClassicBucket).upperBound <= 0 ? -Infinity : 0;
  for (const { upperBound, count } of buckets) {
    if (lower >= value) return rank;
    if (upperBound > value) {
      if (lower === -Infinity) return count;
      return rank + ((count - rank) * (value - lower)) / (upperBound - lower);
    }
    rank = count;
    lower = upperBound;
  }
  return Infinity;
}

/** By bound ascending, those with the same bound as one. */
function merged(buckets: ClassicBucket[]): ClassicBucket[] {
  buckets.sort((a, b) => (a.upperBound < b.upperBound ? -1 : a.upperBound > b.upperBound ? 1 : 0));
  const result: ClassicBucket[] = [];
  for (const { upperBound, count } of buckets) {
    const last = result.at(-1);
    if (last?.upperBound === upperBound) last.count += count;
    else result.push({ upperBound, count });
  }
  return result;
}

/** Counts that fall get the one before; tells of it where floating point does not explain it. */
function madeMonotonic(buckets: ClassicBucket[]): Repair | undefined {
  let minBound = Infinity;
  let maxBound = -Infinity;
  let maxDifference = 0;
  let previous = (buckets[0] as ClassicBucket).count;
  for (const bucket of buckets.slice(1)) {
    const { count, upperBound } = bucket;
    if (count === previous) continue;
    if (isAlmost(previous, count)) {
      bucket.count = previous;
    } else if (count < previous) {
      bucket.count = previous;
      minBound = Math.min(minBound, upperBound);
      maxBound = Math.max(maxBound, upperBound);
      maxDifference = Math.max(maxDifference, previous - count);
    } else previous = count;
  }
  return maxDifference > 0 ? { minBound, maxBound, maxDifference } : undefined;
}

function isAlmost(one: number, other: number): boolean {
  const difference = Math.abs(one - other);
  const sum = Math.abs(one) + Math.abs(other);
  if (one === 0 || other === 0 || sum < 2 ** -1022) return difference < tolerance * 2 ** -1022;
  return difference / Math.min(sum, Number.MAX_VALUE) < tolerance;
}
