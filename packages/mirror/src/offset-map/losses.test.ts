import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Losses, type LostRange, lossesBefore, lostRangesMax, withLoss } from './losses.ts';

function lost(from: number, to: number, more: Partial<LostRange> = {}): LostRange {
  return { from, to, reason: 'deleted', at: 7, ...more };
}

test('what follows on for the same reason is one range', () => {
  const first = withLoss(undefined, lost(2, 4));
  assert.deepEqual(withLoss(first, lost(4, 5, { at: 9 })), { offsets: 3, ranges: [lost(2, 5, { at: 9 })] });
  const large = lost(4, 5, { reason: 'too-large' });
  assert.deepEqual(withLoss(first, large), { offsets: 3, ranges: [lost(2, 4), large] });
});

test('who goes back has lost only what lies before', () => {
  const losses = withLoss(withLoss(undefined, lost(10, 20)), lost(40, 50));
  assert.deepEqual(lossesBefore(losses, 50), losses);
  assert.deepEqual(lossesBefore(losses, 45), { offsets: 15, ranges: [lost(10, 20), lost(40, 45)] });
  assert.deepEqual(lossesBefore(losses, 20), { offsets: 10, ranges: [lost(10, 20)] });
  assert.equal(lossesBefore(losses, 10), undefined);
  assert.equal(lossesBefore(undefined, 10), undefined);
});

test('of many ranges the newest are named, and all are counted', () => {
  let losses: Losses | undefined;
  for (let index = 0; index < 100; index++) losses = withLoss(losses, lost(10 * index, 10 * index + 2));
  assert.equal(losses?.offsets, 200);
  assert.equal(losses?.ranges.length, lostRangesMax);
  assert.equal(losses?.ranges.at(-1)?.from, 990);
  assert.equal(lossesBefore(losses, 990)?.offsets, 198);
});
