import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onceATurn } from './once-a-turn.ts';

test('what is asked for often in a turn is done once, and again when it is asked for later', async () => {
  let done = 0;
  const ask = onceATurn(() => {
    done += 1;
    if (done === 1) ask();
  });
  for (let index = 0; index < 5; index++) ask();
  assert.equal(done, 0, 'not before the turn ends');
  await Promise.resolve();
  assert.equal(done, 1);
  await Promise.resolve();
  assert.equal(done, 2, 'the work itself may ask again');
});
