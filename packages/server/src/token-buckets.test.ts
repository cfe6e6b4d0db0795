import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBuckets } from './token-buckets.ts';

test('a bucket gives its burst at once, then as many as come back, to each key its own', () => {
  let now = 0;
  const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, () => now);
  assert.deepEqual(
    [1, 2, 3].map(() => buckets.take('a')),
    [0, 0, 0],
  );
  assert.equal(buckets.take('a'), 0.5);
  assert.equal(buckets.take('b'), 0);
  now = 500;
  assert.equal(buckets.take('a'), 0);
  assert.equal(buckets.take('a'), 0.5);
  now = 1_000_000;
  assert.deepEqual(
    [1, 2, 3, 4].map(() => buckets.take('a')),
    [0, 0, 0, 0.5],
  );
});

test('over any time no more is given than burst and rate allow', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(700), { maxLength: 200 }), (pauses) => {
      let now = 0;
      let given = 0;
      const buckets = new TokenBuckets({ perSecond: 5, burst: 4 }, () => now);
      for (const pause of pauses) {
        now += pause;
        if (buckets.take('key') === 0) given++;
        assert.ok(given <= 4 + (now / 1000) * 5 + 1e-6);
      }
    }),
  );
});

test('many keys do not fill the memory', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1 }, () => 0, 10);
  buckets.take('first');
  assert.ok(buckets.take('first') > 0);
  for (let key = 0; key < 10; key++) buckets.take(String(key));
  assert.equal(buckets.take('first'), 0);
});
