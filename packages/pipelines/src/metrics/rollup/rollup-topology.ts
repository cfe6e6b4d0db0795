/**
 * Aggregation by rules as a job of `@millrace/streams`: points to increments, series by series; increments to their
 * group, by the labels that a rule keeps; groups to totals, and to windows of a minute. All state is in changelogs, and
 * output goes with offsets in one transaction: a job that is killed goes on as if it had not been.
 *
 * What comes out is samples in `metrics.rollups`. A window that changes, since points came late, is written again at
 * the same time: whoever reads takes the newest.
 */
import { json, type Serde, text, topic } from '@millrace/client';
import { type KeyValueStore, keyValueStore, type Topology, topology, tumbling } from '@millrace/streams';
import { Labels, metricNameLabel } from '../promql/model/labels.ts';
import { jsonNumber, type MetricSample } from '../sample.ts';
import { parseSeriesText, seriesText } from '../series-text.ts';
import { metricsRollups, metricsSamples, type StoredSample } from '../topic.ts';
import { addParts, isGauge, type Parts, quantileOf } from './parts.ts';
import type { RollupRule } from './rollup-rule.ts';
import { incremented, type MemoryBounds, type SeriesMemory, seriesMemory } from './series-increments.ts';

export interface RollupOptions {
  /** Default one minute. */
  readonly windowMs?: number | undefined;
  /** How late points of a series may come, and how long after its end a window may change. Default ten minutes. */
  readonly latenessMs?: number | undefined;
  /**
   * Points remembered of a series at most; the changelog has all of them for each commit that has one more. Default 24.
   */
  readonly pointsMax?: number | undefined;
  /** Told the series of points that came too late to count. Must not throw. */
  readonly onLate?: ((series: string) => void) | undefined;
}

interface GroupIncrement {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly parts: Parts;
  /** Of gauges. */
  readonly value?: number | undefined;
}

interface GroupTotal {
  kind: GroupIncrement['kind'];
  parts: Record<string, number>;
  min: number | null;
  max: number | null;
  lastMs: number;
}

const quantiles = [0.5, 0.9, 0.99] as const;

export function rollupTopology(rules: readonly RollupRule[], options: RollupOptions = {}): Topology {
  const { windowMs = 60_000, latenessMs = 600_000, pointsMax = 24, onLate } = options;
  const job = topology('metrics-rollup');
  const groups = job
    .source(metricsSamples, {
      timestamp: (sample, { timestamp }) => ('unreadable' in sample ? timestamp : sample.timeMs),
    })
    .process<string, GroupIncrement>({
      name: 'increments',
      stores: [memories],
      key: text,
      value: json<GroupIncrement>(),
      init: (context) => {
        const matched = new Map<string, readonly string[]>();
        const store = context.store(memories);
        return (sample, { key }) => {
          if ('unreadable' in sample || key === null) return;
          let into = matched.get(key);
          if (into === undefined) {
            into = groupsOf(key, rules);
            if (matched.size > seriesMax) matched.clear();
            matched.set(key, into);
          }
          if (into.length > 0) addPoint(context, store, key, sample, into, { latenessMs, pointsMax, onLate });
        };
      },
    })
    .keyBy('groups', (_, { key }) => key, { key: text, value: json<GroupIncrement>() });
  groups
    .aggregate('totals', { value: json<GroupTotal>(), initial, add, emit: 'commit' })
    .toStream()
    .flatMap((total, { key }) => (total === null || total.kind === 'gauge' ? [] : totalSamples(key, total)))
    .to(rollupOutput, { key: ({ series }) => series });
  groups
    .windowedBy(tumbling({ sizeMs: windowMs, graceMs: latenessMs }), { emit: 'commit' })
    .aggregate('windows', { value: json<GroupTotal>(), initial, add })
    .flatMap((total, { key: { key, end } }) => windowSamples(key, total, end))
    .to(rollupOutput, { key: ({ series }) => series });
  return job;
}

const memories = keyValueStore({ name: 'memories', key: text, value: seriesMemory });
/** Series whose groups are remembered; those of others are found anew. */
const seriesMax = 500_000;

interface OutputSample {
  readonly series: string;
  readonly sample: MetricSample;
}

const outputValue: Serde<StoredSample, OutputSample> = {
  ...metricsSamples.value,
  serialize: ({ sample }: OutputSample) => JSON.stringify(sample),
};
const rollupOutput = topic(metricsRollups.name, { key: text, value: outputValue });

