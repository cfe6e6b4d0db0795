import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import { LongTakes } from './long-takes.ts';

test('what takes long is not waited for, shortens the wait at the broker, and is told when it is done', async () => {
  const takes = new LongTakes(nodePlatform);
  const told: string[] = [];
  const long = Promise.withResolvers<void>();
  await takes.settle(long.promise, () => told.push('long'));
  assert.ok(takes.waitMsMax < 60_000);
  assert.equal(told.length, 0);
  const done = Promise.resolve();
  await takes.settle(done, () => told.push('quick'));
  long.resolve();
  await long.promise;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([told, takes.waitMsMax], [['long'], Number.POSITIVE_INFINITY]);
});
