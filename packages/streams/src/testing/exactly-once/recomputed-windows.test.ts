/** The batch computation against the topology, record by record without a broker. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64, text, topic } from '@millrace/client';
import fc from 'fast-check';
import { testDriver } from '../../driver/test-driver.ts';
import { type CountedRecord, closingTime, countsAndWindows, recomputedWindows } from './index.ts';

const names = { words: 'words', timed: 'timed', counts: 'counts', windows: 'windows' };
const timed = topic(names.timed, { key: text, value: text });
const windows = topic(names.windows, { key: text, value: int64 });

test('windows of every kind, and what is late for them, are what a list of all records comes to', () => {
  const record = fc.record({ key: fc.constantFrom('a', 'b'), paceMs: fc.nat(20), lateMs: fc.nat(90) });
  const property = fc.property(fc.array(record, { maxLength: 60 }), (steps) => {
    let time = 1_000;
    const records: CountedRecord[] = steps.map(({ key, paceMs, lateMs }) => {
      time += paceMs;
      return { key, timestamp: time - lateMs };
    });
    records.push({ key: 'end', timestamp: closingTime(records) });
    const driver = testDriver(countsAndWindows('batch', names));
    for (const { key, timestamp } of records) driver.pipe(timed, { key, value: '', timestamp });
    const found = driver.read(windows).map(({ key, value }) => `${key} ${value}`);
    assert.deepEqual(found.sort(), recomputedWindows(records));
  });
  fc.assert(property, { numRuns: 300 });
});
