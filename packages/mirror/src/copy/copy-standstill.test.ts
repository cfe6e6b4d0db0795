import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Standstill, StandstillReason } from '../offset-map/standstill.ts';
import { CopyStandstill } from './copy-standstill.ts';

function standstillOf(reason: StandstillReason, at: number, to = 8): Standstill {
  return { reason, from: 7, to, at };
}

test('what the source has in the way ends as it goes on, and what the target has as that does', () => {
  let changes = 0;
  const copy = new CopyStandstill(undefined, () => void changes++);
  copy.sourceGoesOn();
  copy.targetGoesOn();
  assert.equal(changes, 0, 'nothing was in the way');
  copy.begin(standstillOf('too-large', 10));
  copy.targetGoesOn();
  assert.equal(copy.now?.reason, 'too-large', 'what was on its way is stored meanwhile');
  copy.sourceGoesOn();
  assert.deepEqual([copy.now, changes], [undefined, 2]);
  copy.begin(standstillOf('refused', 20));
  copy.sourceGoesOn();
  assert.equal(copy.now?.reason, 'refused', 'more is fetched meanwhile');
  copy.targetGoesOn();
  assert.deepEqual([copy.now, changes], [undefined, 4]);
});

test('what lasts is told anew only where it is about more, and since it began', () => {
  let changes = 0;
  const copy = new CopyStandstill(standstillOf('deleted', 10), () => void changes++);
  copy.begin(standstillOf('deleted', 60));
  assert.equal(changes, 0);
  copy.begin(standstillOf('deleted', 120, 9));
  assert.deepEqual([copy.now, changes], [standstillOf('deleted', 10, 9), 1]);
});
