import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeliveryLedger } from './delivery-ledger.ts';

function ledgerOf(...handled: string[]): DeliveryLedger {
  const ledger = new DeliveryLedger();
  ledger.acknowledged('t 1 0 0 2 0');
  for (const line of handled) ledger.handled(line);
  return ledger;
}

test('records that are at their offsets, in order and handled have no problems', () => {
  const ledger = ledgerOf('t 0 0 2 5 m1', 't 0 2 3 6 m2');
  assert.deepEqual(ledger.problems('t', [['1-0', '1-1', '1-2']], true), []);
  assert.deepEqual(ledger.sharedPartitions(), []);
});

test('an acknowledged record that is gone is told, and one that nobody handled', () => {
  assert.deepEqual(ledgerOf('t 0 0 1 5 m1').problems('t', [['1-0']], true), [
    '1-1 was acknowledged at t [0] offset 1, where there is nothing',
  ]);
  assert.deepEqual(ledgerOf('t 0 0 1 5 m1').problems('t', [['1-0', '1-1']], true), [
    't: 1 records were handled by nobody',
  ]);
});

test('a record that is there twice is told where writers are idempotent', () => {
  const content = [['1-0', '1-1', '1-1']];
  const ledger = ledgerOf('t 0 0 3 5 m1');
  assert.deepEqual(ledger.problems('t', content, false), []);
  assert.deepEqual(ledger.problems('t', content, true), ['t [0] offset 2: 1-1 comes after 1-1']);
});

test('two members that handle one partition in one generation are told', () => {
  const ledger = ledgerOf('t 0 0 1 5 m1', 't 0 1 2 5 m2');
  assert.deepEqual(ledger.sharedPartitions(), ['t 0 generation 5 was handled by m1 and m2']);
});
