import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRow } from './mirror-store.ts';
import { mirrorView } from './mirror-views.ts';

const mirror = { name: 'm', source: 'east', target: 'west', topics: ['orders'] };
const at = new Date('2026-01-01T00:00:00Z');
const figures = {
  ...{ partitions: 4, assigned: 4, stopped: 0, topicCount: 1, lagRecords: 7, lagSeconds: 2 },
  ...{ recordsPerSecond: 10, bytesPerSecond: 1_000, recordsCopied: 70, bytesCopied: 7_000 },
};
const run: RunRow = { name: 'm', process: 'one', state: 'running', problem: null, since: at, at, figures, ageMs: 500 };

test('a mirror is as its process told last', () => {
  const view = mirrorView(mirror, run);
  assert.deepEqual([view.state, view.worker, view.lagRecords, view.prefix], ['running', 'one', 7, '']);
});

test('a mirror of which nobody tells any more waits for somebody to run it', () => {
  const view = mirrorView(mirror, { ...run, ageMs: 42_000 });
  assert.deepEqual(
    [view.state, view.worker, view.problem],
    ['waiting', null, 'one ran it and has not told of it for 42 s'],
  );
  assert.deepEqual([mirrorView(mirror, undefined).state, mirrorView(mirror, undefined).lagRecords], ['waiting', null]);
});

test('a mirror that is declared to be paused is, whatever was told of it', () => {
  const view = mirrorView({ ...mirror, paused: true }, run);
  assert.deepEqual([view.state, view.worker, view.recordsCopied], ['paused', null, null]);
});
