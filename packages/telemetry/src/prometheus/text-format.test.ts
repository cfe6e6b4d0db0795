import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextFormatReader } from './text-format.ts';

function read(text: string, isOpenMetrics = false) {
  const reader = new TextFormatReader({ isOpenMetrics });
  const samples = text.split('\n').flatMap((line) => reader.read(line) ?? []);
  return { reader, samples };
}

test('samples have their labels, values and times, and families what is told of them', () => {
  const { reader, samples } = read(`# HELP http_requests_total Requests that came.\\nAll of them.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{ method = "get" , code="4\\"0\\\\0", } 3e2
# a comment
metric_without_labels -Inf
{"a.name", "a.label"="ä"} NaN
wait_seconds_bucket{le="+Inf"} 5 # {trace="x"} 0.5
`);
  assert.deepEqual(samples, [
    {
      name: 'http_requests_total',
      labels: [
        { name: 'method', value: 'post' },
        { name: 'code', value: '200' },
      ],
      value: 1027,
      timeMs: 1_395_066_363_000,
    },
    {
      name: 'http_requests_total',
      labels: [
        { name: 'method', value: 'get' },
        { name: 'code', value: '4"0\\0' },
      ],
      value: 300,
      timeMs: undefined,
    },
    { name: 'metric_without_labels', labels: [], value: Number.NEGATIVE_INFINITY, timeMs: undefined },
    { name: 'a.name', labels: [{ name: 'a.label', value: 'ä' }], value: Number.NaN, timeMs: undefined },
    { name: 'wait_seconds_bucket', labels: [{ name: 'le', value: '+Inf' }], value: 5, timeMs: undefined },
  ]);
  const help = 'Requests that came.\nAll of them.';
  assert.deepEqual(reader.familyOf('http_requests_total'), { type: 'counter', help, unit: '' });
  assert.equal(reader.familyOf('other').type, 'unknown');
});

test('OpenMetrics has times in seconds, units, families without suffixes, and an end', () => {
  const { reader, samples } = read(
    '# TYPE busy_seconds counter\n# UNIT busy_seconds seconds\nbusy_seconds_total 1.5 1700000000.25\n# EOF\n',
    true,
  );
  assert.deepEqual(samples[0]?.timeMs, 1_700_000_000_250);
  assert.deepEqual(reader.familyOf('busy_seconds_total'), { type: 'counter', help: '', unit: 'seconds' });
  assert.equal(reader.hasEnded, true);
  assert.throws(() => reader.read('more 1'), { message: /line 6 comes after # EOF/ });
});

test('lines that are none are told with their number', () => {
  for (const [text, message] of [
    ['\nup', 'line 2 has no value'],
    ['up one', 'line 1 has one, which is no number'],
    ['up{a="1",a="2"} 1', 'line 1 has the label a twice'],
    ['up{a=1} 1', "line 1 can't be read from character 4 on"],
    ['up{a="1" 1', "line 1 can't be read from character 4 on"],
    ['{a="1"} 1', 'line 1 has no name'],
    ['# TYPE up gorge', 'line 1 has the type "gorge", which is none'],
    ['up 1 99999999999999999999', 'line 1 has 99999999999999999999, which is no time'],
  ] as const) {
    assert.throws(() => read(text), {
      code: 'malformed_telemetry',
      message: new RegExp(message.replace(/[{}]/g, '.')),
    });
  }
});

test('whatever a label holds is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const written = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
      const [sample] = read(`m{l="${written}"} 1`).samples;
      assert.equal(sample?.labels[0]?.value, value);
    }),
  );
});
