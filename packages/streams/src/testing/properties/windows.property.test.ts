/**
 * Windows against a list of all that they were given, record by record: what goes on with `change`, `commit` and
 * `close`, what is late, for random orders, commits, deaths and sizes of cache.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, text, topic } from '@millrace/client';
import fc from 'fast-check';
import type { Emit } from '../../operators/aggregate.ts';
import { type Topology, topology } from '../../topology/topology.ts';
import { hopping, session, tumbling, type Windowed } from '../../topology/windows.ts';
import { arbitrarySteps, cacheSizes, numRuns } from './arbitrary-steps.ts';
import { runSteps, type Step } from './task-rig.ts';

const numbers = topic('numbers', { key: text, value: json<number>() });
const lists = topic('lists', { key: json<Windowed<string>>(), value: json<number[] | null>() });
const late = topic('late', { key: text, value: json<number>() });
const steps = arbitrarySteps({ topics: ['numbers'], jitterMs: 40, paceMs: 12 });

/** What goes on because of one step, in no particular order, and how many records were late. */
type Expected = { readonly outputs: readonly string[]; readonly lateCount: number };

interface Window {
  readonly key: string;
  readonly start: number;
  end: number;
  values: readonly number[];
  isChanged: boolean;
  isClosed: boolean;
}

for (const emit of ['change', 'commit', 'close'] as const) {
  for (const kind of ['tumbling', 'hopping'] as const) {
    test(`${kind} windows that emit on ${emit} have what a list of all records has`, () => {
      const sizes = fc.record({ advanceMs: fc.integer({ min: 1, max: 15 }), times: fc.integer({ min: 1, max: 4 }) });
      const property = fc.property(
        steps,
        sizes,
        fc.nat(30),
        cacheSizes,
        (each, { advanceMs, times }, graceMs, cache) => {
          const sizeMs = kind === 'tumbling' ? advanceMs : advanceMs * times;
          const windows = kind === 'tumbling' ? tumbling({ sizeMs, graceMs }) : hopping({ sizeMs, advanceMs, graceMs });
          const job = topology('windows');
          const { results, late: missed } = job
            .source(numbers)
            .windowedBy(windows, { emit })
            .aggregateWithLate('lists', {
              value: json<number[]>(),
              initial: () => [],
              add: (list, each) => [...list, each],
            });
          results.to(lists);
          missed.to(late);
          compare(job, each, cache, expectedOfTimes(each, { sizeMs, advanceMs, graceMs }, emit));
        },
      );
      fc.assert(property, { numRuns });
    });
  }
}

for (const emit of ['change', 'close'] as const) {
  test(`sessions that emit on ${emit} have what a list of all records has`, () => {
    const property = fc.property(
      steps,
      fc.integer({ min: 1, max: 20 }),
      fc.nat(30),
      cacheSizes,
      (each, gapMs, graceMs, cache) => {
        const job = topology('sessions');
        const { results, late: missed } = job
          .source(numbers)
          .windowedBy(session({ gapMs, graceMs }), { emit })
          .aggregateWithLate('lists', {
            value: json<number[]>(),
            initial: () => [],
            add: (list, value) => [...list, value],
            merge: (left, right) => [...left, ...right],
          });
        results.to(lists);
        missed.to(late);
        compare(job, each, cache, expectedOfSessions(each, gapMs + 1, graceMs, emit));
      },
    );
    fc.assert(property, { numRuns });
  });
}

test('sessions of records in any order are the runs without a gap, when none is late', () => {
  const property = fc.property(steps, fc.integer({ min: 1, max: 20 }), cacheSizes, (each, gapMs, cache) => {
    const job = topology('runs');
    job
      .source(numbers)
      .windowedBy(session({ gapMs, graceMs: 10_000 }))
      .count('counts')
      .to(lists as never);
    const newest = new Map<string, unknown>();
    for (const { outputs } of runSteps(job, each, cache)) {
      for (const { key, value } of outputs) newest.set(JSON.stringify(key), value);
    }
    const found = [...newest].filter(([, value]) => value !== null).map(([key, value]) => `${key} ${value}`);
    assert.deepEqual(found.sort(), runsOf(each, gapMs + 1).sort());
  });
  fc.assert(property, { numRuns });
});

test('windows over closed windows have all that these had, and call none of it late', () => {
  const sizes = fc.record({ innerMs: fc.integer({ min: 1, max: 10 }), outerMs: fc.integer({ min: 1, max: 40 }) });
  const property = fc.property(steps, sizes, fc.nat(30), cacheSizes, (each, { innerMs, outerMs }, graceMs, cache) => {
    const job = topology('cascade');
    job
      .source(numbers)
      .windowedBy(tumbling({ sizeMs: innerMs, graceMs }), { emit: 'close' })
      .count('inner')
      .process<string, number>({
        name: 'by-key',
        key: text,
        value: json(),
        init:
          ({ forward }) =>
          (count, { key }) =>
            forward(key.key, count),
      })
      .windowedBy(tumbling({ sizeMs: outerMs }), { emit: 'close' })
      .aggregate('outer', { value: json<number[]>(), initial: () => [], add: (list, count) => [...list, count] })
      .to(lists);
    // Closes all windows of both.
    const all: Step[] = [...each, { do: 'record', topic: 'numbers', key: 'z', value: 0, time: 100_000 }];
    const inner = expectedOfTimes(all, { sizeMs: innerMs, advanceMs: innerMs, graceMs }, 'close');
    const sums = new Map<string, number>();
    for (const text of inner.flatMap(({ outputs }) => outputs)) {
      const [{ key, end }, values] = JSON.parse(text) as [Windowed<string>, number[]];
      const outer = `${key} ${Math.floor((end - 1) / outerMs) * outerMs}`;
      sums.set(outer, (sums.get(outer) ?? 0) + values.length);
    }
    const outcomes = runSteps(job, all, cache);
    const found = outcomes.flatMap(({ outputs }) =>
      outputs.map(({ key, value }) => {
        const { key: own, start } = key as Windowed<string>;
        return `${own} ${start} ${(value as number[]).reduce((sum, count) => sum + count, 0)}`;
      }),
    );
    assert.deepEqual(found.sort(), [...sums].map(([outer, sum]) => `${outer} ${sum}`).sort());
    const innerLate = inner.reduce((sum, { lateCount }) => sum + lateCount, 0);
    assert.equal(
      outcomes.reduce((sum, { lateCount }) => sum + lateCount, 0),
      innerLate,
    );
  });
  fc.assert(property, { numRuns });
});

