export { type AnyValue, type KeyValue, KeyValues } from './otlp/any-value.ts';
export { ExportLogsAnswer, ExportMetricsAnswer, ExportStatus } from './otlp/export-answer.ts';
export { ExportLogsRequest, LogRecord } from './otlp/logs.ts';
export {
  ExponentialHistogramPoint,
  ExportMetricsRequest,
  HistogramPoint,
  Metric,
  NumberPoint,
  noRecordedValue,
  SummaryPoint,
  temporality,
} from './otlp/metrics.ts';
export { Resource, Scope } from './otlp/origin.ts';
export {
  type RemoteHistogram,
  type RemoteSeries,
  seriesOfV2,
  WriteRequest,
  WriteRequestV2,
} from './prometheus/remote-write.ts';
export { type TextFamily, TextFormatReader, type TextSample, type TextType } from './prometheus/text-format.ts';
export type { Message, MessageOf, MessageType, Schema } from './protobuf/message.ts';
export { TelemetryError } from './telemetry-error.ts';
