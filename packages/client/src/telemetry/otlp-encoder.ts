/**
 * OpenTelemetry's `MetricsData` in protobuf (opentelemetry-proto 1.x, metrics/v1/metrics.proto): numbers as gauges and
 * monotonic sums, no histograms.
 */

export interface MetricPoint {
  readonly name: string;
  /** `sum`: a count that only grows. */
  readonly kind: 'gauge' | 'sum';
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface MetricsSnapshot {
  /** What the points have in common. */
  readonly resource: Readonly<Record<string, string>>;
  readonly points: readonly MetricPoint[];
  /** Whether sums count from the last snapshot; else from the start of the client. */
  readonly delta: boolean;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
}

const varintType = 0;
const fixed64Type = 1;
const bytesType = 2;
const deltaTemporality = 1;
const cumulativeTemporality = 2;
const scopeName = 'millrace';

/** The bytes of a `MetricsData`. */
export function encodeMetrics(snapshot: MetricsSnapshot): Uint8Array {
  const metrics = groupedByName(snapshot.points).map((points) => message(2, metric(points, snapshot)));
  const scope = message(1, [text(1, scopeName)]);
  const resource = message(1, attributes(1, snapshot.resource));
  return Buffer.concat([message(1, [resource, message(2, [scope, ...metrics])])]);
}

function groupedByName(points: readonly MetricPoint[]): MetricPoint[][] {
  return [...Map.groupBy(points, ({ name }) => name).values()];
}

function metric(points: readonly MetricPoint[], snapshot: MetricsSnapshot): Uint8Array[] {
  const { name, kind } = points[0] as MetricPoint;
  const data = points.map((point) => message(1, numberPoint(point, snapshot)));
  if (kind === 'gauge') return [text(1, name), message(5, data)];
  const temporality = snapshot.delta ? deltaTemporality : cumulativeTemporality;
  return [text(1, name), message(7, [...data, varintField(2, temporality), varintField(3, 1)])];
}

function numberPoint(point: MetricPoint, { startMs, endMs }: MetricsSnapshot): Uint8Array[] {
  return [
    ...attributes(7, point.attributes),
    nanoseconds(2, startMs),
    nanoseconds(3, endMs),
    fixed64(4, (view) => view.setFloat64(0, point.value, true)),
  ];
}

function attributes(field: number, pairs: Readonly<Record<string, string>>): Uint8Array[] {
  return Object.entries(pairs).map(([key, value]) => message(field, [text(1, key), message(2, [text(1, value)])]));
}

function nanoseconds(field: number, ms: number): Uint8Array {
  return fixed64(field, (view) => view.setBigUint64(0, BigInt(Math.round(ms)) * 1_000_000n, true));
}

function fixed64(field: number, set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = (field << 3) | fixed64Type;
  set(new DataView(bytes.buffer, 1));
  return bytes;
}

function text(field: number, value: string): Uint8Array {
  return delimited(field, [Buffer.from(value)]);
}

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  return delimited(field, parts);
}

function delimited(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of((field << 3) | bytesType), varint(length), ...parts]);
}

function varintField(field: number, value: number): Uint8Array {
  return Buffer.concat([Uint8Array.of((field << 3) | varintType), varint(value)]);
}

/** Of a whole number below 2^31. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  bytes.push(left);
  return Uint8Array.from(bytes);
}
