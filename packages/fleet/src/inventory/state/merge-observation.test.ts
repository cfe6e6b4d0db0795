import assert from 'node:assert/strict';
import { test } from 'node:test';
import { group, type LookPlan, observation, wallOffsetMs } from '../testing/observations.ts';
import { changesBetween } from './changes.ts';
import { type KnownCluster, unknownCluster, unreached } from './known-cluster.ts';
import { mergeObservation } from './merge-observation.ts';

function looks(...plans: readonly LookPlan[]): KnownCluster {
  return plans.reduce((known, plan) => mergeObservation(known, observation(plan)), unknownCluster('east'));
}

test('rates are reckoned from the ends of logs and the bytes of leaders', () => {
  const first = { at: 0, topics: { t: { ends: [10, 20], bytes: { stored: 3_000, leaders: 1_000 } } } };
  const second = { at: 2_000, topics: { t: { ends: [14, 30], bytes: { stored: 9_000, leaders: 3_000 } } } };
  assert.equal(looks(first).observed.topics.get('t')?.recordsPerSecond, undefined);
  const topic = looks(first, second).observed.topics.get('t');
  assert.deepEqual(
    [topic?.recordsPerSecond, topic?.bytesPerSecond, topic?.storedBytes, topic?.trafficAt, topic?.seenSince],
    [7, 1_000, 9_000, 2_000 + wallOffsetMs, wallOffsetMs],
  );
});

test('looks that follow each other at once are reckoned together', () => {
  const plans = [0, 300, 600, 900, 1_200].map((at) => ({ at, topics: { t: { ends: [at / 100] } } }));
  assert.equal(looks(...plans.slice(0, 4)).observed.topics.get('t')?.recordsPerSecond, undefined);
  assert.equal(looks(...plans).observed.topics.get('t')?.recordsPerSecond, 10);
});

test('what a silent broker said before stays, and what others say of its topics too', () => {
  const bytes = { stored: 100, leaders: 50 };
  const groups = [group('g', { t: [5] }, { t: [0] })];
  const first = { at: 0, topics: { t: { ends: [10], bytes }, u: { ends: [1], bytes, replicas: [3] } }, groups };
  const half = { stored: 40, leaders: 0 };
  const topics = { t: { ends: [-1], bytes: half }, u: { ends: [2], bytes: { stored: 7, leaders: 7 }, replicas: [3] } };
  const { observed } = looks(first, { at: 2_000, topics, silent: [1] });
  const [t, u] = [observed.topics.get('t'), observed.topics.get('u')];
  assert.deepEqual([t?.endOffsets, t?.storedBytes, u?.endOffsets, u?.storedBytes], [[10], 100, [2], 7]);
  assert.deepEqual([observed.groups.get('g')?.lag, observed.brokers[0]?.problem], [5, 'it is silent']);
  assert.deepEqual(
    [observed.brokers[0]?.logBytes, observed.brokers[0]?.leads, observed.brokers[1]?.replicas],
    [1, 1, 1],
  );
});

test('a topic that was made again has no past', () => {
  const first = { at: 0, topics: { t: { ends: [100], configs: { 'retention.ms': '1' } } } };
  const known = looks(first, { at: 2_000, topics: { t: { ends: [100] } } });
  const again = mergeObservation(known, observation({ at: 4_000, topics: { t: { ends: [3], id: 'another' } } }));
  const topic = again.observed.topics.get('t');
  assert.deepEqual(
    [topic?.recordsPerSecond, topic?.trafficAt, topic?.seenSince, topic?.configs],
    [undefined, undefined, 4_000 + wallOffsetMs, {}],
  );
  assert.deepEqual(
    changesBetween(known.observed, again.observed).map(({ what, from, to }) => [what, from, to]),
    [
      ['gone', { topicId: 'id-t' }, undefined],
      ['appeared', undefined, { partitions: 1, replicas: 2 }],
    ],
  );
});

test('a topic is read while a group has it, or commits farther', () => {
  const topics = { a: { ends: [9] }, b: { ends: [9] }, c: { ends: [9] } };
  const first = { at: 0, topics, groups: [group('g', { a: [1], b: [1], c: [1] })] };
  const { observed } = looks(first, {
    at: 1_000,
    topics,
    groups: [group('g', { a: [1], b: [2], c: [1] }, { c: [0] })],
  });
  const at = ['a', 'b', 'c'].map((name) => observed.topics.get(name)?.consumedAt);
  assert.deepEqual(at, [undefined, 1_000 + wallOffsetMs, 1_000 + wallOffsetMs]);
  assert.equal(observed.groups.get('g')?.lag, 8 + 7 + 8);
});

test('of a change what was and what is are told, and what is as before is not', () => {
  const before = looks({ at: 0, topics: { t: { ends: [1], configs: { a: '1', b: '2' } }, gone: { ends: [1] } } });
  const t = { ends: [1, 0], configs: { a: '1', b: '3', c: '4' }, replicas: [2, 3], inSync: [2] };
  const after = mergeObservation(before, observation({ at: 1_000, topics: { t } }));
  const found = changesBetween(before.observed, after.observed).map(({ name, field, from, to }) => [
    name,
    field,
    from,
    to,
  ]);
  assert.deepEqual(found, [
    ['t', 'partitions', 1, 2],
    ['t', 'underReplicated', 0, 2],
    ['t', 'assignment', { 0: [1, 2] }, { 0: [2, 3] }],
    ['t', 'configs.b', '2', '3'],
    ['t', 'configs.c', null, '4'],
    ['gone', undefined, { partitions: 1 }, undefined],
  ]);
  assert.deepEqual(changesBetween(after.observed, after.observed), []);
});

test('a cluster that can not be reached keeps what is known of it', () => {
  const known = looks({ at: 0, topics: { t: { ends: [1] } } });
  const away = unreached(known, 'nobody answers');
  assert.deepEqual(
    [away.observed.stale, away.observed.problem, away.observed.topics.size],
    [true, 'nobody answers', 1],
  );
  assert.deepEqual(
    changesBetween(known.observed, away.observed).map(({ field, to }) => [field, to]),
    [['reachable', false]],
  );
  const back = mergeObservation(away, observation({ at: 9_000, topics: { t: { ends: [50] } } }));
  assert.deepEqual([back.observed.stale, back.observed.problem], [false, undefined]);
  // What grew meanwhile did so at no known rate.
  assert.equal(back.observed.topics.get('t')?.recordsPerSecond, undefined);
});

test('producers are named by the transactional ids of their numbers, the latest first', () => {
  const topics = { t: { ends: [1] } };
  const seen = (producerId: number, wroteAt: number) => ({ topic: 't', producerId, wroteAt });
  const more = {
    producers: [seen(1, wallOffsetMs - 5), seen(2, wallOffsetMs - 1)],
    transactionalIds: new Map([[1, 'pay']]),
  };
  const first = looks({ at: 0, topics, more });
  assert.deepEqual(first.observed.producers.get('t'), [
    { producerId: 2, wroteAt: wallOffsetMs - 1 },
    { producerId: 1, wroteAt: wallOffsetMs - 5, transactionalId: 'pay' },
  ]);
  const later = mergeObservation(first, observation({ at: 24 * 3_600_000, topics }));
  assert.deepEqual([...later.observed.producers], []);
});
