/** Points of metrics as an exporter of OpenTelemetry sends them: counters with five attributes, in Protobuf. */
import { ExportMetricsRequest } from '@millrace/telemetry';
import type { CollectCase } from './collect-case.ts';

export const metricsCases: readonly CollectCase[] = [10, 1_000].map((points) => ({
  name: `metrics, ${points} points a request`,
  unit: 'points',
  itemsPerRequest: points,
  path: '/v1/metrics',
  headers: { 'content-type': 'application/x-protobuf' },
  body: bodyOf(points),
}));

function bodyOf(points: number): Buffer {
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const dataPoints = Array.from({ length: points }, (_, index) => ({
    attributes: [
      text('http.request.method', 'GET'),
      text('http.route', `/products/${index % 50}`),
      text('http.response.status_code', '200'),
      text('server.address', 'shop.example'),
      text('customer.tier', `tier-${Math.floor(index / 50)}`),
    ],
    startTimeUnixNano: '1790000000000000000',
    timeUnixNano: '1790000060000000000',
    asInt: String(index * 1_000),
  }));
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints };
  const metrics = [{ name: 'http.server.requests', unit: '{request}', sum }];
  const resource = { attributes: [text('service.name', 'shop'), text('service.instance.id', 'shop-1')] };
  const request = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
  return Buffer.from(ExportMetricsRequest.encode(ExportMetricsRequest.fromJson(request)));
}
