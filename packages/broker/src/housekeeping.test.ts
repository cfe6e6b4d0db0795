import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep, systemTimers } from '@millrace/base';
import { Housekeeping } from './housekeeping.ts';

function housekeeping(reports: string[] = []): Housekeeping {
  return new Housekeeping({ timers: systemTimers, report: ({ message }) => void reports.push(message) });
}

test('work that fails is reported and done again', async () => {
  const reports: string[] = [];
  const jobs = housekeeping(reports);
  const { promise, resolve } = Promise.withResolvers<void>();
  let rounds = 0;
  jobs.every(1, () => {
    rounds += 1;
    if (rounds < 3) throw new Error(`round ${rounds}`);
    resolve();
  });
  const keepAlive = setInterval(() => undefined, 1000);
  await promise;
  clearInterval(keepAlive);
  await jobs.stop();
  assert.deepEqual(reports, ['housekeeping failed: round 1', 'housekeeping failed: round 2']);
});

test('stopping waits for what is under way and begins nothing more', async () => {
  const jobs = housekeeping();
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let rounds = 0;
  jobs.every(1, () => {
    rounds += 1;
    begun.resolve();
    return gate.promise;
  });
  const keepAlive = setInterval(() => undefined, 1000);
  await begun.promise;
  let stopped = false;
  const stopping = jobs.stop().then(() => {
    stopped = true;
  });
  await sleep(systemTimers, 10);
  assert.deepEqual([stopped, jobs.stopped], [false, true]);
  gate.resolve();
  await stopping;
  await sleep(systemTimers, 10);
  clearInterval(keepAlive);
  assert.equal(rounds, 1);
});

test('an interval longer than a timer can wait is not a short one', async () => {
  const delays: number[] = [];
  const timer = { cancel: () => undefined, unref: () => timer };
  const after = (delayMs: number) => {
    delays.push(delayMs);
    return timer;
  };
  const jobs = new Housekeeping({ timers: { after, soon: setImmediate }, report: () => undefined });
  jobs.every(2 ** 62, () => undefined);
  assert.deepEqual(delays, [2 ** 31 - 1]);
});
