import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@millrace/wire';
import type { ProducerBatch } from './producer-batch.ts';
import { ProducerStates } from './producer-states.ts';

const outOfOrder = { kind: 'refused', errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };

function batch(baseSequence: number, recordCount = 1, rest: Partial<ProducerBatch> = {}): ProducerBatch {
  return {
    producerId: 1,
    producerEpoch: 0,
    baseSequence,
    recordCount,
    baseOffset: 100 + baseSequence,
    timestamp: 1000,
    isTransactional: false,
    marker: undefined,
    ...rest,
  };
}

function committed(...batches: readonly ProducerBatch[]): ProducerStates {
  const states = new ProducerStates();
  for (const each of batches) states.commit(each);
  return states;
}

test('the next sequence number is taken, an earlier or later one is not', () => {
  const states = committed(batch(0, 3), batch(3, 2));
  assert.deepEqual(states.check(batch(5)), { kind: 'next' });
  for (const baseSequence of [4, 6, 1000]) assert.deepEqual(states.check(batch(baseSequence)), outOfOrder);
});

test('the last five batches are recognised, each only as a whole', () => {
  const states = committed(...[0, 2, 4, 6, 8, 10].map((baseSequence) => batch(baseSequence, 2)));
  for (const baseSequence of [2, 4, 6, 8, 10]) {
    assert.deepEqual(states.check(batch(baseSequence, 2)), { kind: 'duplicate', baseOffset: 100 + baseSequence });
    assert.deepEqual(states.check(batch(baseSequence, 1)), outOfOrder);
  }
  assert.deepEqual(states.check(batch(0, 2)), outOfOrder);
});

test('sequence numbers begin again behind 2^31-1', () => {
  const states = committed(batch(2 ** 31 - 2, 3));
  assert.deepEqual(states.check(batch(1)), { kind: 'next' });
  assert.deepEqual(states.check(batch(2 ** 31 - 2, 3)), { kind: 'duplicate', baseOffset: 100 + 2 ** 31 - 2 });
});

test('a newer epoch begins at 0, and an older one is fenced', () => {
  const states = committed(batch(0, 5, { producerEpoch: 3 }));
  assert.deepEqual(states.check(batch(5, 1, { producerEpoch: 2 })), {
    kind: 'refused',
    errorCode: errorCodes.INVALID_PRODUCER_EPOCH,
  });
  assert.deepEqual(states.check(batch(5, 1, { producerEpoch: 4 })), outOfOrder);
  assert.deepEqual(states.check(batch(0, 1, { producerEpoch: 4 })), { kind: 'next' });
  states.commit(batch(0, 1, { producerEpoch: 4 }));
  assert.deepEqual(
    states.check(batch(0, 5, { producerEpoch: 4 })),
    outOfOrder,
    'batches of the old epoch are forgotten',
  );
});

test('an unknown producer may begin anywhere', () => {
  assert.deepEqual(new ProducerStates().check(batch(77)), { kind: 'next' });
});

test('what is staged counts until it is dropped', () => {
  const states = committed(batch(0, 2));
  states.stage(batch(2, 2));
  assert.deepEqual(states.check(batch(4)), { kind: 'next' });
  assert.deepEqual(states.check(batch(2, 2)), { kind: 'duplicate', baseOffset: 102 });
  states.dropStaged();
  assert.deepEqual(states.check(batch(4)), outOfOrder);
  assert.deepEqual(states.check(batch(2, 2)), { kind: 'next' });
});

test('producers are forgotten after their time, those that failed at once too', () => {
  const states = committed(batch(0), batch(0, 1, { producerId: 2, timestamp: 3000 }));
  states.stage(batch(0, 1, { producerId: 3 }));
  states.dropStaged();
  assert.deepEqual(states.check(batch(1, 1, { producerId: 3 })), outOfOrder);
  states.expire(2000);
  for (const producerId of [1, 3]) assert.deepEqual(states.check(batch(50, 1, { producerId })), { kind: 'next' });
  assert.deepEqual(states.check(batch(50, 1, { producerId: 2 })), outOfOrder);
});

test('a snapshot gives the same answers', () => {
  const states = committed(batch(0, 2), batch(2, 2), batch(7, 1, { producerId: 2 }));
  const again = new ProducerStates();
  again.restore(JSON.parse(JSON.stringify(states.snapshot())));
  for (const each of [batch(0, 2), batch(2, 2), batch(4), batch(5), batch(8, 1, { producerId: 2 })]) {
    assert.deepEqual(again.check(each), states.check(each));
  }
});
