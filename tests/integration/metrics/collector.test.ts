/**
 * Collectors of metrics against a real cluster: what is answered with success can be asked for, also after restarts.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Cluster, startCluster } from '@millrace/broker';
import { createClient } from '@millrace/client';
import { importMetrics, Metrics } from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { openOrderedStore } from '@millrace/store';
import { ExportMetricsAnswer, ExportMetricsRequest, WriteRequest } from '@millrace/telemetry';
import { compress } from 'snappy';
import { eventually } from '../../support/eventually.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-metrics-'));
const cluster: Cluster = await startCluster({
  name: 'east',
  dataDirectory: join(folder, 'kafka'),
  brokers: [{ nodeId: 1, port: 0 }],
});
const client = createClient({ bootstrap: cluster.bootstrap, autoCreateTopics: false });
const limits = { seriesOfMetricMax: 5 };
const open = async (directory: string) => {
  const state = openOrderedStore({ directory: join(folder, directory), rebuildable: true });
  const metrics = new Metrics({ client, state, limits, flushMs: 50, deliveryTimeoutMs: 2_000 });
  await metrics.complete;
  const close = async (): Promise<void> => {
    await metrics.close();
    await state.close();
  };
  return { metrics, close };
};
let running = await open('series');
const server = await startServer({ port: 0, routes: running.metrics.routes });
after(async () => {
  await server.close();
  await running.close();
  await client.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});

/** Until what is checked holds. */
async function soon(check: () => Promise<void>): Promise<void> {
  let failure: unknown;
  const holds = async (): Promise<boolean> => {
    failure = await check().then(
      () => undefined,
      (error: unknown) => error,
    );
    return failure === undefined;
  };
  await eventually(holds).catch((error: unknown) => {
    throw failure ?? error;
  });
}

/** All samples by series, as `name{label="value"}`. */
async function samples(name: string, from = running): Promise<Record<string, number[][]>> {
  const matcher = { name: '__name__', operator: '=' as const, value: name, matches: (value: string) => value === name };
  const { signal } = new AbortController();
  const found = await from.metrics.source.select({ matchers: [matcher], fromMs: 0, toMs: 2 ** 46, signal });
  return Object.fromEntries(
    found.map(({ labels, times, values }) => [
      [...labels].flatMap(([label, value]) => (label === '__name__' ? [] : [`${label}=${value}`])).join(','),
      Array.from(times, (time, at) => [time, values[at] as number]),
    ]),
  );
}

