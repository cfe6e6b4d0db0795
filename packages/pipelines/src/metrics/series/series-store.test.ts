/** The store against plain maps: whatever order samples come in, whatever is flushed, and whenever the process dies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStore } from '@millrace/store';
import fc from 'fast-check';
import { Labels } from '../promql/model/labels.ts';
import type { MetricSample } from '../sample.ts';
import { Chunk, decodeChunk, encodeChunk } from './chunk.ts';
import { SeriesStore } from './series-store.ts';
import { StoredSource } from './stored-source.ts';
import { SampleWriter } from './write-sample.ts';

const value = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((thousandths) => thousandths / 1_000),
);

test('a chunk comes back from its bytes as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 100_000 }), value), { minLength: 1, maxLength: 300 }), (samples) => {
      const chunk = new Chunk();
      let time = 1_700_000_000_000;
      for (const [step, each] of samples) {
        time += 1 + step;
        chunk.put(time, each);
      }
      const back = decodeChunk(encodeChunk(chunk));
      assert.equal(back.count, chunk.count);
      assert.deepEqual(back.times.subarray(0, back.count), chunk.times.subarray(0, chunk.count));
      assert.deepEqual(bitsOf(back), bitsOf(chunk));
    }),
  );
});

const action = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('put'), series: fc.nat(2), time: fc.nat(2_000), value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('flush', 'die') }) },
);

test('samples are there once, the newest of a time, in order, also those that a crash made come again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 600 }), async (actions) => {
      // What a process leaves is what it has flushed.
      const disk = openMemoryStore();
      let store = new SeriesStore(disk);
      const expected = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()];
      const log: { series: number; time: number; value: number }[] = [];
      for (const each of actions) {
        if ('series' in each) {
          log.push(each);
          store.put(store.seriesOf(labelsOf(each.series)), each.time, each.value);
          expected[each.series]?.set(each.time, each.value);
        } else if (each.kind === 'flush') await store.flush(new Map([[0, log.length]]));
        else {
          store = new SeriesStore(disk);
          for (const { series, time, value } of log.slice(store.positions.get(0) ?? 0)) {
            store.put(store.seriesOf(labelsOf(series)), time, value);
          }
        }
      }
      for (const [series, samples] of expected.entries()) {
        const sorted = [...samples].sort(([a], [b]) => a - b);
        assert.deepEqual(await read(store, series), sorted);
        const some = sorted.filter(([time]) => time >= 500 && time <= 900);
        assert.deepEqual(await read(store, series, 500, 900), some);
      }
    }),
    { numRuns: 60 },
  );
});

test('deltas add up to the same totals in any order, however often they come', async () => {
  const points = fc.uniqueArray(fc.record({ time: fc.nat(3_000), delta: fc.nat(1_000) }), {
    maxLength: 400,
    selector: ({ time }) => time,
  });
  await fc.assert(
    fc.asyncProperty(points, fc.infiniteStream(fc.nat()), async (all, random) => {
      // What a process leaves is what it has flushed.
      const disk = openMemoryStore();
      let store = new SeriesStore(disk);
      for (const { time, delta } of all) {
        store.add(store.seriesOf(labelsOf(0)), time, delta);
        const dice = random.next().value % 40;
        if (dice === 0) await store.flush(new Map());
        // A sender that was not answered sends again.
        if (dice === 1) store.add(store.seriesOf(labelsOf(0)), time, delta);
        if (dice === 2) {
          await store.flush(new Map());
          store = new SeriesStore(disk);
        }
      }
      let total = 0;
      const totals = [...all]
        .sort((a, b) => a.time - b.time)
        .map(({ time, delta }) => {
          total += delta;
          return [time, total];
        });
      assert.deepEqual(await read(store, 0), totals);
    }),
    { numRuns: 60 },
  );
});

test('deltas of exponential histograms add up in any order, also of several resolutions, and come once', async () => {
  const point = fc.record({
    time: fc.nat(3_000),
    scale: fc.integer({ min: 0, max: 3 }),
    offset: fc.integer({ min: -20, max: 20 }),
    counts: fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }),
  });
  const points = fc.uniqueArray(point, { maxLength: 150, selector: ({ time }) => time });
  await fc.assert(
    fc.asyncProperty(points, fc.infiniteStream(fc.nat()), async (all, random) => {
      const disk = openMemoryStore();
      let store = new SeriesStore(disk);
      let writer = new SampleWriter(store);
      const key = 'm{series="s0"}';
      for (const each of all) {
        writer.write(key, deltaHistogram(each));
        const dice = random.next().value % 30;
        if (dice === 1) writer.write(key, deltaHistogram(each));
        if (dice !== 2) continue;
        await store.flush(new Map());
        store = new SeriesStore(disk);
        writer = new SampleWriter(store);
      }
      const sorted = [...all].sort((a, b) => a.time - b.time);
      let count = 0;
      const counts = sorted.map((each) => {
        count += sum(each.counts);
        return [each.time, count];
      });
      const found = await readSeries(store, 0);
      const histograms = found?.histograms ?? [];
      assert.deepEqual(
        histograms.map((histogram, at) => [found?.times[at], histogram?.count]),
        counts,
      );
      for (const histogram of histograms) {
        assert.equal(sum(histogram?.positive.counts ?? []), histogram?.count);
        assert.notEqual(histogram?.resetHint, 'gauge');
      }
      // The last one has each observation in the bucket that the coarsest scale has for it.
      const last = histograms.at(-1);
      if (last === undefined) return;
      const expected = new Map<number, number>();
      for (const { scale, offset, counts: own } of sorted) {
        for (const [at, each] of own.entries()) {
          const index = ((offset + at) >> (scale - last.schema)) + 1;
          if (each > 0) expected.set(index, (expected.get(index) ?? 0) + each);
        }
      }
      const buckets = [...last.positive.indexes].map((index, at) => [index, last.positive.counts[at]] as const);
      assert.deepEqual(
        new Map(buckets.filter(([, each]) => each !== 0)),
        new Map([...expected].sort(([a], [b]) => a - b)),
      );
    }),
    { numRuns: 60 },
  );
});

test('start times of totals are kept, through late samples, new beginnings and restarts', async () => {
  const point = fc.record({ time: fc.integer({ min: 1, max: 3_000 }), start: fc.nat(3_000), isTold: fc.boolean() });
  const points = fc.uniqueArray(point, { maxLength: 400, selector: ({ time }) => time });
  await fc.assert(
    fc.asyncProperty(points, fc.infiniteStream(fc.nat()), async (all, random) => {
      const disk = openMemoryStore();
      let store = new SeriesStore(disk);
      let writer = new SampleWriter(store);
      for (const { time, start, isTold } of all) {
        const sample = { kind: 'sum', temporality: 'cumulative', monotonic: true, value: 1 } as const;
        const startMs = isTold ? Math.min(start, time) : 0;
        writer.write('m{series="s0"}', { ...deltaHistogram(noPoint), ...sample, timeMs: time, startMs });
        if (random.next().value % 30 !== 0) continue;
        await store.flush(new Map());
        store = new SeriesStore(disk);
        writer = new SampleWriter(store);
      }
      await store.flush(new Map());
      const sorted = [...all].sort((a, b) => a.time - b.time);
      const starts = sorted.map(({ time, start, isTold }) => (isTold ? Math.min(start, time) : 0));
      for (const from of [store, new SeriesStore(disk)]) {
        const found = await readSeries(from, 0);
        assert.deepEqual([...(found?.startTimes ?? new Float64Array(starts.length))], starts);
      }
    }),
    { numRuns: 60 },
  );
});

test('runs of equal steps and values come back from few bytes', () => {
  const chunk = new Chunk();
  for (let at = 0; at < 120; at++) chunk.put(1_700_000_000_000 + at * 15_000, at < 60 ? 7 : at);
  const bytes = encodeChunk(chunk);
  assert.ok(bytes.length < 120, `${bytes.length} bytes`);
  const back = decodeChunk(bytes);
  assert.deepEqual(back.times.subarray(0, 120), chunk.times.subarray(0, 120));
  assert.deepEqual(bitsOf(back), bitsOf(chunk));
});

test('what is too old goes, series without samples too, and what was written late stays', async () => {
  const store = new SeriesStore(openMemoryStore());
  const [old, late, both] = [0, 1, 2].map((series) => store.seriesOf(labelsOf(series))) as [number, number, number];
  store.writtenMs = 1_000;
  store.put(old, 1_000, 1);
  for (let time = 1_000; time < 1_000 + 200; time++) store.put(both, time, time);
  store.writtenMs = 9_000;
  store.put(late, 1_000, 1);
  store.put(both, 9_000, 1);
  await store.flush(new Map());
  await store.dropBefore(5_000, async () => undefined);
  assert.deepEqual(await Promise.all([0, 1, 2].map(async (series) => (await read(store, series)).length)), [0, 1, 81]);
  assert.equal(store.index.size, 2);
  assert.equal(store.seriesOf(labelsOf(1)), late);
  assert.notEqual(store.seriesOf(labelsOf(0)), old);
});

function labelsOf(series: number): Labels {
  return Labels.from({ __name__: 'm', series: `s${series}` });
}

interface DeltaPoint {
  readonly time: number;
  readonly scale: number;
  readonly offset: number;
  readonly counts: readonly number[];
}

const noPoint: DeltaPoint = { time: 0, scale: 0, offset: 0, counts: [] };

function deltaHistogram({ time, scale, offset, counts }: DeltaPoint): MetricSample {
  return {
    ...{ name: 'm', unit: '', description: '', attributes: { series: 's0' }, resource: {} },
    ...{ scope: { name: '', version: '' }, kind: 'exponential_histogram', temporality: 'delta' },
    ...{ startMs: 0, timeMs: time, count: sum(counts), sum: 1, scale, positive: { offset, counts } },
  };
}

function sum(numbers: Iterable<number>): number {
  let all = 0;
  for (const each of numbers) all += each;
  return all;
}

async function read(store: SeriesStore, series: number, fromMs = 0, toMs = 10_000): Promise<number[][]> {
  const found = await readSeries(store, series, fromMs, toMs);
  return found === undefined ? [] : Array.from(found.times, (time, at) => [time, found.values[at] as number]);
}

async function readSeries(store: SeriesStore, series: number, fromMs = 0, toMs = 10_000) {
  const matcher = { name: 'series', operator: '=', value: `s${series}`, matches: (v: string) => v === `s${series}` };
  const [found] = await new StoredSource(store).select({
    matchers: [matcher as never],
    ...{ fromMs, toMs, signal: new AbortController().signal },
  });
  return found;
}

function bitsOf({ values, count }: Chunk): Uint8Array {
  return new Uint8Array(values.buffer.slice(0, count * 8));
}
