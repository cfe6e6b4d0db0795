import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLogOf } from './source-divergence.ts';
import { SourceEpochs } from './source-epochs.ts';

test('epochs of a chunk that lie before what is taken of it are not noted again', () => {
  const epochs = new SourceEpochs(
    [
      { epoch: 1, start: 0 },
      { epoch: 2, start: 40 },
    ],
    45,
  );
  const chunk = [
    { epoch: 1, start: 30 },
    { epoch: 2, start: 40 },
    { epoch: 4, start: 60 },
  ];
  assert.ok(epochs.add(chunk, 45, 70));
  assert.deepEqual(epochs.known, [
    { epoch: 1, start: 0 },
    { epoch: 2, start: 40 },
    { epoch: 4, start: 60 },
  ]);
  assert.ok(!epochs.add([{ epoch: 4, start: 60 }], 70, 80));
});

test('a leader has what was read if it knows the epoch, and that reaches there', () => {
  assert.ok(isLogOf({ epoch: 3, endOffset: 100 }, 3, 100));
  assert.ok(!isLogOf({ epoch: 3, endOffset: 99 }, 3, 100), 'the epoch ended earlier');
  assert.ok(!isLogOf({ epoch: 2, endOffset: 200 }, 3, 100), 'the epoch is not there, and what is there is older');
  assert.ok(!isLogOf(undefined, 3, 100));
});
