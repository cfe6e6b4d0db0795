import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteLimit } from './byte-limit.ts';

test('whatever the fetches bring, the rate holds over time, but for a burst and the last fetch', () => {
  const rates = fc.integer({ min: 1000, max: 100_000_000 });
  const fetches = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 20_000_000 }), idleMs: fc.nat(3000) }), {
    minLength: 1,
    maxLength: 50,
  });
  fc.assert(
    fc.property(rates, fetches, (rate, steps) => {
      const limit = new ByteLimit(() => rate);
      let now = 0;
      let before = 0;
      for (const { bytes, idleMs } of steps) {
        now += idleMs;
        const pauseMs = limit.pauseMs(now);
        // What was taken before the pause began is within the rate once it has ended.
        now += Math.ceil(pauseMs);
        assert.equal(limit.pauseMs(now), 0);
        assert.ok(before <= (rate * (now + 500)) / 1000 + 1, `${before} bytes after ${now} ms at ${rate}`);
        limit.took(bytes, now);
        before += bytes;
      }
    }),
  );
});

test('what was not used does not add up beyond half a second', () => {
  const limit = new ByteLimit(() => 1_000_000);
  assert.equal(limit.pauseMs(0), 0);
  assert.equal(limit.share(10_000_000, 3_600_000), 500_000);
  limit.took(700_000, 3_600_000);
  assert.ok(limit.pauseMs(3_600_000) >= 200);
  assert.equal(limit.pauseMs(3_600_300), 0);
});

test('a rate that changes holds from then on', () => {
  let rate = 1000;
  const limit = new ByteLimit(() => rate);
  limit.took(10_500, 0);
  assert.ok(limit.pauseMs(0) >= 10_000);
  rate = 100_000;
  assert.ok(limit.pauseMs(0) <= 300);
});
