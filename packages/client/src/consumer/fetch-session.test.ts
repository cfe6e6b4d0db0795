import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@millrace/wire';
import { FetchSession } from './fetch-session.ts';
import { PartitionState } from './partition-state.ts';

function stateAt(topic: string, partition: number, offset: number): PartitionState {
  const state = new PartitionState(topic, partition, undefined);
  state.setLeader(1, 5);
  state.moveTo(offset, -1);
  return state;
}

/** What a request names: `topic partition@offset`. */
function named(request: ReturnType<FetchSession['request']>): string[] {
  return request.topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map(({ partition, fetchOffset }) => `${topic ?? topicId} ${partition}@${fetchOffset}`),
  );
}

const granted = { errorCode: 0, sessionId: 7 };

test('after a full request only what changed is named, and what left is forgotten', () => {
  const session = new FetchSession();
  const [a, b, c] = [stateAt('a', 0, 1), stateAt('a', 1, 2), stateAt('b', 0, 3)];
  const full = session.request([a, b, c], undefined, 100);
  assert.deepEqual([full.sessionId, full.sessionEpoch], [0, 0]);
  assert.deepEqual(named(full), ['a 0@1', 'a 1@2', 'b 0@3']);
  assert.equal(session.answered(granted), true);
  b.fetchPosition = 20;
  const second = session.request([a, b], undefined, 100);
  assert.deepEqual([second.sessionId, second.sessionEpoch], [7, 1]);
  assert.deepEqual(named(second), ['a 1@20']);
  assert.deepEqual(second.forgottenTopicsData, [{ topic: 'b', partitions: [0] }]);
  session.answered(granted);
  a.setLeader(1, 6);
  const third = session.request([a, b, c], undefined, 100);
  assert.equal(third.sessionEpoch, 2);
  assert.deepEqual(named(third), ['a 0@1', 'b 0@3']);
});

test('an answer is judged by what was asked: a seek in between makes it void', () => {
  const session = new FetchSession();
  const state = stateAt('a', 0, 1);
  session.request([state], undefined, 100);
  assert.equal(session.isAsked(state), true);
  assert.equal(session.askedOf('a', 0)?.seekCount, state.seekCount);
  state.moveTo(50, -1);
  assert.equal(session.isAsked(state), false);
  assert.notEqual(session.askedOf('a', 0)?.seekCount, state.seekCount);
  assert.equal(session.askedOf('a', 1), undefined);
});

test('a session that the broker does not know, or that broke, begins anew with a full request', () => {
  const session = new FetchSession();
  const state = stateAt('a', 0, 1);
  session.request([state], undefined, 100);
  session.answered(granted);
  session.request([state], undefined, 100);
  session.broken();
  const afterBreak = session.request([state], undefined, 100);
  // The old id closes the old session.
  assert.deepEqual([afterBreak.sessionId, afterBreak.sessionEpoch, named(afterBreak)], [7, 0, ['a 0@1']]);
  assert.equal(session.answered({ errorCode: errorCodes.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0 }), false);
  const afterLoss = session.request([state], undefined, 100);
  assert.deepEqual([afterLoss.sessionId, afterLoss.sessionEpoch, named(afterLoss)], [0, 0, ['a 0@1']]);
});

test('a broker that grants no session is asked in full each time', () => {
  const session = new FetchSession();
  const state = stateAt('a', 0, 1);
  for (let round = 0; round < 3; round++) {
    const request = session.request([state], undefined, 100);
    assert.deepEqual([request.sessionId, request.sessionEpoch, named(request)], [0, 0, ['a 0@1']]);
    session.answered({ errorCode: 0, sessionId: 0 });
  }
});

test('topics are named by id when all have one, and the session begins anew when that changes', () => {
  const session = new FetchSession();
  const state = stateAt('a', 0, 1);
  assert.deepEqual(named(session.request([state], new Map([['a', 'id-of-a']]), 100)), ['id-of-a 0@1']);
  session.answered(granted);
  assert.equal(session.askedOf('id-of-a', 0)?.state, state);
  const byName = session.request([state], undefined, 100);
  assert.deepEqual([byName.sessionEpoch, named(byName)], [0, ['a 0@1']]);
});
