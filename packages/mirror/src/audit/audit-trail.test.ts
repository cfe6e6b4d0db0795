import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Losses } from '../offset-map/losses.ts';
import { type AuditedCopy, AuditTrail } from './audit-trail.ts';

interface Copy extends AuditedCopy {
  losses?: Losses;
  confirmed: { source: number; target: number };
  recordsReturning: number;
}

function copyAt(source: number, target: number): Copy {
  const began = { source, target };
  const place = { topic: 'orders', partition: 2, target: { topic: 'copy.orders' } };
  return { ...place, began, confirmed: began, recordsReturning: 0 };
}

const names = { mirror: 'east', worker: 'one' };

test('what was stored is summed up by range, and the next range begins where that ends', () => {
  const trail = new AuditTrail(names);
  const copy = copyAt(100, 40);
  trail.stored(copy, { records: 10, bytes: 500, firstTime: 1000, newestTime: 1900 });
  trail.stored(copy, { records: 5, bytes: 200, firstTime: 900, newestTime: 1800 });
  copy.confirmed = { source: 118, target: 55 };
  assert.deepEqual(trail.take([copy], 7000), [
    {
      version: 1,
      ...names,
      topic: 'orders',
      partition: 2,
      targetTopic: 'copy.orders',
      source: { from: 100, to: 118 },
      target: { from: 40, to: 55 },
      records: 15,
      batches: 2,
      bytes: 700,
      skipped: 3,
      returning: 0,
      lost: [],
      firstTime: 900,
      newestTime: 1900,
      at: 7000,
    },
  ]);
  assert.deepEqual(trail.take([copy], 8000), []);
  trail.stored(copy, { records: 1, bytes: 70, firstTime: 2000, newestTime: 2000 });
  copy.confirmed = { source: 119, target: 56 };
  const [next] = trail.take([copy], 9000);
  assert.deepEqual(
    [next?.source, next?.target, next?.records, next?.skipped],
    [{ from: 118, to: 119 }, { from: 55, to: 56 }, 1, 0],
  );
});

test('what was only passed over is told too', () => {
  const trail = new AuditTrail(names);
  const copy = copyAt(0, 0);
  copy.confirmed = { source: 4, target: 0 };
  const [record] = trail.take([copy], 1);
  assert.deepEqual([record?.records, record?.skipped, record?.firstTime, record?.newestTime], [0, 4, null, null]);
});

test('what was left out for where it came from is told once, with the range in which it lies', () => {
  const trail = new AuditTrail(names);
  const copy = copyAt(0, 0);
  copy.confirmed = { source: 4, target: 0 };
  copy.recordsReturning = 6;
  const [first] = trail.take([copy], 1);
  copy.confirmed = { source: 10, target: 0 };
  const [next] = trail.take([copy], 2);
  assert.deepEqual([first?.skipped, first?.returning, next?.skipped, next?.returning], [4, 4, 6, 2]);
});

test('what is lost is told with the range in which it lies', () => {
  const trail = new AuditTrail(names);
  const copy = copyAt(10, 0);
  const why = { reason: 'deleted', at: 5 } as const;
  const ranges = [
    { from: 2, to: 4, ...why },
    { from: 12, to: 20, ...why },
  ];
  copy.losses = { offsets: 10, ranges };
  copy.confirmed = { source: 15, target: 2 };
  const [first] = trail.take([copy], 1);
  copy.confirmed = { source: 30, target: 12 };
  const [next] = trail.take([copy], 2);
  assert.deepEqual([first?.lost, next?.lost], [[{ from: 12, to: 15, ...why }], [{ from: 15, to: 20, ...why }]]);
});

test('a partition that was given up is told once more, from where it was told before', () => {
  const trail = new AuditTrail(names);
  const copy = copyAt(0, 0);
  trail.stored(copy, { records: 1, bytes: 70, firstTime: -1, newestTime: -1 });
  copy.confirmed = { source: 1, target: 1 };
  assert.equal(trail.take([], 1).length, 1);
  trail.stored(copy, { records: 2, bytes: 70, firstTime: -1, newestTime: -1 });
  copy.confirmed = { source: 3, target: 3 };
  const [late, ...others] = trail.take([], 2);
  assert.deepEqual([late?.source, late?.firstTime, others], [{ from: 1, to: 3 }, null, []]);
});
