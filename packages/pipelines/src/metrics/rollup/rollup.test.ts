/** Aggregation against plain sums over what really happened, whatever order its points come in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDriver } from '@millrace/streams';
import fc from 'fast-check';
import type { MetricSample } from '../sample.ts';
import { metricsRollups, metricsSamples } from '../topic.ts';
import { addParts, partsOf, quantileError, quantileOf, scaleMax } from './parts.ts';
import { rollupRules } from './rollup-rule.ts';
import { rollupTopology } from './rollup-topology.ts';
import { incremented, type SeriesMemory } from './series-increments.ts';

const bare = {
  ...{ name: 'm', unit: '', description: '', attributes: {}, resource: {} },
  scope: { name: '', version: '' },
} as const;

function counterPoint(timeMs: number, value: number, startMs: number): MetricSample {
  return { ...bare, kind: 'sum', temporality: 'cumulative', monotonic: true, startMs, timeMs, value };
}

/** What a program counts in its lives, told once a second: points in order, and what each adds. */
const lives = fc
  .array(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 })
  .map((counted) => {
    const points: MetricSample[] = [];
    const truth: number[] = [];
    let now = 1_000;
    for (const life of counted) {
      const startMs = now;
      let total = 0;
      for (const more of life) {
        now += 1_000;
        total += more;
        points.push(counterPoint(now, total, startMs));
        truth.push(more);
      }
    }
    return { points, truth };
  });

/** The order in which they come: shuffled, some twice. */
function comes<T>(points: readonly T[], dice: readonly number[]): T[] {
  const die = (at: number): number => dice[at % dice.length] ?? 0;
  const twice = points.flatMap((point, at) => (die(at) % 3 === 0 ? [point, point] : [point]));
  return twice
    .map((point, at) => ({ point, order: die(at + 7) }))
    .sort((a, b) => a.order - b.order)
    .map(({ point }) => point);
}

const dice = fc.array(fc.nat({ max: 1_000 }), { minLength: 5, maxLength: 60 });

test('a counter comes to what was counted, second by second, over restarts, in any order, with points twice', () => {
  fc.assert(
    fc.property(lives, dice, ({ points, truth }, order) => {
      let memory: SeriesMemory | undefined;
      const bySecond: Record<string, number> = {};
      for (const point of comes(points, order)) {
        const result = incremented(memory, point, { latenessMs: 600_000, pointsMax: 128 });
        memory = result.memory ?? memory;
        for (const { timeMs, parts } of result.increments) addParts(bySecond, { [timeMs]: parts['value'] ?? 0 });
      }
      const expected = points.map(({ timeMs }, at) => [timeMs, truth[at]] as const);
      for (const [timeMs, counted] of expected) assert.equal(bySecond[timeMs] ?? 0, counted, `at ${timeMs}`);
    }),
    { numRuns: 300 },
  );
});

test('deltas come to what was counted, second by second, over restarts, in any order, with points twice', () => {
  fc.assert(
    fc.property(lives, dice, ({ points, truth }, order) => {
      const deltas = points.map((point, at): MetricSample => {
        return { ...point, temporality: 'delta', value: truth[at] ?? 0, startMs: point.timeMs - 1_000 };
      });
      let memory: SeriesMemory | undefined;
      const bySecond: Record<string, number> = {};
      for (const point of comes(deltas, order)) {
        const result = incremented(memory, point, { latenessMs: 600_000, pointsMax: 128 });
        assert.equal(result.late, false);
        memory = result.memory ?? memory;
        for (const { timeMs, parts } of result.increments) addParts(bySecond, { [timeMs]: parts['value'] ?? 0 });
      }
      for (const [at, { timeMs }] of deltas.entries()) assert.equal(bySecond[timeMs] ?? 0, truth[at], `at ${timeMs}`);
    }),
    { numRuns: 300 },
  );
});

test('a total is not wrong for what came too late, and a delta that did is told', () => {
  const bounds = { latenessMs: 10_000, pointsMax: 4 };
  let memory: SeriesMemory | undefined;
  let total = 0;
  const late: boolean[] = [];
  for (const [time, value] of [
    [1, 1],
    [2, 3],
    [3, 4],
    [4, 9],
    [5, 9],
    [6, 10],
    [7, 20],
    [8, 21],
    [2.5, 3],
  ] as const) {
    const result = incremented(memory, counterPoint(time * 1_000, value, 500), bounds);
    memory = result.memory ?? memory;
    late.push(result.late);
    for (const { parts } of result.increments) total += parts['value'] ?? 0;
  }
  assert.equal(total, 21);
  assert.deepEqual([memory?.points.length, late.at(-1)], [4, true]);
});

test('a quantile of gauges is off by no more than what is stated', () => {
  const error = quantileError(scaleMax);
  assert.ok(error < 0.0109);
  const value = fc.oneof(
    fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
    fc.double({ min: -1e9, max: -1e-6, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 80 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const parts: Record<string, number> = {};
        for (const each of values)
          addParts(parts, partsOf({ ...bare, kind: 'gauge', startMs: 0, timeMs: 1, value: each }) ?? {});
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * values.length) - 1)] as number;
        assert.ok(Math.abs(quantileOf(parts, share) - exact) <= Math.abs(exact) * (error + 1e-9));
      },
    ),
  );
});

test('a rule makes one series of many: an exact total, and windows that late points change', () => {
  const rules = rollupRules({ rollups: [{ name: 'shop:requests', metric: 'requests_total', by: ['job'] }] });
  const driver = testDriver(rollupTopology(rules));
  const send = (instance: string, sample: MetricSample): void => {
    driver.pipe(metricsSamples, {
      key: `requests_total{instance="${instance}",job="shop"}`,
      value: JSON.stringify(sample),
    });
  };
  const point = (timeMs: number, value: number, startMs = 1_000) => ({
    ...counterPoint(timeMs, value, startMs),
    name: 'requests_total',
  });
  send('a', point(10_000, 5));
  send('b', point(20_000, 7));
  send('a', point(70_000, 8));
  // Begins anew, then a point from before, and one that comes twice.
  send('a', point(80_000, 2, 75_000));
  send('a', point(30_000, 6));
  send('b', point(20_000, 7));
  driver.commit();
  const newest = new Map<string, unknown>();
  for (const { key, value } of driver.read(metricsRollups)) {
    if (!('unreadable' in value)) newest.set(`${key} ${value.timeMs}`, value.value);
  }
  assert.equal(newest.get('shop:requests_increase{job="shop"} 60000'), 13);
  assert.equal(newest.get('shop:requests_increase{job="shop"} 120000'), 4);
  assert.equal(newest.get('shop:requests_total{job="shop"} 80000'), 17);
});

test('rules that are not right are told', () => {
  const error = { code: 'invalid_rollups' };
  assert.throws(() => rollupRules({ rollups: [{ name: 'a b', metric: 'm', by: [] }] }), error);
  assert.throws(
    () =>
      rollupRules({
        rollups: [
          { name: 'a', metric: 'm', by: [] },
          { name: 'a', metric: 'n', by: [] },
        ],
      }),
    error,
  );
});
