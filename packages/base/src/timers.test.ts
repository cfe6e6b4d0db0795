import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { sleep, systemTimers } from './timers.ts';

test('a sleep lasts at least as long as it was asked to', async () => {
  const began = systemClock.monotonic();
  await sleep(systemTimers, 20);
  assert.ok(systemClock.monotonic() - began >= 19);
});

test('a sleep ends at once with the reason of an abort', async () => {
  const controller = new AbortController();
  const began = systemClock.monotonic();
  const sleeping = sleep(systemTimers, 60_000, controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(sleeping, /enough/);
  await assert.rejects(sleep(systemTimers, 60_000, controller.signal), /enough/);
  assert.ok(systemClock.monotonic() - began < 10_000);
});

test('a sleep leaves no listener behind', async () => {
  const { signal } = new AbortController();
  let listening = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...given: Parameters<typeof add>): void => {
    listening += 1;
    add(...given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>): void => {
    listening -= 1;
    remove(...given);
  };
  await sleep(systemTimers, 1, signal);
  assert.equal(listening, 0);
});

test('a cancelled timer never calls', async () => {
  let called = false;
  const timer = systemTimers.after(1, () => {
    called = true;
  });
  timer.cancel();
  timer.cancel();
  await sleep(systemTimers, 20);
  assert.equal(called, false);
});

test('what comes soon comes after the present turn and before a delay', async () => {
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  systemTimers.after(20, () => {
    order.push('delayed');
    resolve();
  });
  systemTimers.soon(() => order.push('soon'));
  order.push('now');
  await promise;
  assert.deepEqual(order, ['now', 'soon', 'delayed']);
});
