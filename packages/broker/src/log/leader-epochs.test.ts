import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfEpoch, epochAt } from './leader-epochs.ts';

/** Epoch 1 wrote offsets 5 to 9, epoch 4 wrote 10 to 19 over two segments, epoch 6 from 20 on; now is epoch 8. */
const segments = [
  {
    epochs: [
      { epoch: 1, startOffset: 5 },
      { epoch: 4, startOffset: 10 },
    ],
  },
  {
    epochs: [
      { epoch: 4, startOffset: 15 },
      { epoch: 6, startOffset: 20 },
    ],
  },
];

test('an epoch ends where the next one with records begins', () => {
  const end = (epoch: number) => endOfEpoch(segments, 8, 30, epoch);
  assert.deepEqual(end(1), { epoch: 1, endOffset: 10 });
  assert.deepEqual(end(4), { epoch: 4, endOffset: 20 });
  assert.deepEqual(end(6), { epoch: 6, endOffset: 30 });
  assert.deepEqual(end(8), { epoch: 8, endOffset: 30 });
});

test('an epoch without records is answered by the one before it', () => {
  assert.deepEqual(endOfEpoch(segments, 8, 30, 3), { epoch: 1, endOffset: 10 });
  assert.deepEqual(endOfEpoch(segments, 8, 30, 7), { epoch: 6, endOffset: 30 });
});

test('an epoch before all that are known ends where they begin, and one of the future is unknown', () => {
  assert.deepEqual(endOfEpoch(segments, 8, 30, 0), { epoch: 0, endOffset: 5 });
  assert.equal(endOfEpoch(segments, 8, 30, 9), undefined);
  assert.equal(endOfEpoch(segments, 8, 30, -1), undefined);
});

test('a record is of the epoch that began last before it', () => {
  assert.deepEqual(
    [5, 9, 10, 15, 19, 20, 29].map((offset) => epochAt(segments, 8, offset)),
    [1, 1, 4, 4, 4, 6, 6],
  );
  assert.equal(epochAt([], 8, 0), 8);
});
