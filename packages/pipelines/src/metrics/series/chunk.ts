/**
 * A stretch of one series, in columns: what is held in memory while it grows, and its bytes. Times are ascending and
 * unique. A sample is a number, or a native histogram, whose number is NaN then.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BucketCounts, NativeHistogram, ResetHint } from '../promql/model/native-histogram.ts';
import { ColumnReader, ColumnWriter } from './byte-column.ts';
import { readTimes, readValues, writeTimes, writeValues } from './number-column.ts';

/** Samples after which a chunk is closed; late ones may make it twice as long. */
export const chunkSamplesMax = 120;

/** Forms of a chunk's bytes. A form never changes: another one gets another number. */
const numbersForm = 1;
const histogramsForm = 2;
/** The same with a column of start times. */
const startedNumbersForm = 3;
const startedHistogramsForm = 4;

export class Chunk {
  times: Float64Array;
  values: Float64Array;
  /** By sample; undefined where the series has none at all. */
  histograms: (NativeHistogram | undefined)[] | undefined;
  /** When what a sample counts began, 0 where that is not told; undefined where it is of none. */
  startTimes: Float64Array | undefined;
  count = 0;
  /** When the newest of its samples was written to the topic; ms since 1970. */
  writtenMs = 0;

  constructor(capacity = 8) {
    this.times = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
  }

  get startMs(): number {
    return this.times[0] as number;
  }

  get endMs(): number {
    return this.times[this.count - 1] as number;
  }

  /** Puts a sample in its place; one of the same time is replaced. Answers its index. */
  put(timeMs: number, value: number, histogram?: NativeHistogram, startMs = 0): number {
    let at = this.count;
    while (at > 0 && (this.times[at - 1] as number) >= timeMs) at--;
    if (at === this.count || this.times[at] !== timeMs) this.#insert(at);
    this.times[at] = timeMs;
    this.values[at] = value;
    if (histogram !== undefined || this.histograms !== undefined) {
      this.histograms ??= Array.from({ length: this.count }, () => undefined);
      this.histograms[at] = histogram;
    }
    if (startMs > 0) this.startTimes ??= new Float64Array(this.times.length);
    if (this.startTimes !== undefined) this.startTimes[at] = startMs;
    return at;
  }

  /** Whether there is a sample of this very time. */
  has(timeMs: number): boolean {
    for (let at = this.count - 1; at >= 0; at--) {
      const time = this.times[at] as number;
      if (time <= timeMs) return time === timeMs;
    }
    return false;
  }

  /** Keeps the first half, and answers the other. */
  split(): Chunk {
    const half = this.count >>> 1;
    const other = new Chunk(this.count - half);
    other.times.set(this.times.subarray(half, this.count));
    other.values.set(this.values.subarray(half, this.count));
    other.histograms = this.histograms?.splice(half);
    other.startTimes = this.startTimes?.slice(half, this.count);
    other.count = this.count - half;
    other.writtenMs = this.writtenMs;
    this.count = half;
    return other;
  }

  #insert(at: number): void {
    if (this.count === this.times.length) {
      this.times = grown(this.times);
      this.values = grown(this.values);
      this.startTimes = this.startTimes && grown(this.startTimes);
    }
    if (at < this.count) {
      this.times.copyWithin(at + 1, at, this.count);
      this.values.copyWithin(at + 1, at, this.count);
      this.startTimes?.copyWithin(at + 1, at, this.count);
      this.histograms?.splice(at, 0, undefined);
    }
    this.count += 1;
  }
}

const writer = new ColumnWriter();

