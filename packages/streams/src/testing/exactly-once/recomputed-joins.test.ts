/** Joins of every kind against lists of all records, record by record without a broker. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, text, topic } from '@millrace/client';
import fc from 'fast-check';
import { testDriver } from '../../driver/test-driver.ts';
import { joinsOfEveryKind, pairTopic, recomputedJoins, told } from './index.ts';
import { type JoinedRecord, takenByTime } from './recomputed-joins.ts';

const names = { left: 'left', right: 'right', joined: 'joined' };

test('joins of every kind are what lists of all records come to', () => {
  const record = fc.record({
    isLeft: fc.boolean(),
    key: fc.constantFrom('a', 'b'),
    paceMs: fc.nat(20),
    lateMs: fc.nat(90),
  });
  const property = fc.property(fc.array(record, { maxLength: 60 }), (steps) => {
    let time = 1_000;
    const records: JoinedRecord[] = steps.map(({ isLeft, key, paceMs, lateMs }, index) => {
      time += paceMs;
      // None that makes a function throw, for which the driver would: multiples of both numbers that it goes by.
      return { isLeft, key, value: 7 * 23 * index, time: time - lateMs };
    });
    const [left, right] = [records.filter(({ isLeft }) => isLeft), records.filter(({ isLeft }) => !isLeft)];
    const driver = testDriver(joinsOfEveryKind('batch', names));
    for (const { isLeft, key, value, time: timestamp } of takenByTime(left, right)) {
      const source = topic(isLeft ? names.left : names.right, { key: text, value: json<number>() });
      driver.pipe(source, { key, value: value as number, timestamp });
    }
    const found = driver.read(pairTopic(names.joined)).map(({ key, value, timestamp }) => told(key, value, timestamp));
    assert.deepEqual(found.sort(), [...recomputedJoins(left, right).results].sort());
  });
  fc.assert(property, { numRuns: 200 });
});
