/** Over how many connections a broker is read, on links of which is known what they give. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneGrowth, lanesMax } from './lane-growth.ts';

/** Runs for a while with all lanes in use, and answers how many there are. `rate`: bytes per ms with so many lanes. */
function run(growth: LaneGrowth, begin: number, ms: number, rate: (lanes: number) => number, farMs = 100): number {
  for (let now = begin; now < begin + ms; now += 50) {
    // Each lane is answered four times a second.
    const lanes = growth.count;
    for (let answers = 0; answers < lanes / 5; answers++)
      growth.answered((rate(lanes) * 50) / Math.ceil(lanes / 5), now);
    growth.wanted(farMs, now);
  }
  return growth.count;
}

test('near a broker there is one connection', () => {
  const growth = new LaneGrowth();
  assert.equal(
    run(growth, 0, 60_000, (lanes) => lanes * 1000, 0),
    1,
  );
});

test('over distance there are as many as bring more', () => {
  const atOnce = new LaneGrowth();
  atOnce.wanted(100, 0);
  assert.equal(atOnce.count, 4);
  assert.equal(
    run(new LaneGrowth(), 0, 60_000, (lanes) => lanes * 1000),
    lanesMax,
  );
  assert.equal(
    run(new LaneGrowth(), 0, 25_000, (lanes) => Math.min(8, lanes) * 1000),
    8,
  );
});

test('what brought nothing is tried again after a while', () => {
  const growth = new LaneGrowth();
  run(growth, 0, 20_000, () => 1000);
  assert.equal(growth.count, 4);
  const counts = new Set<number>();
  for (let now = 20_000; now < 60_000; now += 1000) counts.add(run(growth, now, 1000, () => 1000));
  assert.deepEqual([...counts].sort(), [4, 8]);
});

test('with nothing to catch up with there is one connection again', () => {
  const growth = new LaneGrowth();
  run(growth, 0, 20_000, (lanes) => lanes * 1000);
  assert.ok(growth.count > 4);
  growth.enough(21_000);
  assert.ok(growth.count > 4, 'a moment changes nothing');
  growth.enough(40_000);
  assert.equal(growth.count, 1);
});

test('a broker that turns out to be near gets one connection again', () => {
  const growth = new LaneGrowth();
  run(growth, 0, 20_000, (lanes) => lanes * 1000);
  growth.wanted(0, 20_000);
  assert.equal(growth.count, 1);
});

test('after a failure there is one connection for a while', () => {
  const growth = new LaneGrowth();
  run(growth, 0, 20_000, (lanes) => lanes * 1000);
  growth.failed(20_000);
  assert.equal(growth.count, 1);
  assert.equal(
    run(growth, 20_000, 4000, () => 1000),
    1,
  );
  assert.ok(run(growth, 25_000, 1000, () => 1000) > 1);
});
