import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { type CopyProgress, sourceOffsetOf, targetOffsetOf } from './translate.ts';

const runs = { numRuns: Math.ceil(300 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

/** Both logs, one entry an offset: what of the source is copied, and what of the target is a copy of it. */
interface Logs {
  /** Of each source offset that is done with: the target offset of its copy; undefined for what was passed over. */
  readonly source: readonly (number | undefined)[];
  /** Of each target offset: the source offset that it is a copy of; undefined for markers. */
  readonly target: readonly (number | undefined)[];
}

type Step = 'copied' | 'passed over' | 'marker on the target';

function logsOf(steps: readonly Step[]): Logs {
  const source: (number | undefined)[] = [];
  const target: (number | undefined)[] = [];
  for (const step of steps) {
    if (step === 'marker on the target') target.push(undefined);
    else if (step === 'passed over') source.push(undefined);
    else {
      source.push(target.length);
      target.push(source.length - 1);
    }
  }
  return { source, target };
}

function mapOf({ source }: Logs): PartitionOffsetMap {
  const map = new PartitionOffsetMap();
  source.forEach((target, offset) => {
    if (target !== undefined) map.append({ source: offset, target, count: 1 });
  });
  return map;
}

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Step>('copied') },
    { weight: 2, arbitrary: fc.constant<Step>('passed over') },
    { weight: 1, arbitrary: fc.constant<Step>('marker on the target') },
  ),
  { maxLength: 60 },
);

test('a group reads exactly the copies of what it would have read next, wherever it stands', () => {
  fc.assert(
    fc.property(steps, steps, (done, later) => {
      const now = logsOf(done);
      const all = logsOf([...done, ...later]);
      const map = mapOf(now);
      const progress: CopyProgress = { source: now.source.length, target: now.target.length };
      for (let offset = 0; offset <= now.source.length; offset++) {
        const translated = targetOffsetOf(map, progress, offset);
        assert.ok(translated !== undefined);
        const wanted = all.source
          .slice(offset)
          .flatMap((target, index) => (target === undefined ? [] : offset + index));
        assert.deepEqual(
          all.target.slice(translated).filter((source) => source !== undefined),
          wanted,
          `from ${offset} on, which is ${translated}`,
        );
      }
      assert.equal(targetOffsetOf(map, progress, now.source.length + 1), undefined);
    }),
    runs,
  );
});

test('a group that goes back reads exactly the originals of what it would have read next', () => {
  fc.assert(
    fc.property(steps, steps, (done, later) => {
      const now = logsOf(done);
      const all = logsOf([...done, ...later]);
      const map = mapOf(now);
      const progress: CopyProgress = { source: now.source.length, target: now.target.length };
      for (let offset = 0; offset <= now.target.length; offset++) {
        const translated = sourceOffsetOf(map, progress, offset);
        assert.ok(translated !== undefined);
        const wanted = all.target.slice(offset).filter((source) => source !== undefined);
        const read = all.source.flatMap((target, source) => {
          return source >= translated && target !== undefined ? source : [];
        });
        assert.deepEqual(read, wanted, `from ${offset} on, which is ${translated}`);
        // There and back again is the same next record.
        const again = targetOffsetOf(map, progress, translated);
        assert.ok(again !== undefined);
        assert.deepEqual(
          all.target.slice(again).filter((source) => source !== undefined),
          wanted,
        );
      }
      assert.equal(sourceOffsetOf(map, progress, now.target.length + 1), undefined);
    }),
    runs,
  );
});

test('a group that stands before what is still known goes on with the first record that is', () => {
  const map = new PartitionOffsetMap();
  map.append({ source: 10, target: 0, count: 5 });
  map.append({ source: 20, target: 5, count: 5 });
  const progress: CopyProgress = { source: 30, target: 10 };
  assert.equal(targetOffsetOf(map, progress, 0), 0);
  map.dropBefore(3);
  assert.equal(targetOffsetOf(map, progress, 0), 3);
  assert.equal(sourceOffsetOf(map, progress, 0), 13);
  map.dropBefore(10);
  assert.equal(targetOffsetOf(map, progress, 12), 10);
  assert.equal(sourceOffsetOf(map, progress, 2), 30);
});
