/**
 * OpenTelemetry's metrics (metrics/v1/metrics.proto, collector/metrics/v1/metrics_service.proto). Times are whole
 * milliseconds since 1970, counts doubles. Exemplars are passed over.
 */
import { field } from '../protobuf/field.ts';
import { listOf } from '../protobuf/list-kinds.ts';
import { type Message, MessageType, messageKind, messagesKind } from '../protobuf/message.ts';
import {
  bool,
  double,
  fixedCount,
  fixedInteger,
  int32,
  nanosAsMs,
  optional,
  plain,
  sint32,
  text,
  uint32,
  uint64,
} from '../protobuf/scalar-kinds.ts';
import { keyValues } from './any-value.ts';
import { Resource, Scope } from './origin.ts';

/** `aggregationTemporality`: whether values count from the point before, or from the start time. */
export const temporality = { unspecified: 0, delta: 1, cumulative: 2 } as const;

/** `flags` of a data point: its value is not there, though the series goes on. */
export const noRecordedValue = 1;

export const NumberPoint = new MessageType({
  attributes: keyValues(7),
  startMs: field(2, plain(nanosAsMs), 'startTimeUnixNano'),
  timeMs: field(3, plain(nanosAsMs), 'timeUnixNano'),
  /** One of these two. */
  asDouble: field(4, optional(double)),
  asInt: field(6, optional(fixedInteger)),
  flags: field(8, plain(uint32)),
});
export interface NumberPoint extends Message<typeof NumberPoint> {}

export const HistogramPoint = new MessageType({
  attributes: keyValues(9),
  startMs: field(2, plain(nanosAsMs), 'startTimeUnixNano'),
  timeMs: field(3, plain(nanosAsMs), 'timeUnixNano'),
  count: field(4, plain(fixedCount)),
  sum: field(5, optional(double)),
  /** One more than there are bounds, or none. */
  bucketCounts: field(6, listOf(fixedCount)),
  /** Upper bounds, included, ascending. */
  explicitBounds: field(7, listOf(double)),
  flags: field(10, plain(uint32)),
  min: field(11, optional(double)),
  max: field(12, optional(double)),
});
export interface HistogramPoint extends Message<typeof HistogramPoint> {}

export const ExponentialBuckets = new MessageType({
  /** Index of the first bucket. Bucket i holds (base^i, base^(i+1)] with base = 2^(2^-scale). */
  offset: field(1, plain(sint32)),
  bucketCounts: field(2, listOf(uint64)),
});
export interface ExponentialBuckets extends Message<typeof ExponentialBuckets> {}

export const ExponentialHistogramPoint = new MessageType({
  attributes: keyValues(1),
  startMs: field(2, plain(nanosAsMs), 'startTimeUnixNano'),
  timeMs: field(3, plain(nanosAsMs), 'timeUnixNano'),
  count: field(4, plain(fixedCount)),
  sum: field(5, optional(double)),
  scale: field(6, plain(sint32)),
  zeroCount: field(7, plain(fixedCount)),
  positive: field(8, messageKind(ExponentialBuckets)),
  negative: field(9, messageKind(ExponentialBuckets)),
  flags: field(10, plain(uint32)),
  min: field(12, optional(double)),
  max: field(13, optional(double)),
  zeroThreshold: field(14, plain(double)),
});
export interface ExponentialHistogramPoint extends Message<typeof ExponentialHistogramPoint> {}

const Quantile = new MessageType({ quantile: field(1, plain(double)), value: field(2, plain(double)) });

export const SummaryPoint = new MessageType({
  attributes: keyValues(7),
  startMs: field(2, plain(nanosAsMs), 'startTimeUnixNano'),
  timeMs: field(3, plain(nanosAsMs), 'timeUnixNano'),
  count: field(4, plain(fixedCount)),
  sum: field(5, plain(double)),
  quantileValues: field(6, messagesKind(Quantile)),
  flags: field(8, plain(uint32)),
});
export interface SummaryPoint extends Message<typeof SummaryPoint> {}

const temporalityField = field(2, plain(int32));

const Gauge = new MessageType({ dataPoints: field(1, messagesKind(NumberPoint)) });
const Sum = new MessageType({
  dataPoints: field(1, messagesKind(NumberPoint)),
  aggregationTemporality: temporalityField,
  isMonotonic: field(3, plain(bool)),
});
const Histogram = new MessageType({
  dataPoints: field(1, messagesKind(HistogramPoint)),
  aggregationTemporality: temporalityField,
});
const ExponentialHistogram = new MessageType({
  dataPoints: field(1, messagesKind(ExponentialHistogramPoint)),
  aggregationTemporality: temporalityField,
});
const Summary = new MessageType({ dataPoints: field(1, messagesKind(SummaryPoint)) });

/** One of `gauge`, `sum`, `histogram`, `exponentialHistogram` and `summary` is there. */
export const Metric = new MessageType({
  name: field(1, plain(text)),
  description: field(2, plain(text)),
  unit: field(3, plain(text)),
  gauge: field(5, messageKind(Gauge)),
  sum: field(7, messageKind(Sum)),
  histogram: field(9, messageKind(Histogram)),
  exponentialHistogram: field(10, messageKind(ExponentialHistogram)),
  summary: field(11, messageKind(Summary)),
});
export interface Metric extends Message<typeof Metric> {}

export const ScopeMetrics = new MessageType({
  scope: field(1, messageKind(Scope)),
  metrics: field(2, messagesKind(Metric)),
  schemaUrl: field(3, plain(text)),
});

export const ResourceMetrics = new MessageType({
  resource: field(1, messageKind(Resource)),
  scopeMetrics: field(2, messagesKind(ScopeMetrics)),
  schemaUrl: field(3, plain(text)),
});

/** The body of `POST /v1/metrics`; `MetricsData`, which clients push to brokers (KIP-714), has the same form. */
export const ExportMetricsRequest = new MessageType({ resourceMetrics: field(1, messagesKind(ResourceMetrics)) });
export interface ExportMetricsRequest extends Message<typeof ExportMetricsRequest> {}
