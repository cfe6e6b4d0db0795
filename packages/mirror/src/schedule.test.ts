import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MillraceError, systemTimers } from '@millrace/base';
import { Schedule } from './schedule.ts';

class OutOfOrderError extends MillraceError {
  readonly code = 'out_of_order';
}

function scheduleOf<Result>(work: (signal: AbortSignal) => Promise<Result>, pauseMs = 60_000) {
  const failures: Error[] = [];
  const schedule = new Schedule({ timers: systemTimers, pauseMs, work, failed: (error) => void failures.push(error) });
  return { schedule, failures };
}

test('what is asked for while it is under way is done after that, one at a time', async () => {
  let underWay = 0;
  let times = 0;
  const { schedule } = scheduleOf(async () => {
    underWay += 1;
    assert.equal(underWay, 1);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    return ++times;
  });
  assert.deepEqual(await Promise.all([schedule.now(), schedule.now(), schedule.now()]), [1, 2, 3]);
  await schedule.close();
});

test('a failure is told, and the next time comes all the same', async () => {
  let times = 0;
  const third = Promise.withResolvers<void>();
  const { schedule, failures } = scheduleOf(async () => {
    times += 1;
    if (times < 3) throw new OutOfOrderError(`time ${times}`);
    third.resolve();
  }, 1);
  schedule.start();
  await third.promise;
  assert.deepEqual(
    failures.map(({ message }) => message),
    ['time 1', 'time 2'],
  );
  await schedule.close();
});

test('who asks hears of the failure', async () => {
  const { schedule, failures } = scheduleOf(() => Promise.reject(new OutOfOrderError('no')));
  await assert.rejects(schedule.now(), { code: 'out_of_order' });
  assert.deepEqual(failures, []);
  await schedule.close();
});

test('closing ends what is under way, and nothing begins any more', async () => {
  let times = 0;
  const { schedule, failures } = scheduleOf(async (signal) => {
    times += 1;
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }, 0);
  schedule.soon();
  await new Promise((resolve) => setImmediate(resolve));
  await schedule.close();
  await assert.rejects(schedule.now());
  schedule.start();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(times, 1);
  assert.deepEqual(failures, []);
});

test('what was left undone is tried again before the pause is over', async () => {
  let times = 0;
  const again = Promise.withResolvers<void>();
  const schedule = new Schedule({
    timers: systemTimers,
    pauseMs: 600_000,
    isIncomplete: () => times < 2,
    work: async () => {
      times += 1;
      if (times === 2) again.resolve();
    },
    failed: (error) => assert.fail(error),
  });
  schedule.soon();
  await again.promise;
  await schedule.close();
});
