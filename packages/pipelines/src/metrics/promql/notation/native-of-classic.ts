/** Classic histograms of a test script as native ones with the same bounds. */
import { type Labels, metricNameLabel } from '../model/labels.ts';
import { customBoundsSchema, noBuckets } from '../model/native-histogram.ts';
import { notedNumber } from './noted-number.ts';
import type { NotedSample, NotedSeries } from './series-notation.ts';

interface Collected {
  readonly buckets: Map<number, number>;
  count: number | undefined;
  sum: number;
}

export function nativeOfClassic(series: readonly NotedSeries[]): NotedSeries[] {
  const byLabels = new Map<string, { labels: Labels; times: Map<number, Collected> }>();
  for (const { labels, samples } of series) {
    const [, name = '', suffix] = /^(.*)_(bucket|count|sum)$/.exec(labels.get(metricNameLabel)) ?? [];
    const le = labels.get('le');
    if (suffix === undefined || (suffix === 'bucket' && !/^[-+]?(?:\d|\.|inf)/i.test(le))) continue;
    const own = labels.drop(new Set(['le'])).with(metricNameLabel, name);
    let collected = byLabels.get(own.key);
    if (collected === undefined) {
      collected = { labels: own, times: new Map() };
      byLabels.set(own.key, collected);
    }
    for (const [at, sample] of samples.entries()) {
      if (typeof sample !== 'number') continue;
      const here = collected.times.get(at) ?? { buckets: new Map(), count: undefined, sum: 0 };
      collected.times.set(at, here);
      if (suffix === 'count') here.count = sample;
      else if (suffix === 'sum') here.sum = sample;
      else here.buckets.set(notedNumber(le), sample);
    }
  }
  return [...byLabels.values()].map(({ labels, times }) => {
    const samples: NotedSample[] = [];
    for (const [at, collected] of times) samples[at] = native(collected);
    return { labels, samples: Array.from(samples) };
  });
}

function native({ buckets, count, sum }: Collected): NotedSample {
  const bounds = [...buckets.keys()].sort((a, b) => a - b);
  const finite = bounds.filter((bound) => bound !== Infinity);
  const total = count ?? buckets.get(Infinity) ?? buckets.get(bounds.at(-1) ?? NaN) ?? 0;
  let before = 0;
  const counts = finite.map((bound) => {
    const own = (buckets.get(bound) as number) - before;
    before = buckets.get(bound) as number;
    return own;
  });
  counts.push(total - before);
  return {
    hasHint: false,
    histogram: {
      schema: customBoundsSchema,
      count: total,
      sum,
      zeroCount: 0,
      zeroThreshold: 0,
      positive: { indexes: Int32Array.from(counts, (_, index) => index), counts: Float64Array.from(counts) },
      negative: noBuckets,
      customBounds: Float64Array.from(finite),
      resetHint: 'unknown',
    },
  };
}
