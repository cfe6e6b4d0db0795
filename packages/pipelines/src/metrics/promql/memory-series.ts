/** Series in memory, for tests and for what is small: every question is answered by looking at all of them. */
import { compareLabels, type Labels } from './model/labels.ts';
import type { Matcher } from './model/matcher.ts';
import type {
  LabelRequest,
  MetadataRequest,
  MetricMetadata,
  SelectRequest,
  SeriesSource,
  StoredSeries,
  TimeRange,
} from './series-source.ts';

export class MemorySeries implements SeriesSource {
  readonly #series = new Map<string, StoredSeries>();
  readonly #metadata = new Map<string, readonly MetricMetadata[]>();

  /** Puts a series there, in place of one with the same labels. */
  set(series: StoredSeries): void {
    this.#series.set(series.labels.key, series);
  }

  get(labels: Labels): StoredSeries | undefined {
    return this.#series.get(labels.key);
  }

  describe(metric: string, metadata: readonly MetricMetadata[]): void {
    this.#metadata.set(metric, metadata);
  }

  clear(): void {
    this.#series.clear();
    this.#metadata.clear();
  }

  async select({ matchers, ...range }: SelectRequest): Promise<readonly StoredSeries[]> {
    const found: StoredSeries[] = [];
    for (const series of this.#series.values()) {
      if (!matchesAll(series.labels, matchers)) continue;
      const within = seriesWithin(series, range);
      if (within.times.length > 0) found.push(within);
    }
    return found;
  }

  async labelNames(request: LabelRequest): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const labels of this.#found(request)) for (const [name] of labels) names.add(name);
    return limited([...names].sort(), request.limit);
  }

  async labelValues(name: string, request: LabelRequest): Promise<readonly string[]> {
    const values = new Set<string>();
    for (const labels of this.#found(request)) values.add(labels.get(name));
    values.delete('');
    return limited([...values].sort(), request.limit);
  }

  async series(request: LabelRequest): Promise<readonly Labels[]> {
    return limited([...this.#found(request)].sort(compareLabels), request.limit);
  }

  async metadata({ metric, limit }: MetadataRequest): Promise<ReadonlyMap<string, readonly MetricMetadata[]>> {
    const entries = [...this.#metadata].filter(([name]) => metric === undefined || name === metric);
    return new Map(limited(entries, limit));
  }

  *#found({ anyOf, fromMs, toMs }: LabelRequest): Generator<Labels> {
    for (const { labels, times } of this.#series.values()) {
      if (!times.some((time) => time >= fromMs && time <= toMs)) continue;
      if (anyOf.length === 0 || anyOf.some((matchers) => matchesAll(labels, matchers))) yield labels;
    }
  }
}

function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
}

function seriesWithin(series: StoredSeries, { fromMs, toMs }: TimeRange): StoredSeries {
  const { times } = series;
  let from = 0;
  while (from < times.length && (times[from] as number) < fromMs) from++;
  let to = times.length;
  while (to > from && (times[to - 1] as number) > toMs) to--;
  return {
    labels: series.labels,
    times: times.subarray(from, to),
    values: series.values.subarray(from, to),
    ...(series.histograms !== undefined && { histograms: series.histograms.slice(from, to) }),
    ...(series.startTimes !== undefined && { startTimes: series.startTimes.subarray(from, to) }),
  };
}

function limited<T>(values: T[], limit: number | undefined): T[] {
  return limit === undefined ? values : values.slice(0, limit);
}
