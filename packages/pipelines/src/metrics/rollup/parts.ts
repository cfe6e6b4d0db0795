/**
 * What a point comes to when points are added up: numbers by name. Sums and counts add; buckets of histograms are
 * counts by bucket. An exponential bucket is named by its scale and index, so that points of different scales can be
 * added.
 *
 * Points of gauges are put into exponential buckets too. Scale 5 is the finest that is kept: two neighbouring bounds
 * are
 * 2.2 % apart, so that a quantile is off by at most 1.1 % of its value. Explicit buckets keep their own bounds, and a
 * quantile lies somewhere in its bucket.
 */
import { type MetricSample, numberOf, type StoredBuckets } from '../sample.ts';

export type Parts = Readonly<Record<string, number>>;

export const scaleMax = 5;

/** The largest error of a quantile from exponential buckets of a scale, as a share of the value. */
export function quantileError(scale: number): number {
  const base = 2 ** (2 ** -scale);
  return (base - 1) / (base + 1);
}

/** Undefined for what can't be added up: summaries, and points without a value. */
export function partsOf(sample: MetricSample): Parts | undefined {
  if (sample.noValue) return undefined;
  switch (sample.kind) {
    case 'sum':
    case 'gauge': {
      const value = numberOf(sample.value ?? 'NaN');
      if (!Number.isFinite(value)) return undefined;
      return isGauge(sample) ? { count: 1, sum: value, [bucketOf(value)]: 1 } : { value };
    }
    case 'histogram': {
      const parts: Record<string, number> = { count: sample.count ?? 0, sum: numberOf(sample.sum ?? 0) };
      for (const [at, bound] of (sample.bounds ?? []).entries())
        parts[`le ${numberOf(bound)}`] = sample.counts?.[at] ?? 0;
      return parts;
    }
    case 'exponential_histogram':
      return exponentialParts(sample);
    default:
      return undefined;
  }
}

/** Whether values stand by themselves: gauges, and totals that may also fall. */
export function isGauge({ kind, temporality, monotonic }: MetricSample): boolean {
  return kind === 'gauge' || (kind === 'sum' && temporality !== 'delta' && monotonic !== true);
}

/** `after` without `before`, names that come to 0 left out. */
export function difference(after: Parts, before: Parts): Parts {
  const parts: Record<string, number> = {};
  for (const [name, value] of Object.entries(after)) {
    const change = value - (before[name] ?? 0);
    if (change !== 0) parts[name] = change;
  }
  for (const [name, value] of Object.entries(before)) if (!(name in after) && value !== 0) parts[name] = -value;
  return parts;
}

/** Adds to parts in place. */
export function addParts(total: Record<string, number>, more: Parts): void {
  for (const [name, value] of Object.entries(more)) total[name] = (total[name] ?? 0) + value;
}

/** The value below which so large a share (0 to 1) lies; NaN where there is nothing. */
export function quantileOf(parts: Parts, share: number): number {
  const buckets = bucketsOf(parts);
  const counted = buckets.reduce((sum, { count }) => sum + count, 0);
  const rest = Math.max(0, (parts['count'] ?? 0) - counted);
  const total = counted + rest;
  if (total <= 0) return Number.NaN;
  const rank = Math.max(1, Math.ceil(share * total));
  let upTo = 0;
  for (const { low, high, middle, count } of buckets) {
    if (upTo + count >= rank) return middle ?? low + ((high - low) * (rank - upTo)) / count;
    upTo += count;
  }
  // Above the last explicit bound nothing is known but that.
  return buckets.at(-1)?.high ?? Number.NaN;
}

interface Bucket {
  readonly low: number;
  readonly high: number;
  /** Of exponential buckets: what is off by the same share from both bounds. */
  readonly middle: number | undefined;
  readonly count: number;
}

function bucketsOf(parts: Parts): Bucket[] {
  const buckets: Bucket[] = [];
  for (const [name, count] of Object.entries(parts)) {
    if (count <= 0) continue;
    const [kind, first = '', second = ''] = name.split(' ');
    if (kind === 'zero') buckets.push({ low: 0, high: 0, middle: 0, count });
    else if (kind === 'le')
      buckets.push({ low: Number.NEGATIVE_INFINITY, high: Number(first), middle: undefined, count });
    else if (kind === 'p' || kind === 'n') {
      const base = 2 ** (2 ** -Number(first));
      const low = base ** Number(second);
      const middle = (2 * low * base) / (1 + base);
      if (kind === 'p') buckets.push({ low, high: low * base, middle, count });
      else buckets.push({ low: -low * base, high: -low, middle: -middle, count });
    }
  }
  buckets.sort((a, b) => a.high - b.high);
  // Explicit buckets begin where the one before ends; the first at 0, or at its bound where that is negative.
  return buckets.map((bucket, at) => {
    if (bucket.middle !== undefined) return bucket;
    return { ...bucket, low: at === 0 ? Math.min(0, bucket.high) : (buckets[at - 1]?.high ?? 0) };
  });
}

function bucketOf(value: number): string {
  if (value === 0) return 'zero';
  const index = Math.ceil(Math.log2(Math.abs(value)) * 2 ** scaleMax) - 1;
  return `${value > 0 ? 'p' : 'n'} ${scaleMax} ${index}`;
}

function exponentialParts(sample: MetricSample): Parts {
  const { count = 0, sum = 0, scale = 0, zeroCount = 0, positive, negative } = sample;
  const parts: Record<string, number> = { count, sum: numberOf(sum) };
  if (zeroCount > 0) parts['zero'] = zeroCount;
  const halvings = Math.max(0, scale - scaleMax);
  const add = (kind: 'p' | 'n', buckets: StoredBuckets | undefined): void => {
    for (const [at, each] of (buckets?.counts ?? []).entries()) {
      if (each === 0) continue;
      const name = `${kind} ${scale - halvings} ${((buckets?.offset ?? 0) + at) >> halvings}`;
      parts[name] = (parts[name] ?? 0) + each;
    }
  };
  add('p', positive);
  add('n', negative);
  return parts;
}
