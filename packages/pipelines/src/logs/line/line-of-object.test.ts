import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOfObject } from './line-of-object.ts';

const now = Date.UTC(2026, 0, 5);

test('knows the names that loggers use', () => {
  const pino = { level: 50, time: 1767607202123, pid: 7, hostname: 'a', msg: 'no route', err: { code: 'E1' } };
  assert.deepEqual(lineOfObject(pino, { service: 'shop' }, now), {
    ...{ time: 1767607202123, received: now, severity: 'error', body: 'no route' },
    labels: { service: 'shop', host: 'a' },
    attributes: { pid: 7, err: { code: 'E1' } },
  });
  const elastic = {
    '@timestamp': '2026-01-05T10:00:00.5Z',
    'log.level': 'WARN',
    message: 'slow',
    'service.name': 'db',
    'trace.id': 'abc',
  };
  assert.deepEqual(lineOfObject(elastic, {}, now), {
    ...{ time: Date.UTC(2026, 0, 5, 10, 0, 0, 500), received: now, severity: 'warn', body: 'slow' },
    ...{ labels: { service: 'db' }, traceId: 'abc' },
  });
});

test('takes times in any unit, and none for now', () => {
  const at = Date.UTC(2026, 0, 5, 10);
  for (const time of [at / 1_000, at, at * 1_000, String(at), at * 1e6]) {
    assert.equal(lineOfObject({ time, msg: 'x' }, {}, now).time, at);
  }
  for (const time of [true, 'soon', 5, Number.NaN]) assert.equal(lineOfObject({ time, msg: 'x' }, {}, now).time, now);
});

test('an object without a message is its own, and labels stay few', () => {
  assert.equal(lineOfObject({ a: 1, b: [2] }, {}, now).body, '{"a":1,"b":[2]}');
  assert.deepEqual(lineOfObject({ msg: 'x', labels: { region: 'eu', tier: 2 } }, {}, now).labels, {
    region: 'eu',
    tier: '2',
  });
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`l${n}`, 'v']));
  const line = lineOfObject({ msg: 'x', labels: many }, {}, now);
  assert.deepEqual([line.labels, line.attributes], [{}, { labels: many }]);
});
