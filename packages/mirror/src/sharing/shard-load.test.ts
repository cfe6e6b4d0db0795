import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShardLoad } from './shard-load.ts';

function feed(load: ShardLoad, rates: readonly number[], from = 0, bytes = 0): void {
  let copied = bytes;
  for (const [index, rate] of rates.entries()) {
    load.sample(copied, from + index * 1000);
    copied += rate;
  }
  load.sample(copied, from + rates.length * 1000);
}

test('is unknown until it has been measured for a while', () => {
  const load = new ShardLoad(undefined);
  feed(load, [100, 100]);
  assert.equal(load.bytesPerSecond, undefined);
  feed(load, new Array(10).fill(100), 10_000, 1_000);
  assert.ok(Math.abs((load.bytesPerSecond ?? 0) - 100) < 20);
});

test('comes to the rate there is, whatever an owner before measured', () => {
  const load = new ShardLoad(5_000);
  assert.equal(load.bytesPerSecond, 5_000);
  feed(load, new Array(10).fill(100));
  const early = load.bytesPerSecond ?? 0;
  assert.ok(early < 5_000 && early > 100);
  feed(load, new Array(300).fill(100), 10_000, 1_000);
  assert.ok(Math.abs((load.bytesPerSecond ?? 0) - 100) < 1);
});

test('a short burst counts for little', () => {
  const load = new ShardLoad(undefined);
  feed(load, [...new Array(60).fill(100), 10_000]);
  assert.ok((load.bytesPerSecond ?? 0) < 1_000);
});

test('a count that begins anew is no negative load', () => {
  const load = new ShardLoad(undefined);
  feed(load, new Array(10).fill(100));
  load.sample(0, 11_000);
  load.sample(100, 12_000);
  assert.ok((load.bytesPerSecond ?? -1) > 0);
});
