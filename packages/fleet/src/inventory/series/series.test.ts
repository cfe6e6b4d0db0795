import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unknownCluster } from '../state/known-cluster.ts';
import { mergeObservation } from '../state/merge-observation.ts';
import { observation, type TopicPlan } from '../testing/observations.ts';
import { decodeBuckets, encodeBuckets, mergeBuckets, metrics, noteIn, type PlacedBucket } from './bucket.ts';
import { SeriesCollector } from './series-collector.ts';

const minute = 60_000;
const hour = 60 * minute;

test('buckets are read as they were written, in any order and number', () => {
  const float = fc.float({ noNaN: true, noDefaultInfinity: true });
  const bucket = fc.tuple(fc.integer({ min: 0, max: 59 }), fc.constantFrom(...metrics), fc.tuple(float, float, float));
  fc.assert(
    fc.property(fc.array(bucket), (all) => {
      const buckets = all.map(([at, metric, values]): PlacedBucket => {
        const [min = 0, mean = 0, max = 0] = [...values].sort((left, right) => left - right);
        return { minute: at, metric, min, max, mean: min === max ? min : mean, count: 3 };
      });
      assert.deepEqual(decodeBuckets(encodeBuckets(buckets)), buckets);
    }),
  );
});

test('what is cut off, or of a metric that nobody knows yet, is left out', () => {
  const one = encodeBuckets([{ minute: 1, metric: 'lag', min: 1, max: 2, mean: 1.5, count: 2 }]);
  const strange = Buffer.from([0, 0x80 | 100, 1, 0, 0, 0, 0]);
  assert.equal(decodeBuckets(Buffer.concat([strange, one, one.subarray(0, 9)])).length, 1);
});

test('the mean of parts is the mean of all', () => {
  const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1 });
  fc.assert(
    fc.property(values, values, (left, right) => {
      const of = (all: readonly number[]) => all.reduce<ReturnType<typeof noteIn> | undefined>(noteIn, undefined);
      const [one, other, whole] = [of(left), of(right), of([...left, ...right])];
      assert.ok(one !== undefined && other !== undefined && whole !== undefined);
      const merged = mergeBuckets(one, other);
      assert.ok(Math.abs(merged.mean - whole.mean) < 1e-6);
      assert.deepEqual([merged.min, merged.max, merged.count], [whole.min, whole.max, whole.count]);
    }),
  );
});

/** Rows of the topics after looks a minute apart, as texts. */
function collected(count: number, topicsAt: (look: number) => Readonly<Record<string, TopicPlan>>): string[] {
  const collector = new SeriesCollector();
  let known = unknownCluster('east');
  const rows = Array.from({ length: count }, (_, look) => {
    known = mergeObservation(known, observation({ at: look * minute, topics: topicsAt(look) }));
    return collector.note(known.observed, look * minute, 5);
  }).flat();
  const all = [...rows, ...collector.flush()].filter(({ subject }) => subject.startsWith('t:'));
  return all.flatMap(({ subject, hour: at, body }) =>
    decodeBuckets(body).map((bucket) => `${subject} ${at / hour}:${bucket.minute} ${bucket.metric} ${bucket.max}`),
  );
}

test('a topic that nobody uses costs one record an hour', () => {
  const idle = { ends: [5], bytes: { stored: 100, leaders: 50 } };
  assert.deepEqual(
    collected(90, () => ({ idle })),
    ['t:idle 0:0 storedBytes 100', 't:idle 1:0 storedBytes 100'],
  );
});

test('a rate is told while it is one, and its end too', () => {
  const rows = collected(22, (look) => ({
    t: { ends: [look < 6 || look > 9 ? (look > 9 ? 240 : 0) : (look - 5) * 60] },
  }));
  assert.deepEqual(
    rows.filter((row) => row.includes('recordsPerSecond')),
    ['t:t 0:5 recordsPerSecond 1', 't:t 0:10 recordsPerSecond 0'],
  );
});
