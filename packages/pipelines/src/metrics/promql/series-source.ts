/**
 * What the query engine asks of whoever keeps series: samples by matchers and time, and what names and values there
 * are. The engine changes nothing that it gets, and keeps it only while one query runs.
 *
 * Times are milliseconds since 1970, and whole numbers. Both ends of a range belong to it. Labels always hold the
 * metric's name under `__name__`.
 */
import type { Labels } from './model/labels.ts';
import type { Matcher } from './model/matcher.ts';
import type { NativeHistogram } from './model/native-histogram.ts';

/**
 * One series, in columns. Sample i was taken at `times[i]`, ascending and unique; it is the histogram `histograms[i]`
 * where that is there, else the number `values[i]`. A series that ended has a stale marker (`markStale`) for a value.
 * It may hold samples outside of what was asked for.
 */
export interface StoredSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  /** As long as `times`. */
  readonly values: Float64Array;
  /** Native histograms by the index of their sample; absent where the series has none. */
  readonly histograms?: readonly (NativeHistogram | undefined)[] | undefined;
  /** When what a sample counts began, where it is known; 0 where not. As long as `times`. */
  readonly startTimes?: Float64Array | undefined;
}

/** A stretch of time, both ends included. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SelectRequest extends TimeRange {
  /** All of them must match. At least one matches not the empty value. */
  readonly matchers: readonly Matcher[];
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Told of samples as they are read; throws when they are too many. */
  readonly onSamples?: ((count: number) => void) | undefined;
}

/** What is asked of names and values rather than of samples. */
export interface LabelRequest extends TimeRange {
  /** A series counts if it matches any of these lists; without a list all do. */
  readonly anyOf: readonly (readonly Matcher[])[];
  /** No more results than this. */
  readonly limit?: number | undefined;
  readonly signal: AbortSignal;
}

export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

export interface MetricMetadata {
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

export interface MetadataRequest {
  /** Only this metric. */
  readonly metric?: string | undefined;
  /** No more metrics than this. */
  readonly limit?: number | undefined;
}

export interface SeriesSource {
  /** Series with samples in the range, each once, in any order. */
  select(request: SelectRequest): Promise<readonly StoredSeries[]>;
  /** Names of labels, ascending. */
  labelNames(request: LabelRequest): Promise<readonly string[]>;
  /** Values of one label, ascending. */
  labelValues(name: string, request: LabelRequest): Promise<readonly string[]>;
  /** Labels of series with samples in the range, each once, in any order. */
  series(request: LabelRequest): Promise<readonly Labels[]>;
  /** What is known of metrics, by name; a metric may have been described in several ways. */
  metadata(request: MetadataRequest): Promise<ReadonlyMap<string, readonly MetricMetadata[]>>;
}
