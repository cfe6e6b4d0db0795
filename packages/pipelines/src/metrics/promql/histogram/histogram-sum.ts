/**
 * Histograms added up, with compensated sums, into the coarsest layout among them: the lowest schema, the widest zero
 * bucket, the bounds that all share. Exponential and custom bounds do not add.
 */
import {
  type BucketCounts,
  hasCustomBounds,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
} from '../model/native-histogram.ts';
import { boundOf, bucketCounts } from './buckets.ts';
import { CompensatedSum } from './compensated-sum.ts';
import { boundMapper, coarserIndex, eachIn, sameBounds, sharedBounds } from './layout.ts';
import { widened } from './zero-bucket.ts';

type Counts = Map<number, CompensatedSum>;

const noBounds = new Float64Array(0);

export class HistogramSum {
  #schema: number;
  #zeroThreshold: number;
  #customBounds: Float64Array | undefined;
  #resetHint: ResetHint;
  readonly #count: CompensatedSum;
  readonly #sum: CompensatedSum;
  readonly #zeroCount: CompensatedSum;
  #positive: Counts;
  #negative: Counts;
  /** Whether bounds were given up because not all had them. */
  boundsReconciled = false;
  /** Whether one that began anew met one that did not. */
  resetsCollided = false;

  constructor(first: NativeHistogram) {
    this.#schema = first.schema;
    this.#zeroThreshold = first.zeroThreshold;
    this.#customBounds = first.customBounds;
    this.#resetHint = first.resetHint;
    this.#count = new CompensatedSum(first.count);
    this.#sum = new CompensatedSum(first.sum);
    this.#zeroCount = new CompensatedSum(first.zeroCount);
    this.#positive = countsOf(first.positive);
    this.#negative = countsOf(first.negative);
  }

  /** Adds a multiple of another one. Answers false, and changes nothing, where the kinds of bounds differ. */
  add(other: NativeHistogram, factor = 1): boolean {
    if (hasCustomBounds(other) !== hasCustomBounds({ schema: this.#schema })) return false;
    this.#joinHint(other.resetHint);
    if (hasCustomBounds(other)) this.#addCustom(other, factor);
    else this.#addExponential(other, factor);
    this.#count.add(other.count * factor);
    this.#sum.add(other.sum * factor);
    return true;
  }

  scale(factor: number): void {
    for (const sum of this.#sums()) {
      sum.sum *= factor;
      sum.compensation *= factor;
    }
  }

  get overflows(): boolean {
    for (const sum of this.#sums()) if (sum.isInfinite) return true;
    return this.#customBounds?.includes(Infinity) === true;
  }

  result(): NativeHistogram {
    return {
      schema: this.#schema,
      count: this.#count.total,
      sum: this.#sum.total,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.#zeroCount.total,
      positive: totals(this.#positive),
      negative: totals(this.#negative),
      ...(this.#customBounds !== undefined && { customBounds: this.#customBounds }),
      resetHint: this.#resetHint,
    };
  }

  #joinHint(other: ResetHint): void {
    const own = this.#resetHint;
    if (own === other || own === 'gauge') return;
    if (other === 'gauge') this.#resetHint = 'gauge';
    else if (own !== 'unknown') {
      this.#resetHint = 'unknown';
      if (other !== 'unknown') this.resetsCollided = true;
    }
  }

  #addCustom({ positive, customBounds = noBounds }: NativeHistogram, factor: number): void {
    const own = this.#customBounds ?? noBounds;
    let target = (index: number): number => index;
    if (!sameBounds(own, customBounds)) {
      this.boundsReconciled = true;
      const shared = sharedBounds(own, customBounds);
      this.#positive = moved(this.#positive, boundMapper(own, shared));
      this.#customBounds = shared;
      target = boundMapper(customBounds, shared);
    }
    for (let at = 0; at < positive.indexes.length; at++) {
      addTo(this.#positive, target(positive.indexes[at] as number), (positive.counts[at] as number) * factor);
    }
  }

  #addExponential(other: NativeHistogram, factor: number): void {
    this.#zeroCount.add(this.#sameZeroBucket(other) * factor);
    if (other.schema < this.#schema) {
      const coarser = (index: number): number => coarserIndex(index, this.#schema, other.schema);
      this.#positive = moved(this.#positive, coarser);
      this.#negative = moved(this.#negative, coarser);
      this.#schema = other.schema;
    }
    const schema = this.#schema;
    const add = (counts: Counts) => (index: number, count: number) => {
      if (boundOf(index, schema, undefined) > this.#zeroThreshold) addTo(counts, index, count * factor);
    };
    eachIn(other.positive, other.schema, schema, add(this.#positive));
    eachIn(other.negative, other.schema, schema, add(this.#negative));
  }

  /** Widens the own zero bucket to where both can have the same; answers the other's count in it. */
  #sameZeroBucket(other: NativeHistogram): number {
    let theirs = { threshold: other.zeroThreshold, count: other.zeroCount };
    while (theirs.threshold !== this.#zeroThreshold) {
      if (theirs.threshold < this.#zeroThreshold) theirs = widened(other, this.#zeroThreshold);
      if (theirs.threshold > this.#zeroThreshold) this.#widen(theirs.threshold);
    }
    return theirs.count;
  }

  #widen(threshold: number): void {
    const own = widened(this.result(), threshold);
    this.#zeroThreshold = own.threshold;
    this.#zeroCount.sum = own.count;
    this.#zeroCount.compensation = 0;
    for (const counts of [this.#positive, this.#negative]) {
      for (const index of counts.keys()) {
        if (boundOf(index - 1, this.#schema, undefined) < own.threshold) counts.delete(index);
      }
    }
  }

  *#sums(): Generator<CompensatedSum> {
    yield this.#count;
    yield this.#sum;
    yield this.#zeroCount;
    yield* this.#positive.values();
    yield* this.#negative.values();
  }
}

function countsOf({ indexes, counts }: BucketCounts): Counts {
  const sums: Counts = new Map();
  for (let at = 0; at < indexes.length; at++) sums.set(indexes[at] as number, new CompensatedSum(counts[at]));
  return sums;
}

function addTo(counts: Counts, index: number, count: number): void {
  const sum = counts.get(index);
  if (sum === undefined) counts.set(index, new CompensatedSum(count));
  else sum.add(count);
}

function moved(counts: Counts, target: (index: number) => number): Counts {
  const result: Counts = new Map();
  for (const [index, sum] of counts) addTo(result, target(index), sum.total);
  return result;
}

function totals(counts: Counts): BucketCounts {
  if (counts.size === 0) return noBuckets;
  return bucketCounts(new Map([...counts].map(([index, sum]) => [index, sum.total])));
}
