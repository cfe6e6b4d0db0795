/** OTLP in both encodings: golden bytes, what is refused, and round trips of whatever is possible. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { type AnyValue, KeyValues } from './any-value.ts';
import { ExportMetricsAnswer } from './export-answer.ts';
import { ExportLogsRequest, LogRecord } from './logs.ts';
import {
  ExponentialHistogramPoint,
  ExportMetricsRequest,
  HistogramPoint,
  NumberPoint,
  SummaryPoint,
  temporality,
} from './metrics.ts';

const anyValue = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true }),
      fc.uint8Array({ maxLength: 5 }),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.record({ key: fc.string(), value: tie('value') }), { maxLength: 3 })
      .map((pairs) => new KeyValues(pairs)),
  ),
})).value;
const attributes = fc.array(fc.record({ key: fc.string(), value: anyValue }), { maxLength: 3 });
const ms = fc.integer({ min: 0, max: 18_446_744_073_709 });
const count = fc.maxSafeInteger().map(Math.abs);
const double = fc.double();
const maybe = fc.option(double, { nil: undefined });
const times = { attributes, startMs: ms, timeMs: ms, flags: fc.integer({ min: 0, max: 1 }) };
const counts = fc.array(count, { maxLength: 4 });

const numberPoint = fc
  .record({ ...times, asDouble: maybe, asInt: fc.option(fc.maxSafeInteger(), { nil: undefined }) })
  .map((fields) => NumberPoint.of(fields));
const histogramPoint = fc
  .record({
    ...{ ...times, count, sum: maybe, min: maybe, max: maybe },
    ...{ bucketCounts: counts, explicitBounds: fc.array(double, { maxLength: 4 }) },
  })
  .map((fields) => HistogramPoint.of(fields));
const buckets = fc.option(
  fc.record({ offset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), bucketCounts: counts }),
  { nil: undefined },
);
const exponentialPoint = fc
  .record({
    ...{ ...times, count, sum: maybe, min: maybe, max: maybe, zeroThreshold: double, zeroCount: count },
    ...{ scale: fc.integer({ min: -10, max: 20 }), positive: buckets, negative: buckets },
  })
  .map((fields) => ExponentialHistogramPoint.of(fields));
const summaryPoint = fc
  .record({
    ...{ ...times, count, sum: double },
    quantileValues: fc.array(fc.record({ quantile: double, value: double }), { maxLength: 3 }),
  })
  .map((fields) => SummaryPoint.of(fields));

const list = <T>(element: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(element, { maxLength: 3 });
const aggregationTemporality = fc.constantFrom(...Object.values(temporality));
const absent = { gauge: undefined, sum: undefined, histogram: undefined } as const;
const noData = { ...absent, exponentialHistogram: undefined, summary: undefined } as const;
const described = { name: fc.string(), description: fc.string(), unit: fc.string() };
const metric = fc
  .tuple(
    fc.record(described),
    fc.oneof(
      list(numberPoint).map((dataPoints) => ({ gauge: { dataPoints } })),
      fc
        .record({ dataPoints: list(numberPoint), aggregationTemporality, isMonotonic: fc.boolean() })
        .map((sum) => ({ sum })),
      fc.record({ dataPoints: list(histogramPoint), aggregationTemporality }).map((histogram) => ({ histogram })),
      fc
        .record({ dataPoints: list(exponentialPoint), aggregationTemporality })
        .map((exponentialHistogram) => ({ exponentialHistogram })),
      list(summaryPoint).map((dataPoints) => ({ summary: { dataPoints } })),
    ),
  )
  .map(([names, data]) => ({ ...names, ...noData, ...data }));
const dropped = { droppedAttributesCount: fc.integer({ min: 0, max: 2 ** 32 - 1 }) };
const resource = fc.option(fc.record({ attributes, ...dropped }), { nil: undefined });
const scope = fc.option(fc.record({ name: fc.string(), version: fc.string(), attributes, ...dropped }), {
  nil: undefined,
});
const schemaUrl = fc.string();
const metricsRequest = fc.record({
  resourceMetrics: list(
    fc.record({ resource, schemaUrl, scopeMetrics: list(fc.record({ scope, schemaUrl, metrics: list(metric) })) }),
  ),
});
const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString('hex'));
const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const logRecord = fc
  .record({
    ...{ timeUnixNano: nanos, observedTimeUnixNano: nanos, severityNumber: fc.integer({ min: 0, max: 24 }) },
    ...{ severityText: fc.string(), body: anyValue, attributes, ...dropped, flags: fc.integer({ min: 0, max: 255 }) },
    ...{
      traceId: fc.oneof(fc.constant(''), hex(16)),
      spanId: fc.oneof(fc.constant(''), hex(8)),
      eventName: fc.string(),
    },
  })
  .map((fields) => LogRecord.of(fields));
const logsRequest = fc.record({
  resourceLogs: list(
    fc.record({ resource, schemaUrl, scopeLogs: list(fc.record({ scope, schemaUrl, logRecords: list(logRecord) })) }),
  ),
});

/** fast-check makes objects without prototypes, which deepEqual tells apart. */
const same = (actual: unknown, expected: unknown): void => assert.deepEqual(structural(actual), structural(expected));
function structural(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof KeyValues) return { kvlist: structural(value.pairs) };
  if (Array.isArray(value)) return value.map(structural);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, structural(each)]));
}
const throughText = (json: unknown): unknown => JSON.parse(JSON.stringify(json));

