import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { MemorySeries } from './memory-series.ts';
import { Labels } from './model/labels.ts';
import { markStale } from './model/stale-marker.ts';
import { QueryEngine, type ResultSeries } from './query-engine.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 0.2);

/** Series with gaps, new beginnings and ends. */
const sampled = fc.array(
  fc.record({ gap: fc.integer({ min: 1, max: 400 }), value: fc.integer({ min: -5, max: 50 }), ends: fc.boolean() }),
  { minLength: 1, maxLength: 30 },
);

const expressions = [
  'm',
  'rate(m[5m])',
  'increase(m[90s]) > 3',
  'irate(m[3m])',
  'changes(m[4m]) + resets(m[4m])',
  'avg_over_time(m[2m:30s])',
  'sum by (a) (m) / count by (a) (m)',
  'max(m) - on() min(m)',
  'topk(1, m)',
  'm{a="1"} or m{a="2"}',
  'm * on(b) group_left(a) max by (a, b) (m)',
  'm unless m > 10',
  'stddev_over_time(m[5m] offset 1m)',
  'predict_linear(m[5m], 60)',
  'deriv(m[10m])',
  'absent(m{a="3"})',
  'scalar(m{a="1"}) + time()',
  'quantile_over_time(0.3, m[3m])',
  'quantile_over_time(time() / 3000, m[10m])',
  'clamp(m, 5, time() / 100)',
  'histogram_quantile(0.9, label_replace(abs(m), "le", "$1", "a", "(.*)"))',
  'increase(m[3m] anchored)',
  'm smoothed',
  'count_values("v", m)',
  'label_join(m, "c", "-", "a", "b")',
];

test('a range query answers at each step what an instant query answers there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sampled, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...expressions),
      async (all, query) => {
        const source = new MemorySeries();
        for (const [index, samples] of all.entries()) {
          const values = new Float64Array(samples.length);
          let time = 0;
          const times = Float64Array.from(samples, ({ gap }) => (time += gap * 1000));
          for (const [at, { value, ends }] of samples.entries()) {
            if (ends && value > 40) markStale(values, at);
            else values[at] = value;
          }
          source.set({ labels: Labels.from({ __name__: 'm', a: `${index % 3}`, b: `${index}` }), times, values });
        }
        const engine = new QueryEngine({ source });
        const [start, end, step] = [60_000, 3_000_000, 170_000];
        const range = await engine.range(query, start, end, step).catch(failure);
        for (let at = start; at <= end; at += step) {
          const instant = await engine.instant(query, at).catch(failure);
          if (typeof range === 'string') {
            if (typeof instant === 'string') return;
          } else assert.equal(described(range, at), described(instant, at), `${query} at ${at}`);
        }
        assert.notEqual(typeof range, 'string', `${query}: ${range}`);
      },
    ),
    { numRuns: Math.ceil(500 * scale) },
  );
});

function failure(error: unknown): string {
  assert(isMillraceError(error, 'query_failed'), String(error));
  return error.message;
}

/** What there is at a time, in no order. */
function described(answer: Awaited<ReturnType<QueryEngine['range']>> | string, timeMs: number): string {
  if (typeof answer === 'string') return answer;
  const { result } = answer;
  if (result.type === 'scalar') return `: ${result.value.toPrecision(9)}`;
  const series = 'series' in result ? result.series : [];
  const texts = series.flatMap((each: ResultSeries) => {
    const at = each.times.indexOf(timeMs);
    return at < 0 ? [] : [`${each.labels.key}: ${(each.values[at] as number).toPrecision(9)}`];
  });
  return texts.sort().join('\n');
}

function dense(count: number, seriesCount: number): MemorySeries {
  const source = new MemorySeries();
  for (let index = 0; index < seriesCount; index++) {
    const times = Float64Array.from({ length: count }, (_, at) => at * 1000);
    source.set({ labels: Labels.from({ __name__: 'dense', id: `${index}` }), times, values: times });
  }
  return source;
}

test('a query that takes too many samples is stopped, and says what to do', async () => {
  const engine = new QueryEngine({ source: dense(1000, 20), samplesMax: 5_000 });
  await assert.rejects(engine.range('dense', 0, 999_000, 1_000), (error) => {
    assert(isMillraceError(error, 'query_too_large'));
    assert.match(error.message, /more than 5000; ask for less time/);
    return true;
  });
  await assert.rejects(engine.range('sum_over_time(dense[10m])', 0, 999_000, 1_000), { code: 'query_too_large' });
});

test('a query that takes too long is stopped while others go on', async () => {
  const engine = new QueryEngine({ source: dense(3000, 50) });
  let turns = 0;
  const beat = setInterval(() => turns++, 1);
  const slow = engine.range('stddev_over_time(dense[50m:1s])', 0, 2_999_000, 1_000, { timeoutMs: 60 });
  await assert.rejects(slow, { code: 'query_timed_out' });
  clearInterval(beat);
  assert.notEqual(turns, 0, 'nothing else had its turn');
});

test('a query whose asker has gone is stopped, also while it waits for its turn', { timeout: 20_000 }, async () => {
  const engine = new QueryEngine({ source: dense(3000, 50), queriesMax: 1 });
  const gone = new AbortController();
  const query = 'stddev_over_time(dense[50m:1s])';
  const running = engine.range(query, 0, 2_999_000, 1_000, { signal: gone.signal });
  const waiting = engine.range(query, 0, 2_999_000, 1_000, { signal: gone.signal });
  setTimeout(() => gone.abort(), 20);
  await assert.rejects(waiting, { code: 'query_canceled' });
  await assert.rejects(running, { code: 'query_canceled' });
  const next = await engine.instant('count(dense)', 0);
  assert.equal(next.result.type, 'vector');
});

test('a range of more points than anybody can see is refused', async () => {
  const engine = new QueryEngine({ source: new MemorySeries() });
  await assert.rejects(engine.range('1', 0, 12_000_000, 1_000), /exceeded maximum resolution of 11000 points/);
});
