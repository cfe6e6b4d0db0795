/**
 * What anybody sends as metrics, in all formats that are taken: it is refused, or becomes records of the topic that can
 * be read and stored as series.
 */
import assert from 'node:assert/strict';
import type { Client, Producer } from '@millrace/client';
import { metricsSamples } from '@millrace/pipelines';
import {
  MetricsCollector,
  remoteSamples,
  SampleWriter,
  SeriesStore,
  type TextPoint,
  textPoints,
} from '@millrace/pipelines/testing/metrics';
import { openMemoryStore } from '@millrace/store';
import { ExportMetricsRequest, seriesOfV2, TextFormatReader, WriteRequest, WriteRequestV2 } from '@millrace/telemetry';
import { attemptLater, type FuzzTarget } from '../fuzz-target.ts';

const sent: { readonly key: string; readonly value: string }[] = [];
/** Stores all that it is given. */
const producer: Pick<Producer, 'bufferedBytes' | 'send'> = {
  bufferedBytes: 0,
  send: async ({ topic, key, value }) => {
    sent.push({ key: String(key), value: String(value) });
    return { topic: String(topic), partition: 0, offset: sent.length, timestamp: 0 };
  },
};
const client = { producer: () => producer } as unknown as Client;

const startMs = 1_700_000_000_000;
const attributes = [
  { key: 'service.name', value: { stringValue: 'shop' } },
  { key: 'list', value: { arrayValue: { values: [{ intValue: '5' }, { boolValue: true }] } } },
];
const point = { timeUnixNano: `${startMs}000000`, startTimeUnixNano: '1', attributes };
const otlp = ExportMetricsRequest.fromJson({
  resourceMetrics: [
    {
      resource: { attributes },
      scopeMetrics: [
        {
          scope: { name: 's' },
          metrics: [
            { name: 'a', unit: 'By', gauge: { dataPoints: [{ ...point, asDouble: 1.5 }] } },
            {
              name: 'b',
              sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...point, asInt: '7' }] },
            },
            {
              name: 'c',
              histogram: {
                aggregationTemporality: 1,
                dataPoints: [{ ...point, count: '3', sum: 2, explicitBounds: [1], bucketCounts: ['1', '2'] }],
              },
            },
            {
              name: 'd',
              exponentialHistogram: {
                aggregationTemporality: 1,
                dataPoints: [
                  { ...point, count: '3', scale: 9, zeroCount: '1', positive: { offset: 2, bucketCounts: ['1', '1'] } },
                ],
              },
            },
            { name: 'e', summary: { dataPoints: [{ ...point, count: '1', quantileValues: [{ quantile: 0.5 }] }] } },
          ],
        },
      ],
    },
  ],
});
const remote = {
  labels: [
    { name: '__name__', value: 'up' },
    { name: 'job', value: 'node' },
  ],
  samples: [{ value: 1, timeMs: startMs }],
  histograms: [
    {
      ...{ countInt: 3, sum: 2, schema: 3, zeroThreshold: 0, zeroCountInt: 1, timeMs: startMs },
      ...{ positiveSpans: [{ offset: 2, length: 2 }], positiveDeltas: [1, 0] },
    },
  ],
};
const text = '# HELP a b\n# TYPE a counter\na_total{l="x\\"y",m="\\n"} 1e3 1700000000000\nb -Inf\n{"c.d",e="f"} 0x 1\n';
const openMetrics = '# TYPE a counter\n# UNIT a seconds\na_total{l="x"} 1.5 1700000000.5 # {i="j"} 1\n# EOF\n';

/** By the first byte of an input. */
type Read = (body: Uint8Array, collector: MetricsCollector) => Promise<unknown>;
const readers: readonly Read[] = [
  async (body, collector) => collector.take(ExportMetricsRequest.decode(body), 'fuzz'),
  async (body, collector) => {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(body).toString());
    } catch {
      return 'no JSON';
    }
    return collector.take(ExportMetricsRequest.fromJson(value), 'fuzz');
  },
  async (body, collector) => {
    const { points, refused } = remoteSamples(WriteRequest.decode(body).timeseries, () => undefined);
    return collector.send(points, refused, 'fuzz');
  },
  async (body, collector) => {
    const { points, refused } = remoteSamples(seriesOfV2(WriteRequestV2.decode(body)), () => undefined);
    return collector.send(points, refused, 'fuzz');
  },
  (body, collector) => readText(body, collector, false),
  (body, collector) => readText(body, collector, true),
];

async function readText(body: Uint8Array, collector: MetricsCollector, isOpenMetrics: boolean): Promise<unknown> {
  const reader = new TextFormatReader({ isOpenMetrics });
  const read: TextPoint[] = [];
  for (const line of Buffer.from(body).toString().split('\n')) {
    const sample = reader.read(line);
    if (sample === undefined) continue;
    const { value, timeMs = startMs } = sample;
    read.push({ sample, value, timeMs, family: reader.familyOf(sample.name) });
  }
  const { points, refused } = textPoints(read);
  return collector.send(points, refused, 'fuzz');
}

/** An input is a byte that chooses the format, and a body. */
export const metrics: FuzzTarget = {
  name: 'metrics',
  inputs: 6_000,
  seeds: () => {
    const v2 = WriteRequestV2.of({
      symbols: ['', '__name__', 'up', 'job', 'node'],
      timeseries: [{ labelsRefs: [1, 2, 3, 4], samples: remote.samples, histograms: [], metadata: undefined }],
    });
    return [
      ExportMetricsRequest.encode(otlp),
      Buffer.from(JSON.stringify(ExportMetricsRequest.toJson(otlp))),
      WriteRequest.encode(WriteRequest.fromJson({ timeseries: [remote] })),
      WriteRequestV2.encode(v2),
      Buffer.from(text),
      Buffer.from(openMetrics),
    ].map((body, format) => Buffer.concat([Buffer.of(format), body]));
  },
  async run(input) {
    const read = readers[(input[0] ?? 0) % readers.length] as Read;
    sent.length = 0;
    const collector = new MetricsCollector({ client, now: () => startMs });
    const told = await attemptLater(async () => {
      const rejected = (await read(input.subarray(1), collector)) as { readonly count?: number } | undefined;
      return `${Math.min(3, sent.length)} sent, ${rejected === undefined ? 'none' : 'some'} rejected`;
    });
    // Messages name what was sent.
    const outcome = told.replace(/"(?:[^"\\]|\\.)*"/g, '').slice(0, 40);
    const store = new SeriesStore(openMemoryStore());
    const writer = new SampleWriter(store);
    for (const { key, value } of sent) {
      const sample = metricsSamples.value.deserializeText?.(value);
      assert(sample !== undefined && !('unreadable' in sample), `a record can be read: ${value.slice(0, 500)}`);
      assert(writer.write(key, sample), `a key names a series: ${key.slice(0, 500)}`);
    }
    await store.flush(new Map());
    return outcome;
  },
};
