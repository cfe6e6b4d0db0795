/**
 * Sliding windows against a plain computation: all sets of records that a span of time holds which begins so much
 * before a record, or right behind one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64, text, topic } from '@millrace/client';
import fc from 'fast-check';
import { sliding, testDriver, topology } from '../index.ts';

const input = topic('input', { key: text, value: int64 });
const output = topic('output', { key: text, value: text });
const difference = 10;
const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

const records = fc.array(
  fc.record({ key: fc.constantFrom('a', 'b'), value: fc.nat(9), time: fc.integer({ min: 20, max: 90 }) }),
  { maxLength: 25 },
);

interface Given {
  readonly key: string;
  readonly value: number;
  readonly time: number;
}

/** `key@start=values` of all windows, values in the order of their times. */
function plainly(given: readonly Given[]): string[] {
  const found = new Set<string>();
  for (const { key, time } of given) {
    for (const start of [time - difference, time + 1]) {
      const inside = given.filter((each) => each.key === key && each.time >= start && each.time <= start + difference);
      const values = inside.toSorted((left, right) => left.time - right.time).map(({ value }) => value);
      if (values.length > 0) found.add(`${key}@${start}=${values.join()}`);
    }
  }
  return [...found].sort();
}

function run(given: readonly Given[], emit: 'change' | 'close', graceMs: number) {
  const job = topology('sliding');
  job
    .source(input)
    .windowedBy(sliding({ differenceMs: difference, graceMs }), { emit })
    .aggregate('windows', { value: text, initial: () => '', add: (text, value) => `${text}${text && ','}${value}` })
    .to(output, { key: (_, { key }) => `${key.key}@${key.start}` });
  const driver = testDriver(job);
  for (const { key, value, time } of given) driver.pipe(input, { key, value, timestamp: time });
  driver.pipe(input, { key: 'end', value: 0, timestamp: 1_000 });
  const results = driver.read(output).filter(({ key }) => !key.startsWith('end'));
  return { results, late: driver.lateCount('windows') };
}

test('each sliding window goes on once when it is closed, whatever order its records came in', () => {
  fc.assert(
    fc.property(records, (given) => {
      const { results } = run(given, 'close', 100);
      assert.deepEqual(results.map(({ key, value }) => `${key}=${value}`).sort(), plainly(given));
    }),
    { numRuns: Math.ceil(200 * scale) },
  );
});

test('the newest change of each sliding window is what the window comes to', () => {
  fc.assert(
    fc.property(records, (given) => {
      const newest = new Map(run(given, 'change', 100).results.map(({ key, value }) => [key, value]));
      assert.deepEqual([...newest].map(([key, value]) => `${key}=${value}`).sort(), plainly(given));
    }),
    { numRuns: Math.ceil(200 * scale) },
  );
});

test('a record whose sliding windows are all closed is late', () => {
  const given = [50, 60, 39, 49, 50].map((time) => ({ key: 'a', value: time, time }));
  assert.equal(run(given, 'close', 0).late, 2);
});
