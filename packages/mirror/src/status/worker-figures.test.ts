import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FigureKeeper } from './worker-figures.ts';

test('throughput follows what is copied, smoothed', () => {
  const keeper = new FigureKeeper();
  keeper.sample(0);
  keeper.copied(100, 5000);
  keeper.sample(1000);
  assert.deepEqual([keeper.figures().recordsPerSecond, keeper.figures().bytesPerSecond], [100, 5000]);
  keeper.sample(2000);
  const { recordsPerSecond } = keeper.figures();
  assert.ok(recordsPerSecond > 50 && recordsPerSecond < 100, `${recordsPerSecond}`);
  for (let at = 3000; at < 200_000; at += 1000) keeper.sample(at);
  assert.ok(keeper.figures().recordsPerSecond < 0.001);
  assert.equal(keeper.figures().recordsCopied, 100);
});

test('a measurement at the same moment changes nothing', () => {
  const keeper = new FigureKeeper();
  keeper.sample(5);
  keeper.copied(1, 1);
  keeper.sample(5);
  assert.equal(keeper.figures().recordsPerSecond, 0);
  keeper.sample(1005);
  assert.equal(keeper.figures().recordsPerSecond, 1);
});

test('trouble is counted by its kind, and what is only told is not', () => {
  const keeper = new FigureKeeper();
  for (const event of ['fetch_failed', 'acls_failed', 'fetch_failed']) keeper.told({ level: 'warn', event });
  keeper.told({ level: 'info', event: 'shard_opened' });
  assert.deepEqual(
    [...keeper.figures().problems],
    [
      ['acls_failed', 1],
      ['fetch_failed', 2],
    ],
  );
});