test('metrics come back from both encodings as they were', () => {
  fc.assert(
    fc.property(metricsRequest, (request) => {
      same(ExportMetricsRequest.decode(ExportMetricsRequest.encode(request)), request);
      same(ExportMetricsRequest.fromJson(throughText(ExportMetricsRequest.toJson(request))), request);
    }),
    { numRuns: 200 },
  );
});

test('logs come back from both encodings as they were', () => {
  fc.assert(
    fc.property(logsRequest, (request) => {
      same(ExportLogsRequest.decode(ExportLogsRequest.encode(request)), request);
      same(ExportLogsRequest.fromJson(throughText(ExportLogsRequest.toJson(request))), request);
    }),
    { numRuns: 200 },
  );
});

test('bytes that were cut are refused in a sentence, and never read as less', () => {
  fc.assert(
    fc.property(metricsRequest, fc.nat(), (request, at) => {
      const bytes = ExportMetricsRequest.encode(request);
      fc.pre(bytes.length > 0);
      const cut = bytes.subarray(0, at % bytes.length);
      try {
        // What happens to end between two of its parts is a request.
        same(ExportMetricsRequest.encode(ExportMetricsRequest.decode(cut)), cut);
      } catch (error) {
        assert.ok(isMillraceError(error, 'malformed_telemetry'), String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('bytes of any kind are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const type of [ExportMetricsRequest, ExportLogsRequest]) {
        try {
          type.decode(bytes);
        } catch (error) {
          assert.ok(isMillraceError(error, 'malformed_telemetry'), String(error));
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a sum is these bytes', () => {
  const point = NumberPoint.of({
    attributes: [{ key: 'k', value: 'v' }],
    startMs: 1_544_712_660_300,
    timeMs: 1_544_712_660_301,
    asInt: -5,
  });
  const sum = { dataPoints: [point], aggregationTemporality: temporality.cumulative, isMonotonic: true };
  const metrics = [{ ...noData, name: 'c', description: '', unit: '1', sum }];
  const scopeMetrics = [{ scope: undefined, schemaUrl: '', metrics }];
  const request: ExportMetricsRequest = {
    resourceMetrics: [{ resource: undefined, schemaUrl: '', scopeMetrics }],
  };
  // Put together by hand after metrics.proto.
  const bytes =
    '0a37123512330a01631a01313a2b0a253a080a016b12030a01761100eb3af5faeb6f15' +
    '19402d4af5faeb6f1531fbffffffffffffff10021801';
  assert.equal(Buffer.from(ExportMetricsRequest.encode(request)).toString('hex'), bytes);
  same(ExportMetricsRequest.decode(Buffer.from(bytes, 'hex')), request);
});

test('a time with parts of a millisecond is the millisecond that it lies in', () => {
  const time = '1544712660299999999';
  const fromJson = NumberPoint.fromJson({ timeUnixNano: time });
  const bytes = Buffer.alloc(9, (3 << 3) | 1);
  bytes.writeBigUInt64LE(BigInt(time), 1);
  assert.deepEqual([fromJson.timeMs, NumberPoint.decode(bytes).timeMs], [1_544_712_660_299, 1_544_712_660_299]);
});

test('a message that nests without end is refused', () => {
  let body: Uint8Array = new Uint8Array();
  for (let depth = 0; depth < 200; depth++) body = wrapped(5, wrapped(1, body));
  const logs = wrapped(1, wrapped(2, wrapped(2, wrapped(5, body))));
  assert.throws(() => ExportLogsRequest.decode(logs), {
    code: 'malformed_telemetry',
    message: /nests deeper than 100/,
  });
});

test('what is wrong in JSON is told with its place', () => {
  const metrics = [{ name: 'm', gauge: { dataPoints: [{ asInt: '1' }, { asInt: 'one' }] } }];
  assert.throws(() => ExportMetricsRequest.fromJson({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }), {
    place: 'resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[1].asInt',
    message: /dataPoints\[1\]\.asInt must be a whole number/,
  });
  assert.throws(() => ExportMetricsRequest.fromJson([]), { message: 'the body must be an object' });
});

test('a partial success is named as its signal names it', () => {
  const answer = ExportMetricsAnswer.of({ partialSuccess: { rejected: 3, errorMessage: 'too many series' } });
  assert.deepEqual(ExportMetricsAnswer.toJson(answer), {
    partialSuccess: { rejectedDataPoints: '3', errorMessage: 'too many series' },
  });
  assert.equal(Buffer.from(ExportMetricsAnswer.encode(ExportMetricsAnswer.of({}))).length, 0);
});

function wrapped(number: number, bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let left = bytes.length; ; left >>>= 7) {
    length.push(left > 0x7f ? (left & 0x7f) | 0x80 : left);
    if (left <= 0x7f) break;
  }
  return Buffer.concat([Uint8Array.of((number << 3) | 2, ...length), bytes]);
}
