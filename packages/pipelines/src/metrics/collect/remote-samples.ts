/** Series of Prometheus's remote write as samples. Labels stay as they are; kinds come from metadata, or from names. */
import type { RemoteHistogram, RemoteSeries } from '@millrace/telemetry';
import { jsonNumber, type StoredBuckets } from '../sample.ts';
import type { IncomingPoint, RefusedMetric } from './otlp-samples.ts';
import type { SeriesFacts } from './sample-series.ts';

export interface FamilyFacts {
  /** 0 unknown, 1 counter, 2 gauge, 3 histogram, 5 summary. */
  readonly type: number;
  readonly help: string;
  readonly unit: string;
}

const counterType = 1;
/** Series of these are counters where their names say so: of unknown families, histograms and summaries. */
const hasCounters: ReadonlySet<number> = new Set([0, 3, 5]);
/** Of a histogram whose counts are no totals. */
const gaugeHint = 3;
const counterName = /_(?:total|count|sum|bucket)$/;
const unknownFamily: FamilyFacts = { type: 0, help: '', unit: '' };

/** `familyOf`: what is known of a metric's family. */
export function remoteSamples(
  series: readonly RemoteSeries[],
  familyOf: (metric: string) => FamilyFacts | undefined,
): { points: IncomingPoint[]; refused: RefusedMetric[] } {
  const points: IncomingPoint[] = [];
  const refused: RefusedMetric[] = [];
  for (const { labels, samples, histograms, metadata } of series) {
    const name = labels.find((label) => label.name === '__name__')?.value ?? '';
    const count = samples.length + histograms.length;
    if (name === '') {
      refused.push({ name: '', points: count, reason: 'a series has no __name__' });
      continue;
    }
    let identity = 'remote\u0001';
    for (const label of labels) identity += `${label.name}\u0002${label.value}\u0002`;
    const family = metadata ?? familyOf(name) ?? unknownFamily;
    const isCounter = family.type === counterType || (hasCounters.has(family.type) && counterName.test(name));
    const facts = (): SeriesFacts => ({
      ...{ name, unit: family.unit, description: family.help, isPrometheus: true },
      ...(isCounter
        ? ({ kind: 'sum', temporality: 'cumulative', monotonic: true } as const)
        : ({ kind: 'gauge' } as const)),
      attributes: Object.fromEntries(
        labels.flatMap((label) => (label.name === '__name__' ? [] : [[label.name, label.value]])),
      ),
      resource: {},
      scope: { name: '', version: '' },
    });
    for (const { value, timeMs } of samples) {
      const told = value === 'stale' ? '"noValue":true' : `"value":${JSON.stringify(jsonNumber(value))}`;
      points.push({ identity, metric: name, facts, timeMs, tail: `,"startMs":0,"timeMs":${timeMs},${told}}` });
    }
    const asHistogram = (isGauge: boolean) => (): SeriesFacts => {
      const { monotonic: _, temporality: __, ...rest } = facts();
      return { ...rest, kind: 'exponential_histogram', ...(!isGauge && { temporality: 'cumulative' }) };
    };
    for (const histogram of histograms) {
      if (histogram.schema < -4 || histogram.schema > 8) {
        refused.push({ name, points: 1, reason: `its histograms have schema ${histogram.schema}; -4 to 8 are taken` });
        continue;
      }
      const { timeMs } = histogram;
      const isGauge = histogram.resetHint === gaugeHint;
      const tail = `,"startMs":0,"timeMs":${timeMs},${JSON.stringify(histogramMembers(histogram)).slice(1)}`;
      points.push({ identity: `${identity}${isGauge}h`, metric: name, facts: asHistogram(isGauge), timeMs, tail });
    }
  }
  return { points, refused };
}

function histogramMembers(histogram: RemoteHistogram): Readonly<Record<string, unknown>> {
  const { countInt, countFloat, zeroCountInt, zeroCountFloat, sum, schema, zeroThreshold } = histogram;
  return {
    ...{ count: countFloat ?? countInt ?? 0, sum: jsonNumber(sum), scale: schema },
    ...{ zeroCount: zeroCountFloat ?? zeroCountInt ?? 0, zeroThreshold },
    positive: buckets(histogram.positiveSpans, histogram.positiveDeltas, histogram.positiveCounts),
    negative: buckets(histogram.negativeSpans, histogram.negativeDeltas, histogram.negativeCounts),
  };
}

/** Gaps between spans become counts of 0; Prometheus's index is OpenTelemetry's and one. */
function buckets(
  spans: readonly { readonly offset: number; readonly length: number }[],
  deltas: readonly number[],
  floats: readonly number[],
): StoredBuckets | undefined {
  const [first] = spans;
  if (first === undefined) return undefined;
  const counts: number[] = [];
  let at = 0;
  let count = 0;
  for (const [index, { offset, length }] of spans.entries()) {
    if (index > 0) for (let gap = 0; gap < offset && counts.length < bucketsMax; gap++) counts.push(0);
    for (let each = 0; each < length && counts.length < bucketsMax; each++, at++) {
      count = floats.length > 0 ? (floats[at] ?? 0) : count + (deltas[at] ?? 0);
      counts.push(count);
    }
  }
  return { offset: first.offset - 1, counts };
}

/** Of one side; spans can claim any number of empty ones. */
const bucketsMax = 10_000;
