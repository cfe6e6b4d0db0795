/** Answers the query engine from the store: what is on disk and what has just come in. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Labels } from '../promql/model/labels.ts';
import type { NativeHistogram } from '../promql/model/native-histogram.ts';
import type {
  LabelRequest,
  MetadataRequest,
  MetricMetadata,
  SelectRequest,
  SeriesSource,
  StoredSeries,
  TimeRange,
} from '../promql/series-source.ts';
import { type Chunk, chunkExtent, readChunk, type SampleColumns } from './chunk.ts';
import type { SeriesStore } from './series-store.ts';

/** How long reading may keep the process from everything else. */
const turnMs = 5;

export class StoredSource implements SeriesSource {
  readonly #store: SeriesStore;

  constructor(store: SeriesStore) {
    this.#store = store;
  }

  async select({ matchers, fromMs, toMs, signal, onSamples }: SelectRequest): Promise<readonly StoredSeries[]> {
    const found: StoredSeries[] = [];
    let turnEnds = performance.now() + turnMs;
    for (const id of this.#store.index.matching(matchers)) {
      const series = this.#read(id, fromMs, toMs);
      if (series !== undefined) {
        onSamples?.(series.times.length);
        found.push(series);
      }
      if (performance.now() <= turnEnds) continue;
      await turn();
      signal.throwIfAborted();
      turnEnds = performance.now() + turnMs;
    }
    return found;
  }

  async labelNames(request: LabelRequest): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const labels of await this.series({ ...request, limit: undefined }))
      for (const [name] of labels) names.add(name);
    return [...names].sort().slice(0, request.limit);
  }

  async labelValues(name: string, request: LabelRequest): Promise<readonly string[]> {
    const values = new Set<string>();
    for (const labels of await this.series({ ...request, limit: undefined })) {
      const value = labels.get(name);
      if (value !== '') values.add(value);
    }
    return [...values].sort().slice(0, request.limit);
  }

  async series({ anyOf, fromMs, toMs, limit, signal }: LabelRequest): Promise<readonly Labels[]> {
    const { index } = this.#store;
    const ids = anyOf.length === 0 ? index.ids() : new Set(anyOf.flatMap((matchers) => index.matching(matchers)));
    const found: Labels[] = [];
    let turnEnds = performance.now() + turnMs;
    for (const id of ids) {
      if (found.length === limit) break;
      if (this.#hasSamples(id, { fromMs, toMs })) found.push(index.labelsOf(id));
      if (performance.now() <= turnEnds) continue;
      await turn();
      signal.throwIfAborted();
      turnEnds = performance.now() + turnMs;
    }
    return found;
  }

  async metadata({ metric, limit }: MetadataRequest): Promise<ReadonlyMap<string, readonly MetricMetadata[]>> {
    const { metadata } = this.#store;
    if (metric !== undefined) {
      const own = metadata.get(metric);
      return new Map(own === undefined || limit === 0 ? [] : [[metric, own]]);
    }
    return new Map([...metadata].slice(0, limit));
  }

  /** By chunks alone: a gap within one counts as samples. */
  #hasSamples(id: number, { fromMs, toMs }: TimeRange): boolean {
    for (const chunk of this.#store.inMemory(id)) if (chunk.startMs <= toMs && chunk.endMs >= fromMs) return true;
    for (const _ of this.#store.chunks.between(id, fromMs, toMs)) return true;
    return false;
  }

  #read(id: number, fromMs: number, toMs: number): StoredSeries | undefined {
    const inMemory = new Map<number, Chunk>();
    for (const chunk of this.#store.inMemory(id)) inMemory.set(chunk.startMs, chunk);
    const parts: { startMs: number; bytes?: Uint8Array; chunk?: Chunk; count: number }[] = [];
    for (const { startMs, bytes } of this.#store.chunks.between(id, fromMs, toMs)) {
      if (!inMemory.has(startMs)) parts.push({ startMs, bytes, count: chunkExtent(bytes).count });
    }
    for (const [startMs, chunk] of inMemory) {
      if (startMs <= toMs && chunk.endMs >= fromMs) parts.push({ startMs, chunk, count: chunk.count });
    }
    if (parts.length === 0) return undefined;
    parts.sort((a, b) => a.startMs - b.startMs);
    const total = parts.reduce((sum, { count }) => sum + count, 0);
    const columns: SampleColumns = {
      times: new Float64Array(total),
      values: new Float64Array(total),
      startTimes: undefined,
    };
    const { times, values } = columns;
    let histograms: (NativeHistogram | undefined)[] | undefined;
    let at = 0;
    for (const { bytes, chunk, count } of parts) {
      let own: readonly (NativeHistogram | undefined)[] | undefined;
      if (chunk === undefined) own = readChunk(bytes as Uint8Array, columns, at);
      else {
        times.set(chunk.times.subarray(0, count), at);
        values.set(chunk.values.subarray(0, count), at);
        own = chunk.histograms;
        if (chunk.startTimes !== undefined) {
          columns.startTimes ??= new Float64Array(total);
          columns.startTimes.set(chunk.startTimes.subarray(0, count), at);
        }
      }
      if (own !== undefined) {
        histograms ??= new Array<undefined>(total).fill(undefined);
        for (let each = 0; each < count; each++) histograms[at + each] = own[each];
      }
      at += count;
    }
    const first = firstFrom(times, fromMs);
    const end = firstFrom(times, toMs + 1);
    if (first >= end) return undefined;
    return {
      labels: this.#store.index.labelsOf(id),
      times: times.subarray(first, end),
      values: values.subarray(first, end),
      histograms: histograms?.slice(first, end),
      startTimes: columns.startTimes?.subarray(first, end),
    };
  }
}

/** The index of the first time that is not before another. */
function firstFrom(times: Float64Array, timeMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
