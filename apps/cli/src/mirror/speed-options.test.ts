import assert from 'node:assert/strict';
import { test } from 'node:test';
import { speedOf, speedOptions } from './speed-options.ts';

function given(limit: readonly string[], first: readonly string[] = []) {
  return speedOf({ limit: speedOptions.limit.value(limit), memory: undefined, first: speedOptions.first.value(first) });
}

test('a limit is a number of bytes with or without a unit', () => {
  for (const [text, bytes] of [
    ['4096', 4096],
    ['10MB', 10_000_000],
    ['512KiB', 524_288],
    ['1.5 GiB', 1_610_612_736],
    ['2kB', 2000],
  ] as const) {
    assert.equal(given([text]).bytesPerSecondMax, bytes, text);
  }
  for (const text of ['0', '', 'much', '10 Mb', '-1MB', '1e3', '5 MB/s']) {
    assert.throws(() => given([text]), { code: 'usage' }, text);
  }
  assert.deepEqual(given([]), { bytesPerSecondMax: undefined, memoryBytesMax: undefined, priority: undefined });
});

test('topics that come first are named, or match a pattern as a whole', () => {
  const { priority } = given([], ['orders,/pay.*/']);
  assert.deepEqual(
    ['orders', 'payments', 'repay', 'orders2'].map((topic) => priority?.(topic)),
    [1, 1, 0, 0],
  );
});
