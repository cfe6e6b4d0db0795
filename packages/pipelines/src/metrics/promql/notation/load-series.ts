/** Loads noted series, as a store would keep them: histograms know whether they began anew. */
import { isReset } from '../histogram/compare.ts';
import type { MemorySeries } from '../memory-series.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { markStale } from '../model/stale-marker.ts';
import { nativeOfClassic } from './native-of-classic.ts';
import type { NotedSample, NotedSeries } from './series-notation.ts';

export interface SeriesLoad {
  readonly stepMs: number;
  readonly series: readonly NotedSeries[];
  /** Offsets of start times from their samples, by the key of their series' labels. */
  readonly startOffsets: ReadonlyMap<string, readonly (number | undefined)[]>;
  /** Whether classic histograms are loaded as native ones too. */
  readonly withNative: boolean;
}

export function loadSeries(store: MemorySeries, load: SeriesLoad): void {
  for (const { labels, samples } of load.series) {
    const known = store.get(labels);
    const offsets = load.startOffsets.get(labels.key);
    const there = samples.map((sample, at) => ({ sample, at })).filter(({ sample }) => sample !== undefined);
    const before = known?.times.length ?? 0;
    const count = before + there.length;
    const times = new Float64Array(count);
    const values = new Float64Array(count);
    const startTimes = new Float64Array(count);
    const histograms: (NativeHistogram | undefined)[] = [...(known?.histograms ?? [])];
    if (known !== undefined) {
      times.set(known.times);
      new Uint8Array(values.buffer).set(new Uint8Array(known.values.slice().buffer));
      if (known.startTimes !== undefined) startTimes.set(known.startTimes);
    }
    let hasHistograms = histograms.length > 0;
    for (const [index, { sample, at }] of there.entries()) {
      const to = before + index;
      times[to] = at * load.stepMs;
      const offset = offsets?.[at];
      if (offset !== undefined) startTimes[to] = (times[to] as number) + offset;
      if (sample === 'stale') markStale(values, to);
      else if (typeof sample === 'number') values[to] = sample;
      else if (sample !== undefined) {
        histograms[to] = stored(sample, histograms[to - 1]);
        hasHistograms = true;
      }
    }
    const hasStarts = offsets !== undefined || known?.startTimes !== undefined;
    store.set({ labels, times, values, ...(hasHistograms && { histograms }), ...(hasStarts && { startTimes }) });
  }
  if (load.withNative) loadSeries(store, { ...load, series: nativeOfClassic(load.series), withNative: false });
}

/** Whether it began anew is known from the one before. */
function stored(
  { histogram }: Exclude<NotedSample, number | 'stale' | undefined>,
  before: NativeHistogram | undefined,
): NativeHistogram {
  const { resetHint } = histogram;
  if (resetHint === 'gauge' || resetHint === 'reset') return histogram;
  if (before === undefined || before.resetHint === 'gauge') return { ...histogram, resetHint: 'unknown' };
  return { ...histogram, resetHint: isReset({ ...histogram, resetHint: 'unknown' }, before) ? 'reset' : 'not_reset' };
}
