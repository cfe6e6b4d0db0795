import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MirrorState, TopicState } from '@millrace/mirror';
import { ageText, mirrorView } from './mirror-view.ts';

function topicState(topic: string, copiedUpTo: number, lag: number): TopicState {
  const state = lag === 0 ? 'up to date' : 'behind';
  const lagMs = lag * 100;
  const partition = {
    partition: 0,
    shard: 0,
    worker: 'one',
    copiedUpTo,
    targetOffset: copiedUpTo,
    losses: undefined,
    standstill: undefined,
  } as const;
  return {
    topic,
    targetTopic: topic,
    lag,
    lagMs,
    partitions: [{ ...partition, sourceEnd: copiedUpTo + lag, lag, lagMs, state }],
  };
}

function stateOf(at: number, topics: readonly TopicState[], problems: readonly string[] = []): MirrorState {
  const worker = { worker: 'one', member: 'one-1', clientId: 'millrace-mirror', host: '10.0.0.1' };
  const workers = [{ ...worker, shards: [0], partitions: 1 }];
  const lines = { topics, failovers: ['go back'], losses: ['orders [0]: much'], notes: ['it was hot'], problems };
  return { mirror: 'east', at, shards: 4, guarantee: 'exactly-once', workers, ...lines };
}

const wide = { columns: undefined, partitions: false };

test('the view begins with the sum of it all, and ends with the problems', () => {
  const lines = mirrorView(stateOf(0, [topicState('orders', 10, 42)], ['it rains']), wide);
  assert.equal(lines[0], 'Mirror east: 1 worker, 1 topic (1 partition), 42 records behind, 4.2 s');
  assert.match(lines.join('\n'), /^orders +orders +1 +42 +4\.2 s +behind$/m);
  assert.equal(lines.at(-1), 'problem: it rains');
  assert.ok(lines.includes('failover: go back'));
  assert.ok(lines.includes('lost: orders [0]: much'));
  assert.ok(lines.includes('note: it was hot'));
});

test('what at least once gives up is told behind the sum', () => {
  const state = stateOf(0, [topicState('orders', 10, 0)]);
  assert.doesNotMatch(mirrorView(state, wide).join(), /twice/);
  assert.match(mirrorView({ ...state, guarantee: 'at-least-once' }, wide)[1] ?? '', /there twice/);
});

test('with what was before it tells how quickly it goes', () => {
  const before = stateOf(1000, [topicState('orders', 10, 0)]);
  const lines = mirrorView(stateOf(3000, [topicState('orders', 5010, 0)]), { ...wide, before });
  assert.equal(lines[0], 'Mirror east: 1 worker, 1 topic (1 partition), nothing to copy, 2,500/s');
  assert.match(lines.join('\n'), /PER SECOND/);
});

test('of many topics one that has stopped is shown first, and as such', () => {
  const topics = Array.from({ length: 9 }, (_, index) => topicState(`t${index}`, 0, index));
  const [first, ...others] = topics as [TopicState, ...TopicState[]];
  const stopped = { ...first, partitions: first.partitions.map((each) => ({ ...each, state: 'stopped' as const })) };
  const lines = mirrorView(stateOf(0, [stopped, ...others]), { ...wide, topicsMax: 2 }).join('\n');
  assert.match(lines, /t0 .*stopped\nt8 /);
});

test('of many topics those that are farthest behind are shown', () => {
  const topics = Array.from({ length: 9 }, (_, index) => topicState(`t${index}`, 0, index));
  const lines = mirrorView(stateOf(0, topics), { ...wide, topicsMax: 2 }).join('\n');
  assert.match(lines, /t8[\s\S]*t7[\s\S]*and 7 topics that are less behind/);
  assert.doesNotMatch(lines, /t6/);
});

test('partitions are shown when asked for', () => {
  const lines = mirrorView(stateOf(0, [topicState('orders', 10, 1)]), { ...wide, partitions: true });
  assert.match(lines.join('\n'), /^orders +0 +10 +11 +10 +1 +100 ms +one +behind$/m);
});

test('a time is told in a unit that fits', () => {
  assert.deepEqual([950, 4200, 210_000, 5_400_000, 129_600_000].map(ageText), [
    '950 ms',
    '4.2 s',
    '3.5 min',
    '1.5 h',
    '1.5 d',
  ]);
});
