/** The detector by what it must not do (look ahead, cry wolf) and what it must find. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readSeriesCsv } from '../import/read-series-csv.ts';
import { AnomalyDetector, anomalyScore, type ScoredPoint } from './anomaly-detector.ts';

const dataFolder = join(import.meta.dirname, '../../../../../../shared/data/metrics/nab/data');
const skip = existsSync(dataFolder)
  ? false
  : 'the series of NAB are not here: put them beside the project as shared/data';

function scored(values: readonly number[]): ScoredPoint[] {
  const detector = new AnomalyDetector();
  return values.map((value) => detector.add(value));
}

/** A day of 288 points, over and over, with some noise. */
function days(count: number): number[] {
  let random = 1;
  return Array.from({ length: count }, (_, at) => {
    random = (random * 48_271) % 2_147_483_647;
    return 50 + 20 * Math.sin((at / 288) * 2 * Math.PI) + (random / 2_147_483_647) * 4;
  });
}

const alarmsOf = (points: readonly ScoredPoint[]): number[] => points.flatMap(({ alarm }, at) => (alarm ? [at] : []));

test('the scores of the first points are the same, whatever comes after them', () => {
  const values = fc.array(fc.oneof(fc.double(), fc.integer({ min: 0, max: 50 })), { minLength: 350, maxLength: 700 });
  fc.assert(
    fc.property(values, fc.nat(), values, (series, at, other) => {
      const prefix = series.slice(0, at % series.length);
      assert.deepEqual(scored([...prefix, ...other]).slice(0, prefix.length), scored(series).slice(0, prefix.length));
    }),
    { numRuns: 30 },
  );
});

test('scores lie between 0 and 1', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.double(), fc.constantFrom(0, 1, 1e300, -1e300)), { maxLength: 900 }), (series) => {
      for (const { score } of scored(series)) assert.ok(score >= 0 && score <= 1, String(score));
    }),
    { numRuns: 50 },
  );
});

test('what comes back every day is nothing new; a value that never was raises one alarm, in its first point', () => {
  const series = days(3_000);
  assert.deepEqual(alarmsOf(scored(series)), []);
  for (let at = 2_000; at < 2_020; at++) series[at] = 140;
  assert.deepEqual(alarmsOf(scored(series)), [2_000]);
});

test('a jump that is too large raises an alarm though its value is usual', () => {
  const series = days(3_000);
  // At the hour of the highest values the lowest.
  series[2_088] = 31;
  assert.deepEqual(alarmsOf(scored(series)), [2_088]);
});

test('a series that never changes has no anomaly, until it does', () => {
  const flat = Array.from({ length: 1_000 }, () => 45);
  assert.deepEqual(alarmsOf(scored(flat)), []);
  flat[700] = 46;
  assert.deepEqual(alarmsOf(scored(flat)), [700]);
  assert.equal(scored(flat)[700]?.score, 1);
});

test('what is no number changes nothing', () => {
  const series = days(2_000);
  const holes = series.flatMap((value, at) => (at % 7 === 0 ? [Number.NaN, value] : [value]));
  const scores = scored(holes).filter((_, at) => !Number.isNaN(holes[at]));
  assert.deepEqual(scores, scored(series));
});

test('on the series of NAB: no alarm where there is nothing, and others have some', { skip }, async () => {
  const alarms: Record<string, number> = {};
  for (const folder of readdirSync(dataFolder)) {
    for (const file of readdirSync(join(dataFolder, folder))) {
      const detector = new AnomalyDetector();
      let count = 0;
      for await (const { value } of readSeriesCsv(join(dataFolder, folder, file))) {
        const { score, alarm } = detector.add(value);
        if (score >= anomalyScore && alarm) count++;
      }
      alarms[`${folder}/${file}`] = count;
    }
  }
  const quiet = Object.entries(alarms).filter(([name]) => name.startsWith('artificialNoAnomaly/'));
  assert.equal(quiet.length, 5);
  for (const [name, count] of quiet) assert.equal(count, 0, name);
  const others = Object.entries(alarms).filter(([name]) => !name.startsWith('artificialNoAnomaly/'));
  assert.ok(others.filter(([, count]) => count > 0).length >= 14, JSON.stringify(alarms));
});
