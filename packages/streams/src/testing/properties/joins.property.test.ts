/**
 * Joins against lists of all that they were given, record by record, for random orders, commits, deaths and sizes of
 * cache: two streams (inner, left, outer), a stream and a table, two tables (inner, left, outer).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, nullable, text, topic } from '@millrace/client';
import fc from 'fast-check';
import { type Topology, topology } from '../../topology/topology.ts';
import { tumbling } from '../../topology/windows.ts';
import {
  type JoinedRecord,
  type JoinStep,
  type Pair,
  recomputedLookUps,
  recomputedStreamJoin,
  recomputedTableJoin,
  told,
} from '../exactly-once/recomputed-joins.ts';
import { arbitrarySteps, cacheSizes, numRuns } from './arbitrary-steps.ts';
import { runSteps, type Step } from './task-rig.ts';

const left = topic('left', { key: text, value: json<number>() });
const right = topic('right', { key: text, value: json<number>() });
const pairs = topic('pairs', { key: text, value: json<Pair>() });
const pairOf = (one: number | undefined, other: number | undefined): Pair => [one ?? null, other ?? null];

/** What goes on because of one step, as text in its order, and how many records were late. */
interface Expected {
  readonly outputs: string[];
  readonly lateCount: number;
}

const streamSteps = arbitrarySteps({ topics: ['left', 'right'], jitterMs: 40, paceMs: 10 });

for (const kind of ['join', 'leftJoin', 'outerJoin'] as const) {
  test(`${kind} of two streams has the pairs that lists of all records have, and the unmet when none can come`, () => {
    const reach = fc.record({ beforeMs: fc.nat(15), afterMs: fc.nat(15), graceMs: fc.nat(20) });
    const property = fc.property(streamSteps, reach, cacheSizes, (steps, { graceMs, ...within }, cache) => {
      const job = topology('streams');
      const options = { name: 'pairs', within, graceMs, with: pairOf };
      const [one, other] = [job.source(left), job.source(right)];
      const joined = {
        join: () => one.join(other, options),
        leftJoin: () => one.leftJoin(other, options),
        outerJoin: () => one.outerJoin(other, options),
      }[kind]();
      joined.to(pairs);
      compare(
        job,
        steps,
        cache,
        expectedOf(steps, (records) => recomputedStreamJoin(kind, records, { ...within, graceMs })),
      );
    });
    fc.assert(property, { numRuns });
  });
}

const inOrder = arbitrarySteps({ topics: ['left', 'right'], jitterMs: 0, paceMs: 10 });

test('a join behind closed windows has all pairs, and calls nobody unmet who meets somebody later', () => {
  const sizes = fc.record({ sizeMs: fc.integer({ min: 1, max: 20 }), graceMs: fc.nat(30), within: fc.nat(20) });
  const property = fc.property(inOrder, sizes, cacheSizes, (steps, { sizeMs, graceMs, within }, cache) => {
    const job = topology('behind-windows');
    const counts = job
      .source(left)
      .windowedBy(tumbling({ sizeMs, graceMs }), { emit: 'close' })
      .count('counts')
      .process<string, number>({
        name: 'by-key',
        key: text,
        value: json(),
        init:
          ({ forward }) =>
          (count, { key }) =>
            forward(key.key, count),
      });
    // Records are in order, and what the windows hold back is not late for the join.
    job.source(right).outerJoin(counts, { name: 'pairs', within, with: pairOf }).to(pairs);
    const all: Step[] = [...steps];
    for (const time of [100_000, 200_000]) all.push({ do: 'record', topic: 'left', key: 'z', value: 0, time });
    const outcomes = runSteps(job, all, cache);
    const found = outcomes.flatMap(({ outputs }) => outputs.map(({ key, value }) => `${key} ${JSON.stringify(value)}`));
    const closed = closedCounts(steps, sizeMs, graceMs);
    const asked = steps.flatMap((step) => (step.do === 'record' && step.topic === 'right' ? [step] : []));
    const isNear = (one: { key: string; time: number }, other: { key: string; time: number }): boolean =>
      one.key === other.key && Math.abs(one.time - other.time) <= within;
    const expected = asked.flatMap((one) => {
      const met = closed.filter((other) => isNear(one, other)).map(({ count }) => pairOf(one.value as number, count));
      return (met.length === 0 ? [pairOf(one.value as number, undefined)] : met).map(
        (pair) => [one.key, pair] as const,
      );
    });
    for (const other of closed) {
      if (!asked.some((one) => isNear(one, other))) expected.push([other.key, pairOf(undefined, other.count)]);
    }
    const texts = expected.map(([key, pair]) => `${key} ${JSON.stringify(pair)}`);
    assert.deepEqual(found.filter((each) => !each.startsWith('z')).sort(), texts.sort());
  });
  fc.assert(property, { numRuns });
});

