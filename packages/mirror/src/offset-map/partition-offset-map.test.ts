import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import type { OffsetRun } from './offset-run.ts';
import { PartitionOffsetMap } from './partition-offset-map.ts';

const runs = { numRuns: Math.ceil(300 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

/** A map as pairs of offsets, one a record. */
class NaiveMap {
  pairs: (readonly [source: number, target: number])[] = [];

  append({ source, target, count }: OffsetRun): void {
    for (let index = 0; index < count; index++) this.pairs.push([source + index, target + index]);
  }

  dropBefore(target: number): void {
    this.pairs = this.pairs.filter((pair) => pair[1] >= target);
  }

  find(side: 0 | 1, matches: (offset: number) => boolean): number | undefined {
    return this.pairs.find((pair) => matches(pair[side]))?.[1 - side];
  }

  get runs(): OffsetRun[] {
    const joined: { source: number; target: number; count: number }[] = [];
    for (const [source, target] of this.pairs) {
      const last = joined.at(-1);
      if (last && last.source + last.count === source && last.target + last.count === target) last.count++;
      else joined.push({ source, target, count: 1 });
    }
    return joined;
  }
}

/** Distances from the end of what came before, or a part of the range that is pruned. */
const gap = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(3), fc.nat(200));
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ sourceGap: gap, targetGap: gap, count: fc.oneof(fc.nat(3), fc.nat(150)) }) },
  { weight: 1, arbitrary: fc.record({ dropAt: fc.double({ min: 0, max: 1.1, noNaN: true }) }) },
);

test('answers as a list of pairs would, whatever is appended and pruned', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new PartitionOffsetMap();
      const naive = new NaiveMap();
      for (const taken of steps) {
        if ('dropAt' in taken) {
          const target = Math.floor(taken.dropAt * map.endTarget);
          map.dropBefore(target);
          naive.dropBefore(target);
        } else {
          const { sourceGap, targetGap, count } = taken;
          const run = { source: map.endSource + sourceGap, target: map.endTarget + targetGap, count };
          map.append(run);
          naive.append(run);
        }
      }
      assert.deepEqual(map.runs, naive.runs);
      for (let offset = 0; offset <= Math.max(map.endSource, map.endTarget) + 1; offset += 7) agreeAt(offset);
      for (const { source, target, count } of naive.runs) {
        for (const edge of [-1, 0, count - 1, count]) for (const start of [source, target]) agreeAt(start + edge);
      }

      function agreeAt(offset: number): void {
        const is = (found: number): boolean => found === offset;
        const isBehind = (found: number): boolean => found >= offset;
        assert.equal(map.targetOf(offset), naive.find(0, is), `targetOf(${offset})`);
        const run = naive.runs.find(({ source, count }) => source + count > offset);
        assert.deepEqual(map.runFrom(offset), run, `runFrom(${offset})`);
        assert.equal(map.sourceOf(offset), naive.find(1, is), `sourceOf(${offset})`);
        assert.equal(map.nextTarget(offset), naive.find(0, isBehind), `nextTarget(${offset})`);
        assert.equal(map.nextSource(offset), naive.find(1, isBehind), `nextSource(${offset})`);
      }
    }),
    runs,
  );
});

test('finds every record of thousands of runs, over the edges of blocks, before and after pruning', () => {
  const map = new PartitionOffsetMap();
  const naive = new NaiveMap();
  for (let index = 0; index < 2000; index++) {
    const run = { source: map.endSource + (index % 3), target: map.endTarget + (index % 2), count: 1 + (index % 4) };
    map.append(run);
    naive.append(run);
  }
  for (const dropped of [0, 1700, 3400, map.endTarget]) {
    map.dropBefore(dropped);
    naive.dropBefore(dropped);
    assert.deepEqual(map.runs, naive.runs);
    const targets = new Map(naive.pairs);
    for (let source = 0; source <= map.endSource; source++) assert.equal(map.targetOf(source), targets.get(source));
    const sources = new Map(naive.pairs.map(([source, target]) => [target, source]));
    for (let target = 0; target <= map.endTarget; target++) assert.equal(map.sourceOf(target), sources.get(target));
  }
  assert.deepEqual(map.runs, []);
});

test('goes on where it ended after everything was pruned', () => {
  const map = new PartitionOffsetMap();
  map.append({ source: 10, target: 0, count: 5 });
  map.dropBefore(1000);
  assert.deepEqual([map.runs, map.endSource, map.endTarget], [[], 15, 5]);
  assert.equal(map.nextTarget(0), undefined);
  map.append({ source: 15, target: 5, count: 2 });
  assert.deepEqual(map.runs, [{ source: 15, target: 5, count: 2 }]);
  assert.equal(map.nextTarget(0), 5);
});

test('is exact up to the largest offsets', () => {
  const map = new PartitionOffsetMap();
  map.append({ source: 2 ** 53 - 12, target: 2 ** 53 - 15, count: 5 });
  map.append({ source: 2 ** 53 - 6, target: 2 ** 53 - 9, count: 5 });
  assert.equal(map.targetOf(2 ** 53 - 10), 2 ** 53 - 13);
  assert.equal(map.targetOf(2 ** 53 - 9), 2 ** 53 - 12);
  assert.equal(map.targetOf(2 ** 53 - 3), 2 ** 53 - 6);
  assert.equal(map.sourceOf(2 ** 53 - 12), 2 ** 53 - 9);
  assert.equal(map.sourceOf(2 ** 53 - 6), 2 ** 53 - 3);
  assert.equal(map.nextTarget(2 ** 53 - 7), 2 ** 53 - 9);
});

test('refuses a run that does not lie behind the last one on both sides', () => {
  const map = new PartitionOffsetMap();
  map.append({ source: 10, target: 20, count: 5 });
  for (const run of [
    { source: 14, target: 30, count: 1 },
    { source: 30, target: 24, count: 1 },
  ]) {
    assert.throws(
      () => map.append(run),
      (error) => isMillraceError(error, 'offset_map_disorder'),
    );
  }
  assert.deepEqual(map.runs, [{ source: 10, target: 20, count: 5 }]);
});

test('takes a few bytes a run in memory', (context) => {
  const map = new PartitionOffsetMap();
  const count = 500_000;
  for (let index = 0; index < count; index++) map.append({ source: index * 10, target: index * 9, count: 9 });
  const bytes = map.memoryBytes / count;
  context.diagnostic(`${bytes.toFixed(2)} bytes a run for one record missing of ten`);
  assert.ok(bytes < 4, `${bytes} bytes a run`);
});
