/** Rates over windows and buckets of permits, by the numbers of KIP-13 and KIP-599. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateMeter } from './rate-meter.ts';
import { TokenBucket } from './token-bucket.ts';

const windows = { count: 11, ms: 1000 };

test('a first burst is spread over all windows but one', () => {
  const meter = new RateMeter(windows);
  meter.record(100, 5_000);
  assert.equal(meter.rate(5_000), 10);
  assert.equal(meter.excessMs(10, 5_000), 0);
  assert.equal(meter.excessMs(5, 5_000), 10_000);
});

test('what is older than all windows does not count, and what was taken back neither', () => {
  const meter = new RateMeter(windows);
  meter.record(100, 0);
  meter.record(50, 3_000);
  meter.record(-50, 3_000);
  assert.equal(meter.rate(10_000), 10);
  assert.equal(meter.rate(12_000), 0);
  assert.equal(meter.isIdle(20_000), true);
});

test('a rate is that of the recent values, whatever their order in time', () => {
  const values = fc.array(fc.tuple(fc.nat(2_000), fc.nat(1_000)), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(values, (steps) => {
      const meter = new RateMeter(windows);
      let now = 0;
      let total = 0;
      const kept: { at: number; value: number }[] = [];
      for (const [pause, value] of steps) {
        now += pause;
        meter.record(value, now);
        total += value;
        kept.push({ at: now, value });
      }
      // A window counts whole or not at all, so the sum lies between those of its youngest and its oldest values.
      const sumSince = (age: number): number =>
        kept.filter(({ at }) => at > now - age).reduce((sum, { value }) => sum + value, 0);
      const rate = meter.rate(now);
      assert.ok(rate <= total / 10 + 1e-9, `${rate} for ${total} in all`);
      assert.ok(rate >= sumSince(10_000) / 11 - 1e-9, `${rate} for ${sumSince(10_000)} in ten seconds`);
    }),
  );
});

test('a bucket takes what comes while it is not below empty, and then waits for its rate', () => {
  const bucket = new TokenBucket(100_000);
  assert.equal(bucket.excessMs(5, 1_000), 0);
  bucket.take(560, 5, 1_000);
  assert.equal(bucket.excessMs(5, 1_000), 12_000);
  assert.equal(bucket.excessMs(5, 12_999), 1);
  assert.equal(bucket.excessMs(5, 13_000), 0);
  assert.equal(bucket.isFull(5, 100_000), false);
  assert.equal(bucket.isFull(5, 113_000), true);
});

test('no pause is longer than a client can be told and a timer can wait', () => {
  const meter = new RateMeter(windows);
  meter.record(5_000_000, 0);
  assert.equal(meter.excessMs(1, 0), 2 ** 31 - 1);
  const bucket = new TokenBucket(100_000);
  bucket.take(1_000, 0.0001, 0);
  assert.equal(bucket.excessMs(0.0001, 0), 2 ** 31 - 1);
});