function addPoint(
  context: { forward(key: string, value: GroupIncrement, timestamp: number): void },
  store: KeyValueStore<string, SeriesMemory>,
  key: string,
  sample: MetricSample,
  groups: readonly string[],
  { onLate, ...bounds }: MemoryBounds & Pick<RollupOptions, 'onLate'>,
): void {
  const { memory, increments, late } = incremented(store.get(key), sample, bounds);
  if (late) onLate?.(key);
  if (memory !== undefined) store.put(key, memory);
  const kind = isGauge(sample) ? 'gauge' : sample.kind === 'sum' ? 'counter' : 'histogram';
  const value = kind === 'gauge' ? Number(sample.value) : undefined;
  for (const { timeMs, parts } of increments) {
    for (const group of groups) context.forward(group, { kind, parts, value }, timeMs);
  }
}

/** The groups of a series, as the text of the series that they become. */
function groupsOf(key: string, rules: readonly RollupRule[]): string[] {
  const labels = parseSeriesText(key);
  if (labels === undefined) return [];
  const metric = labels.get(metricNameLabel);
  return rules.flatMap(({ name, metric: wanted, where = {}, by }) => {
    if (metric !== wanted || Object.entries(where).some(([label, value]) => labels.get(label) !== value)) return [];
    return [seriesText(labels.keep(new Set(by)).with(metricNameLabel, name))];
  });
}

function initial(): GroupTotal {
  return { kind: 'counter', parts: {}, min: null, max: null, lastMs: 0 };
}

function add(
  total: GroupTotal,
  { kind, parts, value }: GroupIncrement,
  { timestamp }: { readonly timestamp: number },
): GroupTotal {
  total.kind = kind;
  addParts(total.parts, parts);
  total.lastMs = Math.max(total.lastMs, timestamp);
  if (value !== undefined) {
    total.min = Math.min(total.min ?? value, value);
    total.max = Math.max(total.max ?? value, value);
  }
  return total;
}

/** All that a group ever came to. */
function totalSamples(group: string, { kind, parts, lastMs }: GroupTotal): OutputSample[] {
  if (kind === 'counter') return [output(group, '_total', parts['value'] ?? 0, lastMs, true)];
  return [
    output(group, '_count_total', parts['count'] ?? 0, lastMs, true),
    output(group, '_sum_total', parts['sum'] ?? 0, lastMs, true),
  ];
}

/** What a group came to in a window, at the window's end. */
function windowSamples(group: string, { kind, parts, min, max }: GroupTotal, endMs: number): OutputSample[] {
  if (kind === 'counter') return [output(group, '_increase', parts['value'] ?? 0, endMs)];
  const count = parts['count'] ?? 0;
  const sum = parts['sum'] ?? 0;
  const samples = [output(group, '_count', count, endMs), output(group, '_sum', sum, endMs)];
  if (kind === 'gauge' && count > 0) {
    samples.push(output(group, '_min', min ?? 0, endMs), output(group, '_max', max ?? 0, endMs));
    samples.push(output(group, '_avg', sum / count, endMs));
  }
  for (const quantile of quantiles) {
    const value = quantileOf(parts, quantile);
    if (!Number.isNaN(value))
      samples.push(output(group, '_quantile', value, endMs, false, { quantile: `${quantile}` }));
  }
  return samples;
}

function output(
  group: string,
  suffix: string,
  value: number,
  timeMs: number,
  isTotal = false,
  more: Readonly<Record<string, string>> = {},
): OutputSample {
  const base = parseSeriesText(group) ?? Labels.empty;
  const name = base.get(metricNameLabel) + suffix;
  const labels = Labels.from([...base, ...Object.entries(more), [metricNameLabel, name]]);
  const { [metricNameLabel]: _, ...attributes } = Object.fromEntries(labels);
  const sample: MetricSample = {
    ...{ name, unit: '', description: '', attributes, resource: {}, scope: { name: 'millrace.rollup', version: '' } },
    ...(isTotal
      ? ({ kind: 'sum', temporality: 'cumulative', monotonic: true } as const)
      : ({ kind: 'gauge' } as const)),
    ...{ startMs: 0, timeMs, value: jsonNumber(value) },
  };
  return { series: seriesText(labels), sample };
}
