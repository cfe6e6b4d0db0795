/** A request of OTLP as samples: each point with its series, and what of a point changes from one to the next. */
import {
  type AnyValue,
  type ExponentialHistogramPoint,
  type ExportMetricsRequest,
  type HistogramPoint,
  type KeyValue,
  KeyValues,
  type Metric,
  type NumberPoint,
  noRecordedValue,
  type Resource,
  type Scope,
  type SummaryPoint,
  temporality,
} from '@millrace/telemetry';
import { jsonNumber, type SampleAttributes, type SampleKind, type Temporality } from '../sample.ts';
import type { SeriesFacts } from './sample-series.ts';

/** A point, and how to make its series where that is not known yet. */
export interface IncomingPoint {
  /** The same for points of one series; two series never share one. */
  readonly identity: string;
  /** The name as its sender has it. */
  readonly metric: string;
  readonly facts: () => SeriesFacts;
  readonly timeMs: number;
  /** What follows the series' JSON: members of the point, and the last brace. */
  readonly tail: string;
}

/** A metric that can't be taken. */
export interface RefusedMetric {
  readonly name: string;
  readonly points: number;
  readonly reason: string;
}

export interface OtlpSamples {
  readonly points: readonly IncomingPoint[];
  readonly refused: readonly RefusedMetric[];
}

type Point = NumberPoint | HistogramPoint | ExponentialHistogramPoint | SummaryPoint;

interface Kind {
  readonly kind: SampleKind;
  readonly temporality?: Temporality | undefined;
  readonly monotonic?: boolean | undefined;
}

interface Origin {
  readonly resource: Resource | undefined;
  readonly scope: Scope | undefined;
  readonly identity: string;
}

/** `now`: ms since 1970, for points without a time. */
export function otlpSamples(request: ExportMetricsRequest, now: number): OtlpSamples {
  const points: IncomingPoint[] = [];
  const refused: RefusedMetric[] = [];
  for (const { resource, scopeMetrics } of request.resourceMetrics) {
    const ofResource = `${identityOf(resource?.attributes ?? [])}\u0001`;
    const before = points.length;
    for (const { scope, metrics } of scopeMetrics) {
      const identity = `${ofResource}${scope?.name ?? ''}\u0001${scope?.version ?? ''}\u0001`;
      for (const metric of metrics) addMetric(metric, { resource, scope, identity }, now, points, refused);
    }
    const info =
      points.length > before ? targetInfo(resource, ofResource, (points.at(-1) as IncomingPoint).timeMs) : [];
    points.push(...info);
  }
  return { points, refused };
}

function addMetric(
  metric: Metric,
  origin: Origin,
  now: number,
  points: IncomingPoint[],
  refused: RefusedMetric[],
): void {
  const read = dataOf(metric);
  if (read === undefined) return;
  const { dataPoints, kind, tailOf } = read;
  const refuse = (reason: string): void => void refused.push({ name: metric.name, points: dataPoints.length, reason });
  if (metric.name === '') return refuse('it has no name');
  if (kind === undefined) return refuse('its aggregation temporality is neither delta nor cumulative');
  const form = `${kind.kind}${kind.temporality}${kind.monotonic}`;
  const shared = `${origin.identity}${metric.name}\u0001${metric.unit}\u0001${form}\u0001`;
  for (const point of dataPoints) {
    const wrong = (point.flags & noRecordedValue) === 0 ? problemOf(point) : undefined;
    if (wrong !== undefined) {
      refused.push({ name: metric.name, points: 1, reason: wrong });
      continue;
    }
    const timeMs = point.timeMs || now;
    const value = (point.flags & noRecordedValue) === 0 ? tailOf(point as never) : ',"noValue":true}';
    points.push({
      identity: shared + identityOf(point.attributes),
      metric: metric.name,
      facts: () => factsOf(metric, kind, origin, point),
      timeMs,
      tail: `,"startMs":${point.startMs},"timeMs":${timeMs}${value}`,
    });
  }
}

function factsOf(
  { name, unit, description }: Metric,
  kind: Kind,
  { resource, scope }: Origin,
  point: Point,
): SeriesFacts {
  return {
    ...{ name, unit, description, ...kind },
    attributes: attributesOf(point.attributes),
    resource: attributesOf(resource?.attributes ?? []),
    scope: { name: scope?.name ?? '', version: scope?.version ?? '' },
  };
}

interface MetricData {
  readonly dataPoints: readonly Point[];
  readonly kind: Kind | undefined;
  readonly tailOf: (point: never) => string;
}

