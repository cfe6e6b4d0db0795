import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promiseOf, promiseOptions } from './promise-options.ts';

/** The values of the options where these are given. */
function valuesOf(given: Readonly<Record<string, string>>): Parameters<typeof promiseOf>[0] {
  const entries = Object.entries(promiseOptions).map(([key, option]) => {
    const text = given[key];
    return [key, option.value(text === undefined ? [] : [text])];
  });
  return Object.fromEntries(entries) as Parameters<typeof promiseOf>[0];
}

test('without a word each record is copied exactly once, and only what is gone is passed over', () => {
  assert.deepEqual(promiseOf(valuesOf({})), {
    guarantee: 'exactly-once',
    lostRecords: 'continue',
    largeRecords: 'stop',
    invalidTimes: 'stop',
    recreatedTopics: 'stop',
    truncatedTarget: 'stop',
  });
});

test('each policy has a word for the other way', () => {
  const given = {
    lostRecords: 'stop',
    largeRecords: 'skip',
    invalidTimes: 'skip',
    recreatedTopics: 'continue',
    truncatedTarget: 'continue',
  };
  assert.deepEqual(promiseOf(valuesOf({ ...given, atLeastOnce: '' })), { ...given, guarantee: 'at-least-once' });
});

test('a word that a policy does not have is refused with those that it has', () => {
  assert.throws(() => valuesOf({ lostRecords: 'skip' }), /'skip' is none of continue, stop/);
});
