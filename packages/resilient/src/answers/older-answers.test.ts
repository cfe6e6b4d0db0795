import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '@millrace/base';
import type { ResilientEvent } from '../report.ts';
import { OlderAnswers } from './older-answers.ts';

function setUp() {
  const events: ResilientEvent[] = [];
  const elapsed: (() => void)[] = [];
  const timers: typeof nodePlatform.timers = {
    ...nodePlatform.timers,
    after: (_ms, callback) => {
      const timer = { cancel: () => void elapsed.splice(elapsed.indexOf(callback), 1), unref: () => timer };
      elapsed.push(callback);
      return timer;
    },
  };
  const older = new OlderAnswers({ platform: { timers }, report: (event) => events.push(event) });
  const waitLong = (): void => {
    for (const callback of elapsed.splice(0)) callback();
  };
  return { older, events, waitLong };
}

test('a service that stays behind what was seen is told of once, with what to do', () => {
  const { older, events, waitLong } = setUp();
  older.passedOver('producer:a', 'http://one', 'version 5, and 9 was seen');
  older.passedOver('producer:b', 'http://one', 'version 5, and 9 was seen');
  waitLong();
  older.passedOver('producer:a', 'http://one', 'version 6, and 9 was seen');
  waitLong();
  assert.deepEqual(
    events.map(({ event }) => event),
    ['config_older'],
  );
  assert.match(events[0]?.message ?? '', /version 5, and 9 was seen, and 1 like it.*rotate-keys --after-restore/);
  assert.equal(older.count, 3);
});

test('one that catches up is not told of, and another time is', () => {
  const { older, events, waitLong } = setUp();
  older.passedOver('producer:a', 'http://one', 'older');
  older.over('producer:b');
  older.over('producer:a');
  waitLong();
  assert.equal(events.length, 0);
  older.passedOver('producer:a', 'http://one', 'older');
  waitLong();
  assert.equal(events.length, 1);
});
