import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newInstanceKey } from '@millrace/api/config';
import { nodePlatform, type Platform } from '@millrace/base';
import { ClosedError, InvalidOptionError } from '@millrace/client';
import { targetOf } from './clients/target.ts';
import type { ResilientEvent } from './report.ts';
import { TargetFollower } from './target-follower.ts';
import { answerOf } from './testing/answer-signer.ts';
import { Wanted } from './wanted.ts';

const key = await newInstanceKey();
const targetOn = (name: string) =>
  targetOf([answerOf({ cluster: { name, id: null, generation: 0, rule: 'the test' } })], key);
const { timers } = nodePlatform;
/** Pauses take no time. */
const platform: Platform = {
  ...nodePlatform,
  timers: { ...timers, after: (_ms, callback) => timers.after(0, callback) },
};

test('what is in the way of a target is told once for as long as it is the same', async () => {
  const [east, west] = [await targetOn('east'), await targetOn('west')];
  const events: ResilientEvent[] = [];
  const wanted = new Wanted(west);
  const problems = [
    ...Array.from({ length: 5 }, (_, round) => new InvalidOptionError('x', `is wrong for the ${round}th time`)),
    ...Array.from({ length: 5 }, () => new ClosedError('client')),
  ];
  let present = east;
  const switched = Promise.withResolvers<void>();
  const follower = new TargetFollower({
    ...{ platform, wanted, report: (event: ResilientEvent) => void events.push(event) },
    present: () => present,
    mayGoTo: () => true,
    makeSide: () => ({
      async reach() {
        const problem = problems.shift();
        if (problem !== undefined) throw problem;
      },
      close: async () => undefined,
    }),
    async switchTo() {
      present = west;
      switched.resolve();
      return true;
    },
  });
  await switched.promise;
  await follower.end(new ClosedError('client'));
  assert.deepEqual(
    events.map(({ event, error }) => [event, error?.constructor.name]),
    [
      ['switch_failed', 'InvalidOptionError'],
      ['switch_failed', 'ClosedError'],
    ],
  );
});
