import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailoverManner, FailoverState } from '../failover/failover-record.ts';
import { type Findings, type FoundPartition, mirrorState } from './mirror-state.ts';

function foundPartition(partition: number, more: Partial<FoundPartition> = {}): FoundPartition {
  const confirmed = { source: 10, target: 8 };
  const base = {
    topic: 'orders',
    partition,
    shard: partition,
    guarantee: 'exactly-once' as const,
    confirmed,
    sourceEnd: 10,
  };
  return { ...base, problem: undefined, uncopiedSince: undefined, ...more };
}

function failover(state: FailoverState, manner: FailoverManner = 'planned'): Partial<Findings> {
  const record = { topic: 'orders', targetTopic: 'east.orders', state, manner, at: 0, points: [] };
  return {
    workers: [],
    failovers: new Map([['orders', { ...record, tails: [], sourceTails: [], isReversed: false }]]),
  };
}

const worker = { worker: 'one', member: 'one-1', clientId: 'millrace-mirror', host: '10.0.0.1', shards: [0, 1] };

function stateOf(more: Partial<Findings>) {
  return mirrorState({
    mirror: 'east',
    now: 100_000,
    shards: 4,
    workers: [worker],
    partitions: [foundPartition(1), foundPartition(0)],
    sourcePartitions: new Map(),
    targetTopicOf: (topic) => `east.${topic}`,
    failovers: new Map(),
    ...more,
  });
}

test('a mirror that has caught up has no problems', () => {
  const { topics, problems, workers } = stateOf({});
  assert.deepEqual(problems, []);
  assert.equal(workers[0]?.partitions, 2);
  const [orders] = topics;
  assert.deepEqual([orders?.targetTopic, orders?.lag, orders?.lagMs], ['east.orders', 0, 0]);
  assert.deepEqual(
    orders?.partitions.map(({ partition, state, worker: owner }) => [partition, state, owner]),
    [
      [0, 'up to date', 'one'],
      [1, 'up to date', 'one'],
    ],
  );
});

test('a mirror promises of all what it promised of each', () => {
  assert.equal(stateOf({}).guarantee, 'exactly-once');
  const partitions = [foundPartition(0), foundPartition(1, { guarantee: 'at-least-once' })];
  assert.equal(stateOf({ partitions }).guarantee, 'at-least-once');
});

test('a topic is as far behind as its partitions together, and as old as its oldest', () => {
  const partitions = [
    foundPartition(0, { sourceEnd: 15, uncopiedSince: 90_000 }),
    foundPartition(1, { sourceEnd: 12, uncopiedSince: 70_000 }),
  ];
  const [orders] = stateOf({ partitions }).topics;
  assert.deepEqual([orders?.lag, orders?.lagMs], [7, 30_000]);
  assert.equal(orders?.partitions[0]?.state, 'behind');
});

test('partitions that stand still are problems by their reason, with what to do', () => {
  const standing = (partition: number, at: number): FoundPartition => {
    return foundPartition(partition, { standstill: { reason: 'too-large', from: 10, to: 11, at } });
  };
  const partitions = [foundPartition(0), standing(1, 2000), standing(2, 1000)];
  const state = stateOf({ partitions, workers: [{ ...worker, shards: [0, 1, 2] }] });
  assert.deepEqual(
    state.topics[0]?.partitions.map((each) => each.state),
    ['up to date', 'stopped', 'stopped'],
  );
  assert.equal(state.problems.length, 1);
  const sentence = 'orders [2], [1] stand still since 1970-01-01T00:00:01.000Z: what lies at source offset 10 of [2]';
  assert.ok(state.problems[0]?.startsWith(sentence), state.problems[0]);
  const orphaned = stateOf({ partitions: [standing(1, 0)], workers: [] });
  assert.equal(orphaned.topics[0]?.partitions[0]?.state, 'no worker');
  assert.equal(orphaned.problems.length, 2, 'also when no worker runs');
  assert.deepEqual(stateOf({ partitions: [standing(0, 0)], ...failover('failed-over') }).problems, []);
});

