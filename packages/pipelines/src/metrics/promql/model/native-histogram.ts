/**
 * A histogram as one sample, in the model of Prometheus's native histograms, of which OpenTelemetry's exponential ones
 * are a kind. Values are plain data and never changed once made; what is done with them lies in `../histogram`.
 *
 * Schema n from -4 to 8: bucket i of the positive side holds values in (b^(i-1), b^i], where b is 2^(2^-n); those of
 * the negative side mirror them. Schema -53: bounds of its own, in `customBounds`; bucket i ends at bound i, included,
 * and the last one, after the last bound, at infinity; there is no negative side and no zero bucket.
 *
 * OpenTelemetry's scale is the schema, and its bucket with index i is this one's with index i + 1.
 */

/**
 * Counts of buckets by index: indexes ascending and unique, one count each; buckets without a count may be left out.
 */
export interface BucketCounts {
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
}

/** Whether counts began anew since the sample before; of a gauge that means nothing. */
export type ResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge';

export interface NativeHistogram {
  readonly schema: number;
  /** All observations, NaN too. */
  readonly count: number;
  readonly sum: number;
  /** Bound of the zero bucket, which holds what is no further from zero than this. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: BucketCounts;
  readonly negative: BucketCounts;
  /** Of schema -53 alone: upper bounds, ascending. */
  readonly customBounds?: Float64Array | undefined;
  readonly resetHint: ResetHint;
}

export const customBoundsSchema = -53;

export const noBuckets: BucketCounts = { indexes: new Int32Array(0), counts: new Float64Array(0) };

export function hasCustomBounds({ schema }: Pick<NativeHistogram, 'schema'>): boolean {
  return schema === customBoundsSchema;
}