function compare(job: Topology, each: readonly Step[], cache: number, expected: readonly Expected[]): void {
  const outcomes = runSteps(job, each, cache);
  for (const [index, { outputs, lateCount }] of outcomes.entries()) {
    const [results, missed] = [outputs.filter((o) => o.topic === 'lists'), outputs.filter((o) => o.topic === 'late')];
    const found = results.map(({ key, value }) => JSON.stringify([key, value]));
    assert.deepEqual({ outputs: found.sort(), lateCount }, expected[index], `step ${index}`);
    assert.equal(missed.length, lateCount, `late records of step ${index}`);
  }
}

/** Works through the steps with all windows in one list. `take` puts a record into windows, or says that it is late. */
function expect(
  all: readonly Step[],
  emit: Emit,
  graceMs: number,
  windows: () => Window[],
  take: (step: Step & { readonly do: 'record' }, now: number, told: string[]) => boolean,
): Expected[] {
  let now = -1;
  return [...all, { do: 'commit', writtenAfter: 0 } as const].map((step): Expected => {
    const told: string[] = [];
    let isTaken = true;
    if (step.do === 'record') {
      now = Math.max(now, step.time);
      if (emit === 'close') {
        for (const window of windows()) {
          if (window.isClosed || window.end + graceMs > now) continue;
          window.isClosed = true;
          told.push(textOf(window));
        }
      }
      isTaken = take(step, now, told);
    }
    if (step.do === 'commit' && emit === 'commit') {
      for (const window of windows()) {
        if (window.isChanged) told.push(textOf(window));
        window.isChanged = false;
      }
    }
    return { outputs: told.sort(), lateCount: isTaken ? 0 : 1 };
  });
}

function expectedOfTimes(
  all: readonly Step[],
  { sizeMs, advanceMs, graceMs }: { readonly sizeMs: number; readonly advanceMs: number; readonly graceMs: number },
  emit: Emit,
): Expected[] {
  const windows: Window[] = [];
  return expect(
    all,
    emit,
    graceMs,
    () => windows,
    ({ key, value, time }, now, told) => {
      let isTaken = false;
      for (let start = 0; start <= time; start += advanceMs) {
        if (start + sizeMs <= time || start + sizeMs + graceMs <= now) continue;
        isTaken = true;
        let window = windows.find((each) => each.key === key && each.start === start);
        if (window === undefined) {
          window = { key, start, end: start + sizeMs, values: [], isChanged: false, isClosed: false };
          windows.push(window);
        }
        window.values = [...window.values, value as number];
        window.isChanged = true;
        if (emit === 'change') told.push(textOf(window));
      }
      return isTaken;
    },
  );
}

function expectedOfSessions(
  all: readonly Step[],
  apartMs: number,
  graceMs: number,
  emit: 'change' | 'close',
): Expected[] {
  let windows: Window[] = [];
  return expect(
    all,
    emit,
    graceMs,
    () => windows,
    ({ key, value, time }, now, told) => {
      const touched = windows
        .filter((each) => each.key === key && each.end + graceMs > now)
        .filter(({ start, end }) => time < end && start < time + apartMs)
        .sort((left, right) => left.start - right.start);
      const start = Math.min(time, ...touched.map((each) => each.start));
      const end = Math.max(time + apartMs, ...touched.map((each) => each.end));
      if (end + graceMs <= now) return false;
      const values = [...touched.flatMap((each) => each.values), value as number];
      const made = { key, start, end, values, isChanged: true, isClosed: false };
      windows = [...windows.filter((each) => !touched.includes(each)), made];
      if (emit === 'change') {
        for (const each of touched) {
          if (each.start !== start || each.end !== end) told.push(textOf({ ...each, values: null }));
        }
        told.push(textOf(made));
      }
      return true;
    },
  );
}

/** Records of a key sorted by time and cut where two are `apartMs` apart or more. */
function runsOf(all: readonly Step[], apartMs: number): string[] {
  const records = all.flatMap((each) => (each.do === 'record' ? [each] : []));
  return [...Map.groupBy(records, ({ key }) => key)].flatMap(([key, own]) => {
    const times = own.map(({ time }) => time).sort((left, right) => left - right);
    const runs: number[][] = [];
    for (const time of times) {
      const last = runs.at(-1);
      if (last === undefined || time - (last.at(-1) as number) >= apartMs) runs.push([time]);
      else last.push(time);
    }
    return runs.map((run) => {
      const window: Windowed<string> = { key, start: run[0] as number, end: (run.at(-1) as number) + apartMs };
      return `${JSON.stringify(window)} ${run.length}`;
    });
  });
}

function textOf({
  key,
  start,
  end,
  values,
}: Pick<Window, 'key' | 'start' | 'end'> & { readonly values: readonly number[] | null }): string {
  return JSON.stringify([{ key, start, end }, values]);
}