test('what the source has no more is no problem, and told', () => {
  const partitions = [0, 1].map((partition) => foundPartition(partition, { sourceEnd: undefined, isGone: true }));
  const { problems, notes, topics } = stateOf({ partitions });
  assert.deepEqual(problems, []);
  assert.match(notes.join(), /^the source has no orders any more.*what east\.orders holds stays$/);
  assert.equal(topics[0]?.partitions[0]?.state, 'gone');
});

test('no worker at all is told once, not of each partition', () => {
  const { problems, topics } = stateOf({ workers: [] });
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /no worker runs/);
  assert.equal(topics[0]?.partitions[0]?.state, 'no worker');
});

test('partitions that no worker has are named, a few of them', () => {
  const partitions = Array.from({ length: 9 }, (_, partition) => foundPartition(partition));
  const { problems } = stateOf({ partitions });
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /no worker has orders \[2\], .* and 2 more/);
});

test('while the workers share anew nobody is said to lack one', () => {
  const { problems, topics } = stateOf({ workers: [{ ...worker, shards: undefined }] });
  assert.deepEqual(problems, []);
  assert.equal(topics[0]?.partitions[0]?.state, 'up to date');
});

test('what the source does not tell, and what was never begun, is a problem', () => {
  const partitions = [
    foundPartition(0),
    foundPartition(1, { sourceEnd: undefined, problem: 'there is no such topic' }),
  ];
  const { problems, topics } = stateOf({ partitions, sourcePartitions: new Map([['orders', 3]]) });
  assert.equal(topics[0]?.partitions[1]?.state, 'unknown');
  assert.deepEqual(problems, [
    'orders has 3 partitions, of which 2 were begun',
    'the source does not tell where orders [1] ends: there is no such topic',
  ]);
  assert.match(stateOf({ partitions: [] }).problems[0] ?? '', /nothing was begun/);
});

test('what was failed over needs no worker, and what comes next is told', () => {
  const { failovers, problems, topics } = stateOf(failover('failed-over'));
  assert.deepEqual(problems, []);
  assert.equal(topics[0]?.partitions[0]?.state, 'failed over');
  assert.match(failovers.join(), /^orders were failed over \(1970-.*failback/);
  assert.match(
    stateOf(failover('failing-back')).failovers.join(),
    /copied back by mirror east.back .*fail that one over/,
  );
});

test('a failover that was broken off is a problem, with how it goes on', () => {
  assert.match(stateOf(failover('draining')).problems[0] ?? '', /fenced on the source.*--cancel/);
  assert.match(stateOf(failover('closing')).problems[0] ?? '', /not done .*repeat `millrace mirror failover`$/);
  assert.match(stateOf(failover('closing', 'forced')).problems[0] ?? '', /--forced`$/);
});

test('what was passed over for good is told, and is no problem', () => {
  const range = { from: 2, to: 4, reason: 'deleted', at: 0 } as const;
  const many = [range, { from: 7, to: 8, reason: 'too-large', at: 0 } as const];
  const partitions = [
    foundPartition(0),
    foundPartition(1, { losses: { offsets: 2, ranges: [range] } }),
    foundPartition(2, { losses: { offsets: 9, ranges: many } }),
  ];
  const state = stateOf({ partitions, workers: [{ ...worker, shards: [0, 1, 2] }] });
  assert.deepEqual(state.problems, []);
  const at = '(1970-01-01T00:00:00.000Z)';
  assert.deepEqual(state.losses, [
    `orders [1]: source offsets 2 to 3 were passed over, as the source had deleted them before ${at}`,
    'orders [2]: 9 source offsets were never copied, at last this: source offset 7 was passed over, ' +
      `as the target takes none that large ${at}`,
  ]);
  assert.equal(state.topics[0]?.partitions[1]?.losses?.offsets, 2);
});
