/** What is told of streams: to Prometheus, over OTLP, and in reports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMetrics } from '@millrace/client/testing/otlp-decoder';
import { metricsText } from './metrics-text.ts';
import { otlpMetrics } from './otlp-metrics.ts';
import { straysOf } from './strays.ts';
import { StreamMeasures, StreamWindow } from './stream-measures.ts';

function measured(role: 'producer' | 'consumer') {
  const measures = new StreamMeasures('or"ders', role);
  measures.records = 12;
  measures.bytes = 3400;
  measures.latencies.add(10, 4);
  measures.switched(250, role === 'producer');
  if (role === 'consumer') measures.lags.set(0, 5).set(1, 7);
  return { measures, cluster: 'east', group: role === 'consumer' ? 'readers' : undefined };
}

test('Prometheus is told each family once, with what each stream knows', () => {
  const text = metricsText([measured('producer'), measured('consumer')], { isConnected: true, older: 0, untrusted: 3 });
  assert.match(text, /^millrace_client_config_connected 1$/m);
  assert.match(text, /^millrace_client_config_untrusted_total 3$/m);
  assert.match(text, /^millrace_client_records_total{topic="or\\"ders",role="producer",cluster="east"} 12$/m);
  const lag = /^millrace_client_lag_records{topic="or\\"ders",role="consumer",cluster="east",group="readers"} 12$/m;
  assert.match(text, lag);
  assert.equal(text.match(/^millrace_client_lag_records{/gm)?.length, 1);
  assert.match(text, /^millrace_client_switch_pause_seconds_max{.*role="producer".*} 0.25$/m);
  assert.match(text, /^# TYPE millrace_client_latency_seconds histogram$/m);
  const bucket = (le: string) =>
    new RegExp(`^millrace_client_latency_seconds_bucket{.*role="producer".*,le="${le}"} (\\d+)$`, 'm');
  assert.equal(bucket('\\+Inf').exec(text)?.[1], '4');
  assert.match(text, /^millrace_client_latency_seconds_count{topic="or\\"ders",role="producer",cluster="east"} 4$/m);
  const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  assert.equal(new Set(types).size, types.length);
  assert.ok(text.endsWith('\n'));
});

test('OTLP has the same figures', () => {
  const source = { application: 'shop', instance: 'one', startMs: 1000, endMs: 2000 };
  const { points } = decodeMetrics(otlpMetrics([measured('consumer')], source));
  const found = new Map(points.map((point) => [point.name, point]));
  assert.equal(found.get('millrace.client.records')?.value, 12);
  assert.equal(found.get('millrace.client.records')?.kind, 'sum');
  assert.equal(found.get('millrace.client.lag.records')?.value, 12);
  const attributes = { topic: 'or"ders', role: 'consumer', cluster: 'east', group: 'readers' };
  assert.deepEqual(found.get('millrace.client.lag.records')?.attributes, attributes);
});

test('rates are those since the report before', () => {
  const measures = new StreamMeasures('orders', 'producer');
  const window = new StreamWindow(measures, 1000);
  measures.records = 100;
  measures.bytes = 2000;
  measures.latencies.add(5, 100);
  const first = window.take(3000);
  assert.equal(first.recordsPerSecond, 50);
  assert.equal(first.bytesPerSecond, 1000);
  assert.ok(first.latencyMs.p99 > 4 && first.latencyMs.p99 < 6);
  measures.errors = 4;
  const second = window.take(4000);
  assert.deepEqual([second.recordsPerSecond, second.errorsPerSecond, second.latencyMs.p99], [0, 4, 0]);
});

test('settings stray that are given by hand and are not the answer', () => {
  const settings = new Map([
    ['acks', 'all'],
    ['linger.ms', '5'],
    ['compression.type', 'lz4'],
  ]);
  const own = { acks: -1, lingerMs: 0, compression: 'lz4', batchBytesMax: 9, onDelivery: () => undefined, topic: 'x' };
  assert.deepEqual(straysOf(own, settings), [
    { name: 'linger.ms', value: '0', standard: '5' },
    { name: 'batch.size', value: '9', standard: '' },
  ]);
});
