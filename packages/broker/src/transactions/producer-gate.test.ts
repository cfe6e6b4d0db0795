import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@millrace/wire';
import type { Partition } from '../topics/partition.ts';
import { ProducerGate } from './producer-gate.ts';

const partition = {} as Partition;
const free = { admit: () => errorCodes.NONE, confirm: () => errorCodes.NONE };

test('a batch that needs not wait does not overtake one that does', async () => {
  const gate = new ProducerGate();
  const { promise, resolve } = Promise.withResolvers<number>();
  const order: string[] = [];
  const first = gate.enter(partition, 1, { ...free, admit: () => promise }, () => order.push('first'));
  const second = gate.enter(partition, 1, free, () => order.push('second'));
  assert.equal(
    gate.enter({} as Partition, 1, free, () => 'elsewhere'),
    'elsewhere',
    'other partitions are free',
  );
  assert.equal(
    gate.enter(partition, 2, free, () => 'another'),
    'another',
    'and other producers',
  );
  resolve(errorCodes.NONE);
  await Promise.all([first, second]);
  assert.deepEqual(order, ['first', 'second']);
  assert.equal(
    gate.enter(partition, 1, free, () => 'at once'),
    'at once',
    'nobody waits any more',
  );
});

test('a batch is asked about again once it has waited', async () => {
  const gate = new ProducerGate();
  const admission = {
    admit: () => Promise.resolve<number>(errorCodes.NONE),
    confirm: () => errorCodes.PRODUCER_FENCED,
  };
  assert.equal(await gate.enter(partition, 1, admission, (errorCode) => errorCode), errorCodes.PRODUCER_FENCED);
});
