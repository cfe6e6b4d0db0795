import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calculation, quantity } from './calculation.ts';
import { quantityText } from './quantity-text.ts';

test('numbers are told in units that people read', () => {
  const text = (value: number, unit: Parameters<typeof quantityText>[0]['unit']): string =>
    quantityText({ value, unit });
  assert.equal(text(0, 'bytes'), '0 B');
  assert.equal(text(1536, 'bytes'), '1.5 KiB');
  assert.equal(text(2 ** 80, 'bytes'), '1,073,741,824 PiB');
  assert.equal(text(2 ** 20, 'bytes/s'), '1 MiB/s');
  assert.equal(text(7 * 86_400, 's'), '7 d');
  assert.equal(text(36_000, 's'), '10 h');
  assert.equal(text(0.012345, 'price/month'), '0.0123/month');
  assert.equal(text(1_234.567, 'records/s'), '1,234.57 records/s');
});

test('a line says what was calculated, of what, and where that is from', () => {
  const calculation = new Calculation();
  const brokers = quantity('brokers', 3, 'brokers', 'measured');
  const rate = quantity('bytes in', 2 ** 20, 'bytes/s', 'requested');
  calculation.product('kept', 'bytes', rate, quantity('retention', 86_400, 's', 'assumed'));
  calculation.least('least', quantity('a', 1, 'times', 'declared'), quantity('b', 2, 'times', 'measured'));
  calculation.quotientRoundedUp(
    'each',
    'partitions',
    quantity('partitions needed', 5, 'partitions', 'requested'),
    brokers,
  );
  assert.deepEqual(
    calculation.lines.map(({ text }) => text),
    [
      'kept: 1 MiB/s bytes in (requested) x 24 h retention (assumed) = 84.38 GiB',
      'least: least of 1 a (declared), 2 b (measured) = 1',
      'each: 5 partitions needed (requested) / 3 brokers (measured), rounded up = 2 partitions',
    ],
  );
});