function dataOf({ gauge, sum, histogram, exponentialHistogram, summary }: Metric): MetricData | undefined {
  if (gauge !== undefined) return { dataPoints: gauge.dataPoints, kind: { kind: 'gauge' }, tailOf: numberTail };
  if (sum !== undefined) {
    const told = temporalityOf(sum.aggregationTemporality);
    const kind = told && { kind: 'sum' as const, temporality: told, monotonic: sum.isMonotonic };
    return { dataPoints: sum.dataPoints, kind, tailOf: numberTail };
  }
  if (histogram !== undefined) {
    const told = temporalityOf(histogram.aggregationTemporality);
    const kind = told && { kind: 'histogram' as const, temporality: told };
    return { dataPoints: histogram.dataPoints, kind, tailOf: histogramTail };
  }
  if (exponentialHistogram !== undefined) {
    const told = temporalityOf(exponentialHistogram.aggregationTemporality);
    const kind = told && { kind: 'exponential_histogram' as const, temporality: told };
    return { dataPoints: exponentialHistogram.dataPoints, kind, tailOf: exponentialTail };
  }
  return summary && { dataPoints: summary.dataPoints, kind: { kind: 'summary' }, tailOf: summaryTail };
}

function temporalityOf(code: number): Temporality | undefined {
  if (code === temporality.delta) return 'delta';
  return code === temporality.cumulative ? 'cumulative' : undefined;
}

function problemOf(point: Point): string | undefined {
  if ('asDouble' in point) {
    return point.asDouble === undefined && point.asInt === undefined ? 'a point has no value' : undefined;
  }
  if (!('bucketCounts' in point)) return undefined;
  const { bucketCounts, explicitBounds } = point;
  if (bucketCounts.length === 0 && explicitBounds.length === 0) return undefined;
  if (bucketCounts.length !== explicitBounds.length + 1) {
    return `a point has ${bucketCounts.length} counts for ${explicitBounds.length} bounds; it takes one count more`;
  }
  const ascends = explicitBounds.every((bound, at) => at === 0 || bound > (explicitBounds[at - 1] as number));
  return ascends ? undefined : 'the bounds of a point do not ascend';
}

function numberTail({ asDouble, asInt }: NumberPoint): string {
  const value = asDouble ?? asInt ?? Number.NaN;
  return Number.isFinite(value) ? `,"value":${value}}` : `,"value":"${value}"}`;
}

function membersTail(members: Readonly<Record<string, unknown>>): string {
  return `,${JSON.stringify(members).slice(1)}`;
}

function maybe(value: number | undefined) {
  return value === undefined ? undefined : jsonNumber(value);
}

function histogramTail({ count, sum, min, max, bucketCounts, explicitBounds }: HistogramPoint): string {
  const bounds = explicitBounds.map(jsonNumber);
  return membersTail({ count, sum: maybe(sum), min: maybe(min), max: maybe(max), bounds, counts: bucketCounts });
}

function exponentialTail(point: ExponentialHistogramPoint): string {
  const { count, sum, min, max, scale, zeroCount, zeroThreshold, positive, negative } = point;
  const buckets = (given: typeof positive) => given && { offset: given.offset, counts: given.bucketCounts };
  return membersTail({
    ...{ count, sum: maybe(sum), min: maybe(min), max: maybe(max), scale, zeroCount, zeroThreshold },
    ...{ positive: buckets(positive), negative: buckets(negative) },
  });
}

function summaryTail({ count, sum, quantileValues }: SummaryPoint): string {
  const quantiles = quantileValues.map(({ quantile, value }) => {
    return { quantile: jsonNumber(quantile), value: jsonNumber(value) };
  });
  return membersTail({ count, sum: jsonNumber(sum), quantiles });
}

/** The rest of a resource, which is not on each of its series, as Prometheus's `target_info`. */
function targetInfo(resource: Resource | undefined, identity: string, timeMs: number): IncomingPoint[] {
  const rest = resource?.attributes.filter(({ key }) => !jobAttributes.has(key)) ?? [];
  if (rest.length === 0) return [];
  const facts = (): SeriesFacts => ({
    ...{ name: 'target_info', unit: '', description: 'What is known of the sender', kind: 'gauge' },
    attributes: attributesOf(rest),
    resource: attributesOf(resource?.attributes ?? []),
    scope: { name: '', version: '' },
  });
  return [
    {
      identity: `${identity}target_info`,
      metric: 'target_info',
      facts,
      timeMs,
      tail: `,"startMs":0,"timeMs":${timeMs},"value":1}`,
    },
  ];
}

const jobAttributes = new Set(['service.name', 'service.namespace', 'service.instance.id']);

/** In the order as they came: a sender keeps its own, and two orders only cost an entry more. */
function identityOf(attributes: readonly KeyValue[]): string {
  let text = '';
  for (const { key, value } of attributes) text += `${key}\u0002${typeof value}${plainOf(value)}\u0002`;
  return text;
}

function attributesOf(attributes: readonly KeyValue[]): SampleAttributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainOf(value)]));
}

function plainOf(value: AnyValue): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return value.toString();
  return value === null ? '' : JSON.stringify(structured(value));
}

function structured(value: AnyValue): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof KeyValues)
    return Object.fromEntries(value.pairs.map((pair) => [pair.key, structured(pair.value)]));
  if (Array.isArray(value)) return value.map(structured);
  return typeof value === 'object' && value !== null ? null : plainOf(value);
}