const point = (value: number, timeMs: number, attributes: Record<string, string> = {}) => ({
  asDouble: value,
  timeUnixNano: `${timeMs}000000`,
  attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
});
const resource = {
  attributes: [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: 'service.instance.id', value: { stringValue: 'shop-1' } },
    { key: 'host.name', value: { stringValue: 'h1' } },
  ],
};
const exported = (...metrics: object[]) => ({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
const counter = (name: string, temporality: 1 | 2, ...dataPoints: object[]) => ({
  name,
  unit: 's',
  sum: { dataPoints, aggregationTemporality: temporality, isMonotonic: true },
});

async function post(path: string, body: Uint8Array | string, headers: Record<string, string>): Promise<Response> {
  return fetch(server.url + path, { method: 'POST', headers, body: body as string });
}

async function postJson(body: object): Promise<[number, unknown]> {
  const answer = await post('/v1/metrics', JSON.stringify(body), { 'content-type': 'application/json' });
  return [answer.status, await answer.json()];
}

test('points of OTLP in JSON are there under the names that Prometheus has for them', async () => {
  const metrics = exported(
    counter(
      'http.server.busy',
      2,
      point(5, 1_000, { 'http.route': '/cart' }),
      point(7, 2_000, { 'http.route': '/cart' }),
    ),
    { name: 'queue.size', gauge: { dataPoints: [{ asInt: '3', timeUnixNano: '1000000000' }] } },
  );
  assert.deepEqual(await postJson(metrics), [200, {}]);
  await soon(async () => {
    assert.deepEqual(await samples('http_server_busy_seconds_total'), {
      'http_route=/cart,instance=shop-1,job=shop': [
        [1_000, 5],
        [2_000, 7],
      ],
    });
    assert.deepEqual(await samples('queue_size'), { 'instance=shop-1,job=shop': [[1_000, 3]] });
    const [info] = Object.keys(await samples('target_info'));
    assert.equal(info, 'host_name=h1,instance=shop-1,job=shop');
  });
});

test('Protobuf is answered in Protobuf; histograms are classic ones, exponential ones native', async () => {
  const histogram = {
    name: 'wait',
    unit: 's',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        { timeUnixNano: '1000000000', count: '6', sum: 4.5, explicitBounds: [0.1, 1], bucketCounts: ['1', '2', '3'] },
      ],
    },
  };
  const exponential = {
    name: 'size',
    exponentialHistogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          ...{ timeUnixNano: '1000000000', count: '7', sum: 9, scale: 9, zeroCount: '1' },
          positive: { offset: 2, bucketCounts: ['1', '2', '3'] },
        },
      ],
    },
  };
  const bytes = gzipSync(ExportMetricsRequest.encode(ExportMetricsRequest.fromJson(exported(histogram, exponential))));
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
  const answer = await post('/v1/metrics', bytes, headers);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/x-protobuf');
  const told = ExportMetricsAnswer.decode(new Uint8Array(await answer.arrayBuffer()));
  assert.equal(told.partialSuccess, undefined);
  const of = (more: string) => `instance=shop-1,job=shop${more}`;
  await soon(async () => {
    assert.deepEqual(await samples('wait_seconds_bucket'), {
      [of(',le=0.1')]: [[1_000, 1]],
      [of(',le=1')]: [[1_000, 3]],
      [of(',le=+Inf')]: [[1_000, 6]],
    });
    assert.deepEqual(await samples('wait_seconds_sum'), { [of('')]: [[1_000, 4.5]] });
    const matcher = {
      name: '__name__',
      operator: '=' as const,
      value: 'size',
      matches: (name: string) => name === 'size',
    };
    const { signal } = new AbortController();
    const [size] = await running.metrics.source.select({ matchers: [matcher], fromMs: 0, toMs: 9_999, signal });
    const { schema, count, zeroCount, positive } = size?.histograms?.[0] ?? {};
    assert.deepEqual([schema, count, zeroCount], [8, 7, 1]);
    assert.deepEqual(positive, { indexes: Int32Array.of(2, 3), counts: Float64Array.of(3, 3) });
  });
});

test('deltas add up, late ones too, and one that is sent again counts once', async () => {
  for (const [delta, time] of [
    [1, 1_000],
    [2, 3_000],
    [4, 2_000],
    [2, 3_000],
    [8, 4_000],
  ] as const) {
    assert.equal((await postJson(exported(counter('sold', 1, point(delta, time)))))[0], 200);
  }
  await soon(async () => {
    const [totals] = Object.values(await samples('sold_seconds_total'));
    assert.deepEqual(totals, [
      [1_000, 1],
      [2_000, 5],
      [3_000, 7],
      [4_000, 15],
    ]);
  });
});

test('series past the limit of their metric are dropped, and the answer says so; the others are taken', async () => {
  const points = Array.from({ length: 7 }, (_, user) => point(user, 1_000, { user: `u${user}` }));
  const [status, body] = await postJson(exported({ name: 'per.user', gauge: { dataPoints: points } }));
  assert.equal(status, 200);
  const { rejectedDataPoints, errorMessage } = (body as { partialSuccess: Record<string, string> }).partialSuccess;
  assert.equal(rejectedDataPoints, '2');
  assert.match(errorMessage ?? '', /new series of per\.user are dropped: it has 5 series already/);
  assert.deepEqual(
    [...running.metrics.collector.dropped].map(({ metric, points }) => [metric, points]),
    [['per.user', 2]],
  );
  await soon(async () => assert.equal(Object.keys(await samples('per_user')).length, 5));
  // Those that are known go on.
  assert.deepEqual(
    await postJson(exported({ name: 'per.user', gauge: { dataPoints: [point(1, 2_000, { user: 'u0' })] } })),
    [200, {}],
  );
});

