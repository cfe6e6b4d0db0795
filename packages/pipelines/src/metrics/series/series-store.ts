/**
 * Series on disk, and those that grow in memory. What it is told becomes durable with `flush`, together with where in
 * the topic it has got to: after a crash it stands as at the last flush, and reading goes on from there. A sample that
 * comes twice is there once.
 *
 * Invariants: chunks of a series do not overlap. A chunk in memory stands for that of the same start on disk. Numbers
 * of series only grow. Times are whole milliseconds from 1970 on.
 */
import type { OrderedSpace, OrderedStore } from '@millrace/store';
import { Labels } from '../promql/model/labels.ts';
import type { NativeHistogram } from '../promql/model/native-histogram.ts';
import { markStale } from '../promql/model/stale-marker.ts';
import type { MetricMetadata } from '../promql/series-source.ts';
import { Chunk, chunkSamplesMax, decodeChunk } from './chunk.ts';
import { histogramTotal, total } from './delta-total.ts';
import { LabelIndex } from './label-index.ts';
import { StoredChunks, timeMsMax } from './stored-chunks.ts';

/** Ways in which a metric may be described. */
const descriptionsMax = 10;

interface Growing {
  /** The last chunk of the series. */
  head: Chunk;
  /** Chunks with what is not on disk, the head among them, by start; a start may have moved. */
  readonly dirty: Set<Chunk>;
  touchedAt: number;
}

export class SeriesStore {
  readonly index = new LabelIndex();
  readonly chunks: StoredChunks;
  readonly #store: OrderedStore;
  readonly #series: OrderedSpace;
  readonly #metrics: OrderedSpace;
  readonly #state: OrderedSpace;
  readonly #growing = new Map<number, Growing>();
  readonly #dirty = new Map<number, Growing>();
  readonly #newSeries: number[] = [];
  readonly #metadata = new Map<string, MetricMetadata[]>();
  readonly #newMetadata = new Set<string>();
  readonly #positions = new Map<number, number>();
  #nextId = 1;
  #samples = 0;
  /** When what is being written now was written to the topic; ms since 1970. */
  writtenMs = 0;

  /** Reads what series there are. The store stays the caller's. */
  constructor(store: OrderedStore) {
    this.#store = store;
    this.chunks = new StoredChunks(store);
    this.#series = store.space('series');
    this.#metrics = store.space('metrics');
    this.#state = store.space('state');
    for (const { key, value } of this.#series.range()) {
      const id = key.readUInt32BE();
      this.index.add(id, Labels.ofSorted(JSON.parse(value.toString()) as string[]));
      this.#nextId = id + 1;
    }
    for (const { key, value } of this.#metrics.range()) {
      this.#metadata.set(key.toString(), JSON.parse(value.toString()) as MetricMetadata[]);
    }
    for (const { key, value } of this.#state.range()) this.#positions.set(key.readUInt32BE(), value.readDoubleBE());
  }

  /** Next offset to read, by partition, as of the last flush. */
  get positions(): ReadonlyMap<number, number> {
    return this.#positions;
  }

  /** Samples that were added since the start. */
  get samples(): number {
    return this.#samples;
  }

  get metadata(): ReadonlyMap<string, readonly MetricMetadata[]> {
    return this.#metadata;
  }

  /** The number of a series, which is made where there is none. */
  seriesOf(labels: Labels): number {
    const known = this.index.idOf(labels);
    if (known !== undefined) return known;
    const id = this.#nextId++;
    this.index.add(id, labels);
    this.#newSeries.push(id);
    return id;
  }

  describe(metric: string, description: MetricMetadata): void {
    const known = this.#metadata.get(metric);
    const isKnown = known?.some(({ type, help, unit }) => {
      return type === description.type && help === description.help && unit === description.unit;
    });
    if (isKnown || (known?.length ?? 0) >= descriptionsMax) return;
    this.#metadata.set(metric, [...(known ?? []), description]);
    this.#newMetadata.add(metric);
  }

  /** A sample; one that is there at that time is replaced. `startMs`: when counting began, 0 where that is not told. */
  put(id: number, timeMs: number, value: number, histogram?: NativeHistogram, startMs = 0): void {
    if (timeMs < 0 || timeMs > timeMsMax) return;
    this.#chunkFor(id, timeMs).put(timeMs, value, histogram, startMs);
    this.#samples++;
  }

  /** The series goes on, but has no value from here on. */
  putStale(id: number, timeMs: number): void {
    if (timeMs < 0 || timeMs > timeMsMax) return;
    const chunk = this.#chunkFor(id, timeMs);
    markStale(chunk.values, chunk.put(timeMs, Number.NaN));
    this.#samples++;
  }

  /**
   * Adds to a total: a late one changes all that came after it. One of a time that is there already is the same.
   * Histograms of a series that differ in their resolution go on in the coarser one.
   */
  add(id: number, timeMs: number, delta: number, histogram?: NativeHistogram): void {
    if (timeMs < 0 || timeMs > timeMsMax) return;
    const growing = this.#growingOf(id);
    if (growing !== undefined && growing.head.endMs < timeMs) {
      const { head } = growing;
      return this.#putSum(id, timeMs, head, head.count - 1, delta, histogram);
    }
    const before = this.#loaded(id, timeMs);
    if (before?.has(timeMs)) return;
    let at = (before?.count ?? 0) - 1;
    while (at >= 0 && (before?.times[at] as number) > timeMs) at--;
    this.#putSum(id, timeMs, before, at, delta, histogram);
    this.#raise(id, timeMs, delta, histogram);
  }

  /** Puts the sum of a sample, if there is one, and what comes to it. */
  #putSum(
    id: number,
    timeMs: number,
    chunk: Chunk | undefined,
    at: number,
    delta: number,
    histogram: NativeHistogram | undefined,
  ): void {
    if (histogram !== undefined) {
      this.put(id, timeMs, Number.NaN, histogramTotal(at < 0 ? undefined : chunk?.histograms?.[at], histogram));
    } else this.put(id, timeMs, (at < 0 || chunk === undefined ? 0 : total(chunk.values[at] as number)) + delta);
  }

