import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../framework/usage-error.ts';
import { parseMoment } from './moment.ts';

test('a time is a date, seconds, or how long ago', () => {
  assert.equal(parseMoment('1700000000.5'), '1700000000.5');
  assert.equal(parseMoment('2023-11-14T22:13:20Z'), '1700000000');
  assert.equal(parseMoment('90m', 1_700_000_000_000), String(1_700_000_000 - 5_400));
  assert.throws(() => parseMoment('yesterday-ish'), UsageError);
});
