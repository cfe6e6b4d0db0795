/**
 * The same figures for OpenTelemetry: the body of an OTLP export over HTTP (`POST /v1/metrics`,
 * `application/x-protobuf`), whose form is that of `MetricsData`.
 */
import { encodeMetrics, type MetricPoint } from '@millrace/client/protocol';
import { families, type MeasuredStream } from './figures.ts';

export interface OtlpSource {
  readonly application: string;
  readonly instance: string;
  /** When counting began, and now; ms since 1970. */
  readonly startMs: number;
  readonly endMs: number;
}

export function otlpMetrics(streams: readonly MeasuredStream[], source: OtlpSource): Uint8Array {
  const { application, instance, startMs, endMs } = source;
  const points = streams.flatMap((stream) => {
    const { measures, cluster, group } = stream;
    const attributes = {
      topic: measures.topic,
      role: measures.role,
      cluster,
      ...(group === undefined ? {} : { group }),
    };
    return families.flatMap(([name, type, , figure]): MetricPoint[] => {
      const value = figure(stream);
      if (value === undefined) return [];
      return [{ name: otlpName(name), kind: type === 'counter' ? 'sum' : 'gauge', value, attributes }];
    });
  });
  const resource = { 'service.name': application, 'service.instance.id': instance };
  return encodeMetrics({ resource, points, delta: false, startMs, endMs });
}

/** `records_total` is `millrace.client.records`. */
function otlpName(name: string): string {
  return `millrace.client.${name.replace(/_total$/, '').replaceAll('_', '.')}`;
}