test("Prometheus's remote write is taken, markers of series that ended included", async () => {
  const labels = [
    { name: '__name__', value: 'up' },
    { name: 'job', value: 'node' },
  ];
  const request = WriteRequest.of({
    timeseries: [
      {
        labels,
        samples: [
          { value: 1, timeMs: 1_000 },
          { value: 'stale', timeMs: 2_000 },
        ],
        histograms: [],
      },
    ],
  });
  const body = await compress(Buffer.from(WriteRequest.encode(request)));
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  const answer = await post('/api/v1/write', body, headers);
  assert.equal(answer.status, 204);
  await soon(async () => {
    const { 'job=node': up } = await samples('up');
    assert.deepEqual(up, [
      [1_000, 1],
      [2_000, Number.NaN],
    ]);
  });
});

test("files in Prometheus's text and in OpenMetrics are imported, each once", async () => {
  const import_ = async (name: string, text: string) => {
    const file = join(folder, name);
    await writeFile(file, text);
    const { format, points } = await importMetrics({ client, file });
    return [format, points];
  };
  const om = '# TYPE sold counter\nsold_total{shop="a"} 5 1.5\nsold_total{shop="a"} 9 2 # {id="x"} 1\n# EOF\n';
  assert.deepEqual(await import_('a.om', om), ['openmetrics', 2]);
  assert.deepEqual(await import_('a.om', om), ['openmetrics', 2]);
  assert.deepEqual(await import_('b.prom', '# a comment\nstock{shop="a"} 5 1500\n'), ['prometheus', 1]);
  await soon(async () => {
    assert.deepEqual(await samples('sold_total'), {
      'shop=a': [
        [1_500, 5],
        [2_000, 9],
      ],
    });
    assert.deepEqual(await samples('stock'), { 'shop=a': [[1_500, 5]] });
  });
  await assert.rejects(
    import_('c.prom', 'up 1\nup one\n'),
    /c\.prom can't be read: line 2 has one, which is no number/,
  );
});

test('what is no OTLP is refused in a sentence, in the encoding of the request', async () => {
  const json = await postJson({ resourceMetrics: 7 });
  assert.deepEqual(json, [400, { code: 3, message: 'resourceMetrics must be a list' }]);
  const bomb = gzipSync(Buffer.alloc(80 * 2 ** 20));
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
  assert.equal((await post('/v1/metrics', bomb, headers)).status, 413);
  assert.equal((await post('/v1/metrics', Uint8Array.of(0x0a, 0x7f), headers)).status, 400);
  const foreign = { 'content-type': 'application/json', origin: 'https://elsewhere.example' };
  assert.equal((await post('/v1/metrics', '{}', foreign)).status, 403);
});

test('series are the same after a restart, and rebuilt from the topic where they were lost', async () => {
  const names = ['http_server_busy_seconds_total', 'wait_seconds_bucket', 'sold_seconds_total', 'per_user', 'up'];
  await soon(async () => assert.equal((await samples('per_user'))['instance=shop-1,job=shop,user=u0']?.length, 2));
  const before = await Promise.all(names.map((name) => samples(name)));
  await running.close();
  running = await open('series');
  assert.deepEqual(await Promise.all(names.map((name) => samples(name))), before);
  const rebuilt = await open('elsewhere');
  try {
    assert.deepEqual(await Promise.all(names.map((name) => samples(name, rebuilt))), before);
  } finally {
    await rebuilt.close();
  }
});
