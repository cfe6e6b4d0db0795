import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MillraceError, nodePlatform, type Platform } from '@millrace/base';
import type { Mirror, MirrorEvent } from '@millrace/mirror';
import { MirrorRun } from './mirror-run.ts';

class Refused extends MillraceError {
  readonly code: string;
  constructor(code: string, hint?: string) {
    super('as rehearsed', { hint });
    this.code = code;
  }
}

/** A platform on which no time passes, and that says how long each wait would be. */
function hurried(): { readonly platform: Platform; readonly waits: number[] } {
  const waits: number[] = [];
  const after: Platform['timers']['after'] = (ms, callback) => {
    waits.push(ms);
    return nodePlatform.timers.after(0, callback);
  };
  return { platform: { ...nodePlatform, timers: { ...nodePlatform.timers, after } }, waits };
}

function worker(topics: () => readonly string[], closed: () => void): Mirror {
  const figures = { recordsCopied: 3, bytesCopied: 30, recordsPerSecond: 1, bytesPerSecond: 10, problems: new Map() };
  const close = async (): Promise<void> => closed();
  return {
    ...{ name: 'm', guarantee: 'exactly-once', partitions: 2, assignedPartitions: 2, close },
    get topics() {
      return topics();
    },
    status: () =>
      [0, 1].map((partition) => ({
        ...{ topic: 't', partition, targetTopic: 't', recordsCopied: 1, bytesCopied: 10 },
        ...{ lag: partition * 5, lagMs: partition * 1_500, recordsReturning: 0, foreignOffsets: 0 },
      })),
    standstills: () => [{ topic: 't', partition: 7, reason: 'too-large', from: 3, to: 4, at: 0 }],
    figures: () => figures,
    syncTopics: async () => undefined,
    syncGroups: async () => [],
    [Symbol.asyncDispose]: close,
  };
}

test('a start that fails is tried again, later each time, and told once', async () => {
  const { platform, waits } = hurried();
  const reports: string[] = [];
  let closed = 0;
  let left = 9;
  const start = async (): Promise<Mirror> => {
    if (left-- > 0) throw new Refused('refused', 'ask somebody');
    return worker(
      () => ['t'],
      () => closed++,
    );
  };
  const run = new MirrorRun({ name: 'm', platform, report: (message) => void reports.push(message), start });
  assert.equal(run.status().state, 'starting');
  await run.changed;
  assert.deepEqual([run.status().state, run.status().problem], ['failing', 'as rehearsed (ask somebody)']);
  await run.changed;
  const { state, problem, figures, partitions } = run.status();
  assert.deepEqual([state, problem], ['running', '1 partition stands still: t [7] (record too large)']);
  assert.deepEqual(
    waits,
    [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000),
  );
  assert.deepEqual(reports, ["mirror m can't be started, trying again: as rehearsed (ask somebody)"]);
  assert.deepEqual([figures?.lagRecords, figures?.lagSeconds, figures?.assigned], [5, 1.5, 2]);
  assert.deepEqual(
    partitions.map(({ partition }) => partition),
    [1, 0],
  );
  await run.close();
  assert.equal(closed, 1);
});

test('a mirror that was failed over is said to be, before it runs and while it does', async () => {
  const { platform } = hurried();
  const reports: string[] = [];
  const report = (message: string): void => void reports.push(message);
  let isOver = true;
  let tell: (event: MirrorEvent) => void = () => undefined;
  let topics = ['t'];
  const start = async (_: AbortSignal, told: (event: MirrorEvent) => void): Promise<Mirror> => {
    tell = told;
    if (isOver) throw new Refused('mirror_failed_over');
    return worker(
      () => topics,
      () => undefined,
    );
  };
  const run = new MirrorRun({ name: 'm', platform, report, start });
  await run.changed;
  assert.equal(run.status().state, 'failed_over');
  isOver = false;
  await run.changed;
  assert.equal(run.status().state, 'running');
  tell({ level: 'warn', event: 'failed_over', message: 'it was failed over' });
  assert.equal(run.status().state, 'running');
  topics = [];
  assert.equal(run.status().state === 'running', false);
  assert.deepEqual([run.status().state, run.status().problem], ['failed_over', 'it was failed over']);
  assert.deepEqual(
    run.status().troubles.map(({ event, topic }) => [event, topic]),
    [['failed_over', null]],
  );
  await run.close();
  assert.deepEqual(reports, []);
});

test('closing ends what is being started', async () => {
  const { platform } = hurried();
  const start = (signal: AbortSignal): Promise<Mirror> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const run = new MirrorRun({ name: 'm', platform, report: assert.fail, start });
  await run.close();
  assert.equal(run.status().figures, null);
});
