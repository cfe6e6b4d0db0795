/** What rules write, as points of series: gauges, histograms, and markers of series that ended. */
import type { IncomingPoint } from '../collect/otlp-samples.ts';
import type { SeriesFacts } from '../collect/sample-series.ts';
import { metricNameLabel } from '../promql/model/labels.ts';
import type { BucketCounts, NativeHistogram } from '../promql/model/native-histogram.ts';
import type { RuleSample } from '../promql/rules/rule-evaluator.ts';
import { jsonNumber, type StoredBuckets } from '../sample.ts';

export function rulePoint({ labels, timeMs, value }: RuleSample): IncomingPoint {
  const name = labels.get(metricNameLabel);
  const { [metricNameLabel]: _, ...attributes } = labels.toJSON();
  const isHistogram = typeof value === 'object';
  const facts = (): SeriesFacts => ({
    ...{ name, unit: '', description: '', kind: isHistogram ? 'exponential_histogram' : 'gauge' },
    ...{ attributes, resource: {}, isPrometheus: true },
    scope: { name: 'millrace.rules', version: '' },
  });
  return {
    ...{ identity: `rule\u0001${isHistogram}${labels.key}`, metric: name, facts, timeMs },
    tail: `,"startMs":0,"timeMs":${timeMs},${valueText(value)}}`,
  };
}

function valueText(value: RuleSample['value']): string {
  if (value === 'stale') return '"noValue":true';
  if (typeof value === 'number') return `"value":${JSON.stringify(jsonNumber(value))}`;
  return JSON.stringify(histogramMembers(value)).slice(1, -1);
}

function histogramMembers(histogram: NativeHistogram): Readonly<Record<string, unknown>> {
  const { schema, count, sum, zeroThreshold, zeroCount, positive, negative } = histogram;
  return {
    ...{ count, sum: jsonNumber(sum), scale: schema, zeroCount, zeroThreshold },
    ...{ positive: storedBuckets(positive), negative: storedBuckets(negative) },
  };
}

/** Prometheus's index is OpenTelemetry's and one; buckets between others are counts of 0. */
function storedBuckets({ indexes, counts }: BucketCounts): StoredBuckets | undefined {
  const [first] = indexes;
  if (first === undefined) return undefined;
  const dense = new Array<number>((indexes.at(-1) as number) - first + 1).fill(0);
  for (const [at, index] of indexes.entries()) dense[index - first] = counts[at] as number;
  return { offset: first - 1, counts: dense };
}
