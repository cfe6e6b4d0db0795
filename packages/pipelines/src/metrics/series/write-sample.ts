/**
 * A sample of the topic as samples of series: a histogram is one for each bucket, its sum and its count, an exponential
 * one a native histogram. What counts from point to point (delta) becomes a total, as Prometheus's queries expect it.
 */
import { Labels, metricNameLabel } from '../promql/model/labels.ts';
import { type BucketCounts, type NativeHistogram, noBuckets } from '../promql/model/native-histogram.ts';
import type { MetricType } from '../promql/series-source.ts';
import { type MetricSample, numberOf, type StoredBuckets } from '../sample.ts';
import { parseSeriesText } from '../series-text.ts';
import type { SeriesStore } from './series-store.ts';

/** Native histograms have schemas up to this one; finer ones are halved until they fit. */
const schemaMax = 8;
const schemaMin = -4;

/** The series behind one key of the topic. */
interface KeySeries {
  readonly base: Labels;
  /** By what is added to the base: nothing, `_sum`, `_bucket` with a bound, ... */
  readonly ids: Map<string, number>;
  kind: string;
}

const keysMax = 1_000_000;

export class SampleWriter {
  readonly #store: SeriesStore;
  readonly #byKey = new Map<string, KeySeries>();

  constructor(store: SeriesStore) {
    this.#store = store;
  }

  /** Answers false for a key that names no series. */
  write(key: string, sample: MetricSample): boolean {
    const series = this.#seriesOf(key);
    if (series === undefined) return false;
    this.#describe(series, sample);
    if (sample.noValue) {
      for (const id of series.ids.values()) this.#store.putStale(id, sample.timeMs);
      return true;
    }
    const startMs = startOf(sample);
    const put = (what: string, value: number, extra?: readonly [string, string]): void => {
      const id = this.#id(series, what, extra);
      if (sample.temporality === 'delta' && sample.kind !== 'gauge') this.#store.add(id, sample.timeMs, value);
      else this.#store.put(id, sample.timeMs, value, undefined, startMs);
    };
    switch (sample.kind) {
      case 'gauge':
      case 'sum':
        put('', numberOf(sample.value ?? 'NaN'));
        return true;
      case 'histogram':
        this.#histogram(sample, put);
        return true;
      case 'exponential_histogram':
        this.#exponential(series, sample);
        return true;
      default:
        for (const { quantile, value } of sample.quantiles ?? []) {
          put('', numberOf(value), ['quantile', String(numberOf(quantile))]);
        }
        put('_sum', numberOf(sample.sum ?? 0));
        put('_count', sample.count ?? 0);
        return true;
    }
  }

  #histogram(
    { counts = [], bounds = [], count = 0, sum }: MetricSample,
    put: (what: string, value: number, extra?: readonly [string, string]) => void,
  ): void {
    let upTo = 0;
    for (const [at, bound] of bounds.entries()) {
      upTo += counts[at] ?? 0;
      put('_bucket', upTo, ['le', boundText(numberOf(bound))]);
    }
    put('_bucket', count, ['le', '+Inf']);
    if (sum !== undefined) put('_sum', numberOf(sum));
    put('_count', count);
  }

  #exponential(series: KeySeries, sample: MetricSample): void {
    const histogram = nativeHistogram(sample);
    if (histogram === undefined) return;
    const id = this.#id(series, '');
    if (sample.temporality === 'delta') this.#store.add(id, sample.timeMs, Number.NaN, histogram);
    else this.#store.put(id, sample.timeMs, Number.NaN, histogram, startOf(sample));
  }

  #seriesOf(key: string): KeySeries | undefined {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const base = parseSeriesText(key);
    if (base === undefined) return undefined;
    if (this.#byKey.size >= keysMax) this.#byKey.clear();
    const made: KeySeries = { base, ids: new Map(), kind: '' };
    this.#byKey.set(key, made);
    return made;
  }

  #id({ base, ids }: KeySeries, what: string, extra?: readonly [string, string]): number {
    const place = extra === undefined ? what : `${what}\u0001${extra[1]}`;
    const known = ids.get(place);
    if (known !== undefined) return known;
    const name = base.get(metricNameLabel) + what;
    const labels = Labels.from([...base, ...(extra === undefined ? [] : [extra]), [metricNameLabel, name]]);
    const id = this.#store.seriesOf(labels);
    ids.set(place, id);
    return id;
  }

  #describe(series: KeySeries, { kind, monotonic, description, unit }: MetricSample): void {
    if (series.kind === kind) return;
    series.kind = kind;
    const metric = series.base.get(metricNameLabel);
    this.#store.describe(metric, { type: metricType(kind, monotonic === true), help: description, unit });
  }
}

/** Of totals alone: a delta's is that of the point before. */
function startOf({ kind, temporality, monotonic, startMs, timeMs }: MetricSample): number {
  const isTotal = kind === 'summary' || (temporality === 'cumulative' && (kind !== 'sum' || monotonic === true));
  return isTotal && Number.isSafeInteger(startMs) && startMs > 0 && startMs <= timeMs ? startMs : 0;
}

function metricType(kind: MetricSample['kind'], isMonotonic: boolean): MetricType {
  if (kind === 'sum') return isMonotonic ? 'counter' : 'gauge';
  return kind === 'exponential_histogram' ? 'histogram' : kind;
}

function nativeHistogram(sample: MetricSample): NativeHistogram | undefined {
  const { scale = 0, zeroCount = 0, zeroThreshold = 0, count = 0, sum = 'NaN', positive, negative } = sample;
  if (scale < schemaMin) return undefined;
  const halvings = Math.max(0, scale - schemaMax);
  return {
    ...{ schema: scale - halvings, count, sum: numberOf(sum), zeroThreshold, zeroCount },
    positive: bucketCounts(positive, halvings),
    negative: bucketCounts(negative, halvings),
    // Those of rules are neither totals nor deltas.
    resetHint: sample.temporality === undefined ? 'gauge' : 'unknown',
  };
}

/** OpenTelemetry's bucket i is Prometheus's i + 1; of a halving, two neighbours become one. */
function bucketCounts(buckets: StoredBuckets | undefined, halvings: number): BucketCounts {
  if (buckets === undefined) return noBuckets;
  const byIndex = new Map<number, number>();
  for (const [at, count] of buckets.counts.entries()) {
    if (count === 0) continue;
    const index = ((buckets.offset + at) >> halvings) + 1;
    byIndex.set(index, (byIndex.get(index) ?? 0) + count);
  }
  return { indexes: Int32Array.from(byIndex.keys()), counts: Float64Array.from(byIndex.values()) };
}

function boundText(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf';
  return String(bound);
}
