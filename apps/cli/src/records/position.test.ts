import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../framework/usage-error.ts';
import { parsePosition } from './position.ts';

test('reads every form', () => {
  assert.deepEqual(parsePosition('earliest'), { kind: 'earliest' });
  assert.deepEqual(parsePosition('beginning'), { kind: 'earliest' });
  assert.deepEqual(parsePosition('latest'), { kind: 'latest' });
  assert.deepEqual(parsePosition('end'), { kind: 'latest' });
  assert.deepEqual(parsePosition('0'), { kind: 'offset', offset: 0 });
  assert.deepEqual(parsePosition('17'), { kind: 'offset', offset: 17 });
  assert.deepEqual(parsePosition('-10'), { kind: 'tail', count: 10 });
  assert.deepEqual(parsePosition('10m', 1_000_000), { kind: 'time', timestamp: 400_000 });
  assert.deepEqual(parsePosition('@5'), { kind: 'time', timestamp: 5 });
});

test('says what there is when the form is none', () => {
  for (const text of ['', 'start', '1.5', '+3', '9007199254740993']) {
    assert.throws(
      () => parsePosition(text),
      (error) => error instanceof UsageError && error.message.includes(`'${text}'`),
    );
  }
});
