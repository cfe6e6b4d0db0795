/**
 * What a record of `metrics.samples` holds: one point of one series in OpenTelemetry's data model. Its key is the same
 * series by its Prometheus name and labels (`series-text.ts`), so that the points of a series stay in order.
 */

/** Attributes as OpenTelemetry has them, those that are lists or maps as JSON text. */
export type SampleAttributes = Readonly<Record<string, string | number | boolean>>;

export type SampleKind = 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary';

export type Temporality = 'delta' | 'cumulative';

/** Numbers that JSON has no place for are the texts `NaN`, `Infinity` and `-Infinity`. */
export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

export interface StoredBuckets {
  /** Bucket i holds (base^(offset + i), base^(offset + i + 1)]. */
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface MetricSample {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: SampleKind;
  /** Of sums and histograms. */
  readonly temporality?: Temporality | undefined;
  /** Of sums: whether they only grow. */
  readonly monotonic?: boolean | undefined;
  readonly attributes: SampleAttributes;
  readonly resource: SampleAttributes;
  readonly scope: { readonly name: string; readonly version: string };
  /** When counting began, where that is told, and when the point was taken; ms since 1970. */
  readonly startMs: number;
  readonly timeMs: number;
  /** The series goes on, but has no value now: Prometheus's stale marker. */
  readonly noValue?: true | undefined;
  /** Of gauges and sums. */
  readonly value?: JsonNumber | undefined;
  /** Of histograms and summaries. */
  readonly count?: number | undefined;
  readonly sum?: JsonNumber | undefined;
  readonly min?: JsonNumber | undefined;
  readonly max?: JsonNumber | undefined;
  /** Of histograms: one count more than there are bounds. */
  readonly bounds?: readonly JsonNumber[] | undefined;
  readonly counts?: readonly number[] | undefined;
  /** Of exponential histograms. */
  readonly scale?: number | undefined;
  readonly zeroCount?: number | undefined;
  readonly zeroThreshold?: number | undefined;
  readonly positive?: StoredBuckets | undefined;
  readonly negative?: StoredBuckets | undefined;
  /** Of summaries. */
  readonly quantiles?: readonly { readonly quantile: JsonNumber; readonly value: JsonNumber }[] | undefined;
}

/** A number as JSON can hold it. */
export function jsonNumber(value: number): JsonNumber {
  return Number.isFinite(value) ? value : (String(value) as JsonNumber);
}

/** The way back. */
export function numberOf(value: JsonNumber): number {
  return typeof value === 'number' ? value : Number(value);
}