  /** Makes all that was told durable, with the offsets to go on from. Nothing may be added meanwhile. */
  async flush(positions: ReadonlyMap<number, number>): Promise<void> {
    const batch = this.#store.batch();
    for (const id of this.#newSeries.splice(0)) {
      batch.put(this.#series, idKey(id), Buffer.from(JSON.stringify(this.index.labelsOf(id).pairs)));
    }
    for (const metric of this.#newMetadata) {
      batch.put(this.#metrics, Buffer.from(metric), Buffer.from(JSON.stringify(this.#metadata.get(metric))));
    }
    this.#newMetadata.clear();
    for (const [id, { dirty }] of this.#dirty) for (const chunk of dirty) this.chunks.put(batch, id, chunk);
    for (const [partition, offset] of positions) {
      this.#positions.set(partition, offset);
      const value = Buffer.alloc(8);
      value.writeDoubleBE(offset);
      batch.put(this.#state, idKey(partition), value);
    }
    await this.#store.write(batch);
    // Not before: until then queries may not find it on disk.
    for (const { dirty } of this.#dirty.values()) dirty.clear();
    this.#dirty.clear();
  }

  /** The chunks in memory that hold what is not on disk, or the end of the series. */
  *inMemory(id: number): Generator<Chunk> {
    const growing = this.#growing.get(id);
    if (growing === undefined) return;
    if (!growing.dirty.has(growing.head)) yield growing.head;
    yield* growing.dirty;
  }

  /** Drops what ended before a time, and series that have nothing left. Nothing may be added meanwhile. */
  async dropBefore(timeMs: number, turn: () => Promise<void>): Promise<void> {
    const gone = new Set<number>();
    const batch = this.#store.batch();
    for (const id of [...this.index.ids()]) {
      const { starts, hasOthers } = this.chunks.endedBefore(id, timeMs);
      for (const startMs of starts) this.chunks.delete(batch, id, startMs);
      if (starts.length > 0) this.#growing.delete(id);
      if (starts.length > 0 && !hasOthers) {
        gone.add(id);
        batch.delete(this.#series, idKey(id));
      }
      await turn();
    }
    this.index.remove(gone);
    await this.#store.write(batch);
  }

  /** Lets go of series that have been silent since a moment of this process' clock. */
  forgetIdle(since: number): void {
    for (const [id, { touchedAt, dirty }] of this.#growing) {
      if (touchedAt < since && dirty.size === 0) this.#growing.delete(id);
    }
  }

  /** The chunk that a sample of a time belongs into, marked as changed. */
  #chunkFor(id: number, timeMs: number): Chunk {
    const growing = this.#growingOf(id);
    if (growing === undefined) {
      const made: Growing = { head: new Chunk(), dirty: new Set(), touchedAt: performance.now() };
      this.#growing.set(id, made);
      return this.#touch(id, made, made.head);
    }
    growing.touchedAt = performance.now();
    const { head } = growing;
    if (timeMs > head.endMs) {
      if (head.count < chunkSamplesMax) return this.#touch(id, growing, head);
      growing.head = new Chunk(16);
      return this.#touch(id, growing, growing.head);
    }
    if (timeMs >= head.startMs) {
      if (head.count >= 2 * chunkSamplesMax) {
        const later = head.split();
        this.#touch(id, growing, head);
        growing.head = later;
        this.#touch(id, growing, later);
        return this.#chunkFor(id, timeMs);
      }
      return this.#touch(id, growing, head);
    }
    const before = this.#loaded(id, timeMs);
    if (before === undefined) return this.#touch(id, growing, new Chunk());
    if (before.count >= 2 * chunkSamplesMax) {
      const later = before.split();
      this.#touch(id, growing, before);
      this.#touch(id, growing, later);
      return timeMs >= later.startMs ? later : before;
    }
    return this.#touch(id, growing, before);
  }

  /** The chunk that begins last before a time, or at it. */
  #loaded(id: number, timeMs: number): Chunk | undefined {
    let found: Chunk | undefined;
    for (const chunk of this.inMemory(id)) {
      if (chunk.startMs <= timeMs && (found === undefined || chunk.startMs > found.startMs)) found = chunk;
    }
    const stored = this.chunks.at(id, timeMs);
    if (stored === undefined || (found !== undefined && stored.startMs <= found.startMs)) return found;
    return decodeChunk(stored.bytes);
  }

  /** Adds to all samples after a time. */
  #raise(id: number, timeMs: number, delta: number, histogram: NativeHistogram | undefined): void {
    const growing = this.#growing.get(id) as Growing;
    const seen = new Set<number>();
    const raise = (chunk: Chunk): void => {
      seen.add(chunk.startMs);
      let changed = false;
      for (let at = 0; at < chunk.count; at++) {
        if ((chunk.times[at] as number) <= timeMs) continue;
        const own = chunk.histograms?.[at];
        if (histogram === undefined) chunk.values[at] = (chunk.values[at] as number) + delta;
        else if (own !== undefined && chunk.histograms !== undefined)
          chunk.histograms[at] = histogramTotal(own, histogram);
        changed = true;
      }
      if (changed) this.#touch(id, growing, chunk);
    };
    for (const chunk of [...this.inMemory(id)]) raise(chunk);
    for (const { startMs, bytes } of [...this.chunks.between(id, timeMs, timeMsMax)]) {
      if (!seen.has(startMs)) raise(decodeChunk(bytes));
    }
  }

  #touch(id: number, growing: Growing, chunk: Chunk): Chunk {
    if (this.writtenMs > chunk.writtenMs) chunk.writtenMs = this.writtenMs;
    growing.dirty.add(chunk);
    this.#dirty.set(id, growing);
    return chunk;
  }

  /** What is in memory of a series; of one that is on disk alone its last chunk is read. */
  #growingOf(id: number): Growing | undefined {
    const known = this.#growing.get(id);
    if (known !== undefined) return known;
    const last = this.chunks.at(id, timeMsMax);
    if (last === undefined) return undefined;
    const growing = { head: decodeChunk(last.bytes), dirty: new Set<Chunk>(), touchedAt: performance.now() };
    this.#growing.set(id, growing);
    return growing;
  }
}

function idKey(id: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(id);
  return key;
}