/** How many of the left records each window has when it closes, at the time before its end. */
function closedCounts(steps: readonly Step[], sizeMs: number, graceMs: number) {
  const counts = new Map<string, { readonly key: string; readonly time: number; count: number }>();
  let now = -1;
  for (const step of steps) {
    if (step.do !== 'record') continue;
    now = Math.max(now, step.time);
    const end = (Math.floor(step.time / sizeMs) + 1) * sizeMs;
    if (step.topic !== 'left' || end + graceMs <= now) continue;
    const window = counts.get(`${step.key} ${end}`) ?? { key: step.key, time: end - 1, count: 0 };
    window.count++;
    counts.set(`${step.key} ${end}`, window);
  }
  return [...counts.values()];
}

const rows = topic('left', { key: text, value: nullable(json<number>()) });
const otherRows = topic('right', { key: text, value: nullable(json<number>()) });
const rowSteps = arbitrarySteps({ topics: ['left', 'right'], jitterMs: 40, paceMs: 10, withTombstones: true });
const joinedRows = topic('pairs', { key: text, value: nullable(json<Pair>()) });

for (const kind of ['join', 'leftJoin', 'outerJoin'] as const) {
  test(`${kind} of two tables is what the newest rows make at each change`, () => {
    const property = fc.property(rowSteps, cacheSizes, (steps, cache) => {
      const job = topology('tables');
      const [one, other] = [job.table(rows, 'one'), job.table(otherRows, 'other')];
      const joined =
        kind === 'join'
          ? one.join(other, pairOf)
          : kind === 'leftJoin'
            ? one.leftJoin(other, pairOf)
            : one.outerJoin(other, pairOf);
      joined.to(joinedRows);
      compare(
        job,
        steps,
        cache,
        expectedOf(steps, (records) => recomputedTableJoin(kind, records)),
      );
    });
    fc.assert(property, { numRuns });
  });
}

for (const kind of ['join', 'leftJoin'] as const) {
  test(`${kind} of a stream with a table finds the newest row`, () => {
    const steps = rowSteps.map((each) =>
      each.map(
        (step): Step =>
          step.do === 'record' && step.topic === 'left' ? { ...step, topic: 'left', value: step.value ?? 0 } : step,
      ),
    );
    const property = fc.property(steps, cacheSizes, (each, cache) => {
      const job = topology('looks-up');
      const [stream, table] = [job.source(left), job.table(otherRows, 'rows')];
      (kind === 'join' ? stream.join(table, pairOf) : stream.leftJoin(table, pairOf)).to(pairs);
      compare(
        job,
        each,
        cache,
        expectedOf(each, (records) => recomputedLookUps(kind, records)),
      );
    });
    fc.assert(property, { numRuns });
  });
}

function compare(job: Topology, steps: readonly Step[], cache: number, expected: readonly Expected[]): void {
  const found = runSteps(job, steps, cache).map(({ outputs, lateCount }) => {
    return {
      outputs: outputs.map(({ key, value, time }) => told(key as string, value as Pair | null, time)).sort(),
      lateCount,
    };
  });
  assert.deepEqual(
    found,
    expected.map(({ outputs, lateCount }) => ({ outputs: outputs.sort(), lateCount })),
  );
}

/** What lists of all records come to, at each step. */
function expectedOf(
  steps: readonly Step[],
  recompute: (records: readonly JoinedRecord[]) => readonly JoinStep[],
): Expected[] {
  const records = steps.flatMap((step) => (step.do === 'record' ? [joinedRecordOf(step)] : []));
  const results = recompute(records).values();
  return [...steps, { do: 'commit', writtenAfter: 0 } as const].map((step): Expected => {
    if (step.do !== 'record') return { outputs: [], lateCount: 0 };
    const { outputs, isLate } = results.next().value as JoinStep;
    return { outputs: [...outputs], lateCount: isLate ? 1 : 0 };
  });
}

function joinedRecordOf({ topic: from, key, value, time }: Step & { readonly do: 'record' }): JoinedRecord {
  return { isLeft: from === 'left', key, value: value as number | null, time };
}