/** The bytes of a chunk with at least one sample. */
export function encodeChunk({ times, values, startTimes, histograms, count, writtenMs }: Chunk): Uint8Array {
  writer.clear();
  if (startTimes === undefined) writer.byte(histograms === undefined ? numbersForm : histogramsForm);
  else writer.byte(histograms === undefined ? startedNumbersForm : startedHistogramsForm);
  writer.unsigned(count);
  // Readers that look for a time need these alone.
  writer.double(times[count - 1] as number);
  writer.double(writtenMs);
  writeTimes(writer, times, count);
  writeValues(writer, values, count);
  if (startTimes !== undefined) writeTimes(writer, startTimes, count);
  if (histograms !== undefined) writer.raw(zstdCompressSync(JSON.stringify(histograms.map(plainHistogram))));
  return writer.bytes.slice();
}

/** What a chunk's bytes begin with. */
export interface ChunkExtent {
  readonly count: number;
  /** Time of the last sample. */
  readonly endMs: number;
  readonly writtenMs: number;
}

export function chunkExtent(bytes: Uint8Array): ChunkExtent {
  const reader = new ColumnReader(bytes, 1);
  return { count: reader.unsigned(), endMs: reader.double(), writtenMs: reader.double() };
}

/** Columns of one length; that of start times is made where there are any. */
export interface SampleColumns {
  readonly times: Float64Array;
  readonly values: Float64Array;
  startTimes: Float64Array | undefined;
}

/** Reads numbers into columns from an index on; answers histograms where there are any. */
export function readChunk(
  bytes: Uint8Array,
  columns: SampleColumns,
  from: number,
): readonly (NativeHistogram | undefined)[] | undefined {
  const reader = new ColumnReader(bytes);
  const form = reader.byte();
  const count = reader.unsigned();
  reader.double();
  reader.double();
  readTimes(reader, columns.times, from, count);
  readValues(reader, columns.values, from, count);
  if (form === startedNumbersForm || form === startedHistogramsForm) {
    columns.startTimes ??= new Float64Array(columns.times.length);
    readTimes(reader, columns.startTimes, from, count);
  }
  if (form !== histogramsForm && form !== startedHistogramsForm) return undefined;
  return (JSON.parse(zstdDecompressSync(reader.rest()).toString()) as (PlainHistogram | null)[]).map(histogramOf);
}

export function decodeChunk(bytes: Uint8Array): Chunk {
  const { count, writtenMs } = chunkExtent(bytes);
  const chunk = new Chunk(count);
  chunk.writtenMs = writtenMs;
  chunk.histograms = readChunk(bytes, chunk, 0) as Chunk['histograms'];
  chunk.count = count;
  return chunk;
}

function grown(column: Float64Array): Float64Array {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}

type PlainBuckets = readonly [indexes: readonly number[], counts: readonly number[]];

interface PlainHistogram {
  readonly h: readonly [
    ...[schema: number, count: number, sum: number | string, zeroThreshold: number, zeroCount: number],
    ...[positive: PlainBuckets, negative: PlainBuckets, resetHint: ResetHint],
  ];
}

function plainHistogram(histogram: NativeHistogram | undefined): PlainHistogram | null {
  if (histogram === undefined) return null;
  const { schema, count, sum, zeroThreshold, zeroCount, positive, negative, resetHint } = histogram;
  const told = Number.isFinite(sum) ? sum : String(sum);
  const plain = ({ indexes, counts }: BucketCounts): PlainBuckets => [[...indexes], [...counts]];
  return { h: [schema, count, told, zeroThreshold, zeroCount, plain(positive), plain(negative), resetHint] };
}

function histogramOf(plain: PlainHistogram | null): NativeHistogram | undefined {
  if (plain === null) return undefined;
  const [schema, count, sum, zeroThreshold, zeroCount, positive, negative, resetHint] = plain.h;
  const buckets = ([indexes, counts]: PlainBuckets): BucketCounts => {
    return { indexes: Int32Array.from(indexes), counts: Float64Array.from(counts) };
  };
  return {
    ...{ schema, count, sum: Number(sum), zeroThreshold, zeroCount, resetHint },
    ...{ positive: buckets(positive), negative: buckets(negative) },
  };
}
