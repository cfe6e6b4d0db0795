import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Latencies } from './latencies.ts';

test('quantiles are right to within an eighth', () => {
  const values = fc.array(fc.double({ min: 0.06, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (latencies, share) => {
      const measured = new Latencies();
      for (const latency of latencies) measured.add(latency);
      const sorted = [...latencies].sort((one, other) => one - other);
      const exact = sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1] as number;
      const ratio = measured.quantile(share) / exact;
      assert.ok(ratio > 0.88 && ratio < 1.13, `${measured.quantile(share)} for ${exact}`);
    }),
  );
});

test('what came since a mark is told apart from what came before', () => {
  const measured = new Latencies();
  measured.add(1000, 50);
  const mark = measured.mark();
  assert.equal(measured.since(mark, 0.99), 0);
  measured.add(10);
  const told = measured.since(mark, 0.5);
  assert.ok(told > 8 && told < 12, `${told}`);
  assert.equal(measured.count, 51);
});

test('cumulative counts ascend to all that are not beyond every bound', () => {
  const latencies = new Latencies();
  for (const ms of [0.01, 0.05, 3, 40, 40, 1e9]) latencies.add(ms);
  const told = latencies.cumulative();
  const upTo = (ms: number): number | undefined => told.findLast(({ boundMs }) => boundMs <= ms)?.count;
  assert.deepEqual([upTo(0.05), upTo(1), upTo(10), upTo(200)], [2, 2, 3, 5]);
  assert.equal(told.at(-1)?.count, 5);
  assert.equal(latencies.count, 6);
});
