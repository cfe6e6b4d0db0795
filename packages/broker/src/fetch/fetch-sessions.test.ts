import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import { ManualPlatform } from '../testing/manual-platform.ts';
import { type FetchSession, FetchSessions, type FetchTarget } from './fetch-sessions.ts';

const slots = 1000;

function targets(topic: string, count: number): FetchTarget[] {
  const rest = { topicId: '', fetchOffset: 0, bytesMax: 1, leaderEpoch: -1, lastFetchedEpoch: -1 };
  return Array.from({ length: count }, (_, partition) => ({ topic, partition, ...rest }));
}

function begin(sessions: FetchSessions, asked: readonly FetchTarget[]): FetchSession {
  const session = sessions.resolve({ sessionId: 0, sessionEpoch: 0, targets: asked, forgotten: [] });
  assert.ok(typeof session !== 'number');
  return session;
}

test('sessions remember a bounded number of partitions, and who finds no room is served without one', () => {
  const { clock } = new ManualPlatform();
  const sessions = new FetchSessions(clock, nodePlatform.randomness, slots);
  const large = begin(sessions, targets('absent', 400_000));
  assert.notEqual(large.id, 0);
  const second = begin(sessions, targets('absent', 400_000));
  assert.equal(second.id, 0);
  assert.equal(second.partitions.size, 400_000);
  const small = begin(sessions, targets('small', 10));
  assert.notEqual(small.id, 0);
  const grown = sessions.resolve({
    sessionId: small.id,
    sessionEpoch: 1,
    targets: targets('more', 200_000),
    forgotten: [],
  });
  assert.equal(grown, errorCodes.FETCH_SESSION_ID_NOT_FOUND);
  sessions.forget(large.id);
  assert.notEqual(begin(sessions, targets('absent', 500_000)).id, 0);
});

test('a session that nobody used for two minutes gives way', async () => {
  const platform = new ManualPlatform();
  const sessions = new FetchSessions(platform.clock, nodePlatform.randomness, slots);
  const idle = begin(sessions, targets('absent', 400_000));
  await platform.pass(120_000);
  assert.notEqual(begin(sessions, targets('absent', 400_000)).id, 0);
  const gone = sessions.resolve({ sessionId: idle.id, sessionEpoch: 1, targets: [], forgotten: [] });
  assert.equal(gone, errorCodes.FETCH_SESSION_ID_NOT_FOUND);
});
