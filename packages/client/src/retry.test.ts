import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import { backoffMs } from './backoff.ts';
import { ConnectionLostError, InvalidOptionError } from './errors.ts';
import { retrying } from './retry.ts';

const backoff = { retryBackoffMs: 5, retryBackoffMaxMs: 20 };

test('pauses double up to their bound, give or take a fifth', () => {
  const middle = { ...nodePlatform.randomness, float: () => 0.5 };
  const pauses = [1, 2, 3, 4, 60].map((attempt) => backoffMs(backoff, attempt, middle));
  assert.deepEqual(pauses, [5, 10, 20, 20, 20]);
  for (let attempt = 1; attempt < 50; attempt++) {
    const pause = backoffMs(backoff, attempt, nodePlatform.randomness);
    assert.ok(pause >= 4 && pause <= 24, `${pause}`);
  }
});

test('what may be repeated is repeated until it succeeds or the time is over', async () => {
  const lost = new ConnectionLostError('b:1', 'it broke');
  let attempts = 0;
  const options = { platform: nodePlatform, backoff, timeoutMs: 1_000 };
  const result = await retrying(options, async () => {
    if (++attempts < 4) throw lost;
    return 'done';
  });
  assert.deepEqual([result, attempts], ['done', 4]);
  const startedAt = performance.now();
  await assert.rejects(
    retrying({ ...options, timeoutMs: 50 }, async (remainingMs) => {
      assert.ok(remainingMs <= 50);
      throw lost;
    }),
    lost,
  );
  assert.ok(performance.now() - startedAt < 10_000);
});

test('an attempt that hangs is given up when the time is over', async () => {
  const options = { platform: nodePlatform, backoff, timeoutMs: 40 };
  await assert.rejects(
    retrying(options, () => new Promise<never>(() => undefined)),
    { code: 'request_timeout', timeoutMs: 40 },
  );
  let attempts = 0;
  const lost = new ConnectionLostError('b:1', 'it broke');
  const failsThenHangs = (): Promise<never> => {
    if (attempts++ === 0) return Promise.reject(lost);
    return new Promise(() => undefined);
  };
  await assert.rejects(retrying(options, failsThenHangs), lost);
});

test('what repeating does not cure is thrown at once', async () => {
  let attempts = 0;
  const wrong = new InvalidOptionError('x', 'is wrong');
  const work = async (): Promise<never> => {
    attempts++;
    throw wrong;
  };
  await assert.rejects(retrying({ platform: nodePlatform, backoff, timeoutMs: 1_000 }, work), wrong);
  assert.equal(attempts, 1);
});

test('an aborted signal ends attempts and pauses with its reason', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const options = { platform: nodePlatform, backoff, timeoutMs: 10_000, signal: controller.signal };
  const hanging = retrying(options, () => new Promise<never>(() => undefined));
  controller.abort(reason);
  await assert.rejects(hanging, reason);
  await assert.rejects(
    retrying(options, async () => assert.fail('nothing is tried after the abort')),
    reason,
  );
});
