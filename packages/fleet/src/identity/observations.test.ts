import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeptUse, seenUses, type WatchedCluster } from './observations.ts';

const now = new Date('2026-06-01T00:00:00Z');
const daysAgo = (days: number): Date => new Date(now.getTime() - days * 86_400_000);

function kept(given: Partial<KeptUse>): KeptUse {
  const use = { cluster: 'east', topic: 'orders', role: 'consumer', source: 'group_assignment', name: 'orders' };
  return { ...use, first_at: daysAgo(90), last_at: daysAgo(0.5), ...given };
}

function east(...topics: readonly { name: string; days: number; traffic?: number }[]): WatchedCluster {
  const seen = topics.map(({ name, days, traffic }) => {
    const trafficAt = traffic === undefined ? undefined : daysAgo(traffic).getTime();
    return [name, { name, seenSince: daysAgo(days).getTime(), trafficAt }] as const;
  });
  return { name: 'east', topics: new Map(seen) };
}

test('what a name stands for is told by its source', () => {
  const { uses } = seenUses(
    [
      kept({}),
      kept({ role: 'producer', source: 'transactional_id', name: 'orders-1' }),
      kept({ role: 'producer', source: 'authorizer_log', name: 'User:orders.a' }),
      kept({ role: 'producer', source: 'client_report', name: 'orders' }),
    ],
    [],
    now,
  );
  assert.deepEqual(
    uses.map(({ group, transactionalId, principal, application }) => [group, transactionalId, principal, application]),
    [
      ['orders', undefined, undefined, undefined],
      [undefined, 'orders-1', undefined, undefined],
      [undefined, undefined, 'User:orders.a', undefined],
      [undefined, undefined, undefined, 'orders'],
    ],
  );
});

test('consumers are watched since their topics are looked at', () => {
  const topics = [
    { name: 'orders.a', days: 40 },
    { name: 'orders.b', days: 5 },
  ];
  const { watchedSince } = seenUses([], [east(...topics)], now);
  assert.deepEqual(watchedSince('east', 'consumer', 'orders.b'), daysAgo(5));
  assert.deepEqual(watchedSince('east', 'consumer', 'orders.*'), daysAgo(40));
  assert.equal(watchedSince('east', 'consumer', 'other'), undefined);
  assert.equal(watchedSince('west', 'consumer', 'orders.a'), undefined);
});

test('producers are watched where a topic never grew, or a log tells of them still', () => {
  const topics = [
    { name: 'still', days: 40 },
    { name: 'grows', days: 40, traffic: 1 },
  ];
  const without = seenUses([], [east(...topics)], now);
  assert.deepEqual(without.watchedSince('east', 'producer', 'still'), daysAgo(40));
  assert.equal(without.watchedSince('east', 'producer', 'grows'), undefined);
  const log = kept({ role: 'producer', source: 'authorizer_log', name: 'User:a' });
  assert.deepEqual(seenUses([log], [east(...topics)], now).watchedSince('east', 'producer', 'grows'), daysAgo(90));
  const ended = { ...log, last_at: daysAgo(3) };
  assert.equal(seenUses([ended], [east(...topics)], now).watchedSince('east', 'producer', 'grows'), undefined);
});
