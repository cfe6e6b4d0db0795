/**
 * Lines on disk, found by time, label, severity, template and words.
 *
 * Lines come in the order of their partitions, each once: `append` leaves out what is there. They gather in memory,
 * block by block, until a segment of them is written. What was not written is lost with the process, and comes again
 * from the topic, since `next` is where the written ones end. Small segments are put together when the next one is
 * written; those whose newest line is older than the retention are removed, but for the newest segment, which says
 * where the store is.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAskedFor, type LineQuery, mayHaveLines, mayHaveWords } from './line-query.ts';
import {
  type BlockSummary,
  blockLinesMax,
  decodeBlock,
  type EncodedBlock,
  encodeBlock,
  type StoredLine,
} from './log-block.ts';
import { SegmentFile, writeSegment } from './segment-file.ts';

export interface LogStoreOptions {
  readonly directory: string;
  /** Default 30 days, by the lines' own times. */
  readonly retentionMs?: number | undefined;
  /** Default 20 GiB; the oldest segments go first. */
  readonly bytesMax?: number | undefined;
  /** A segment is written when it has so many lines, or after `sealMs`. Defaults 131,072 and 60,000. */
  readonly segmentLinesMax?: number | undefined;
  readonly sealMs?: number | undefined;
  readonly now?: (() => number) | undefined;
}

/** Where a search goes on: behind this line, older ones first come last. */
export interface LinePlace {
  readonly time: number;
  readonly partition: number;
  readonly offset: number;
}

export interface FoundLines {
  /** Newest first. */
  readonly lines: readonly StoredLine[];
  /** Whether there are more. */
  readonly hasMore: boolean;
  readonly blocksRead: number;
  readonly blocksLeftOut: number;
}

interface Candidate {
  /** Undefined for lines of which nothing is known. */
  readonly summary: BlockSummary | undefined;
  mayHaveWords(query: LineQuery): Promise<boolean>;
  lines(): Promise<readonly StoredLine[]>;
}

const namePattern = /^segment-(\d+)\.logs$/;

export class LogStore implements AsyncDisposable {
  readonly #options: { readonly [K in keyof LogStoreOptions]-?: NonNullable<LogStoreOptions[K]> };
  #segments: SegmentFile[] = [];
  #blocks: EncodedBlock[] = [];
  #open: StoredLine[] = [];
  #openSinceMs: number | undefined;
  readonly #next = new Map<number, number>();
  #replaced: SegmentFile[] = [];

  private constructor(options: LogStoreOptions) {
    this.#options = {
      directory: options.directory,
      retentionMs: options.retentionMs ?? 30 * 86_400_000,
      bytesMax: options.bytesMax ?? 20 * 2 ** 30,
      segmentLinesMax: options.segmentLinesMax ?? 131_072,
      sealMs: options.sealMs ?? 60_000,
      now: options.now ?? Date.now,
    };
  }

  /** Opens the store, or makes one. Rejects with `SegmentError` for a file that is damaged. */
  static async open(options: LogStoreOptions): Promise<LogStore> {
    const store = new LogStore(options);
    await mkdir(options.directory, { recursive: true });
    for (const name of await readdir(options.directory)) {
      const number = namePattern.exec(name)?.[1];
      const path = join(options.directory, name);
      if (number !== undefined) store.#segments.push(await SegmentFile.open(path, Number(number)));
      else if (name.endsWith('.partial')) await rm(path);
    }
    store.#segments.sort((a, b) => a.number - b.number);
    const replaced = new Set(store.#segments.flatMap(({ replaces }) => replaces));
    await store.#remove(store.#segments.filter(({ number }) => replaced.has(number)));
    const newest = store.#segments.at(-1);
    for (const [partition, next] of Object.entries(newest?.next ?? {})) store.#next.set(Number(partition), next);
    return store;
  }

  /** Where the lines of a partition end that are stored, in memory included. */
  next(partition: number): number {
    return this.#next.get(partition) ?? 0;
  }

  /** Begins again from an offset, for a topic that was made anew. */
  reset(partition: number, next: number): void {
    this.#next.set(partition, next);
  }

  /** There is no line before an offset that has not come. */
  skipTo(partition: number, next: number): void {
    if (next > this.next(partition)) this.#next.set(partition, next);
  }

  get stats(): { readonly lines: number; readonly segments: number; readonly sizeInBytes: number } {
    const lines = this.#segments.reduce((sum, segment) => sum + segment.lines, 0);
    const open = this.#blocks.reduce((sum, { summary }) => sum + summary.lines, 0) + this.#open.length;
    const sizeInBytes = this.#segments.reduce((sum, segment) => sum + segment.sizeInBytes, 0);
    return { lines: lines + open, segments: this.#segments.length, sizeInBytes };
  }

  /** Answers whether it was not there yet. */
  append(stored: StoredLine): boolean {
    if (stored.offset < this.next(stored.partition)) return false;
    this.#next.set(stored.partition, stored.offset + 1);
    this.#openSinceMs ??= this.#options.now();
    this.#open.push(stored);
    if (this.#open.length >= blockLinesMax) {
      this.#blocks.push(encodeBlock(this.#open));
      this.#open = [];
    }
    return true;
  }

  /** Writes a segment when it is time to, and removes what is too old. Call it between batches, never twice at once. */
  async tend(): Promise<void> {
    const { segmentLinesMax, sealMs, now } = this.#options;
    if (this.#openSinceMs === undefined) return;
    const isFull = this.#blocks.length * blockLinesMax >= segmentLinesMax;
    if (isFull || now() - this.#openSinceMs >= sealMs) await this.seal();
  }

  /** Writes all that is in memory. */
  async seal(): Promise<void> {
    if (this.#open.length > 0) this.#blocks.push(encodeBlock(this.#open));
    this.#open = [];
    if (this.#blocks.length === 0) return;
    const small = this.#smallOnes();
    const earlier: EncodedBlock[] = [];
    for (const segment of small) earlier.push(...(await blocksOf(segment)));
    const number = (this.#segments.at(-1)?.number ?? 0) + 1;
    const path = join(this.#options.directory, `segment-${String(number).padStart(10, '0')}.logs`);
    const replaces = small.map((segment) => segment.number);
    await writeSegment(path, {
      blocks: packed([...earlier, ...this.#blocks]),
      next: Object.fromEntries(this.#next),
      replaces,
    });
    const written = await SegmentFile.open(path, number);
    this.#segments.push(written);
    this.#blocks = [];
    this.#openSinceMs = undefined;
    await this.#remove(small);
    await this.#expire();
  }

  /** The newest lines that are asked for; `before`: only those that come after it in this order. */
  async search(query: LineQuery, limit: number, before?: LinePlace, signal?: AbortSignal): Promise<FoundLines> {
    const bounded = before === undefined ? query : { ...query, until: Math.min(query.until ?? Infinity, before.time) };
    const all = this.#candidates();
    const candidates = all.filter(({ summary }) => summary === undefined || mayHaveLines(bounded, summary));
    candidates.sort((a, b) => latestOf(b) - latestOf(a));
    let found: StoredLine[] = [];
    let blocksRead = 0;
    for (const candidate of candidates) {
      signal?.throwIfAborted();
      const oldest = found[limit];
      if (oldest !== undefined && oldest.line.time > latestOf(candidate)) break;
      if (!(await candidate.mayHaveWords(bounded))) continue;
      blocksRead++;
      for (const stored of await candidate.lines()) {
        if (isAskedFor(bounded, stored) && (before === undefined || comesAfter(stored, before))) found.push(stored);
      }
      found.sort(newestFirst);
      found = found.slice(0, limit + 1);
    }
    const hasMore = found.length > limit;
    return { lines: found.slice(0, limit), hasMore, blocksRead, blocksLeftOut: all.length - blocksRead };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#segments, ...this.#replaced].map((segment) => segment[Symbol.asyncDispose]()));
    this.#segments = [];
    this.#replaced = [];
  }

  #candidates(): Candidate[] {
    const onDisk = this.#segments.flatMap((segment) =>
      segment.blocks.map(
        (summary, index): Candidate => ({
          summary,
          mayHaveWords: async (query) =>
            (query.terms ?? []).length === 0 || mayHaveWords(query, await segment.filter(index)),
          lines: () => segment.linesOf(index),
        }),
      ),
    );
    const inMemory = this.#blocks.map(
      ({ summary, bytes, filter }): Candidate => ({
        summary,
        mayHaveWords: async (query) => mayHaveWords(query, filter),
        lines: async () => decodeBlock(bytes, summary),
      }),
    );
    const open = [...this.#open];
    const newest: Candidate = {
      summary: undefined,
      mayHaveWords: async () => true,
      lines: async () => open,
    };
    return [...onDisk, ...inMemory, ...(open.length > 0 ? [newest] : [])];
  }

  /** The newest segments that are still small together. */
  #smallOnes(): SegmentFile[] {
    const small: SegmentFile[] = [];
    let lines = this.#blocks.reduce((sum, { summary }) => sum + summary.lines, 0);
    for (const segment of this.#segments.toReversed()) {
      lines += segment.lines;
      if (lines > this.#options.segmentLinesMax) break;
      small.unshift(segment);
    }
    return small;
  }

  async #expire(): Promise<void> {
    const { retentionMs, bytesMax, now } = this.#options;
    const removable = this.#segments.slice(0, -1);
    const tooOld = removable.filter(({ to }) => to < now() - retentionMs);
    let size = this.stats.sizeInBytes - tooOld.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
    const tooMany: SegmentFile[] = [];
    for (const segment of removable) {
      if (size <= bytesMax) break;
      if (tooOld.includes(segment)) continue;
      tooMany.push(segment);
      size -= segment.sizeInBytes;
    }
    await this.#remove([...tooOld, ...tooMany]);
  }

  /** Files of searches that go on stay open until the next ones are removed. */
  async #remove(segments: readonly SegmentFile[]): Promise<void> {
    if (segments.length === 0) return;
    this.#segments = this.#segments.filter((segment) => !segments.includes(segment));
    for (const { path } of segments) await rm(path, { force: true });
    await Promise.all(this.#replaced.map((segment) => segment[Symbol.asyncDispose]()));
    this.#replaced = [...segments];
  }
}

async function blocksOf(segment: SegmentFile): Promise<EncodedBlock[]> {
  const blocks: EncodedBlock[] = [];
  for (const index of segment.blocks.keys()) blocks.push(await segment.encoded(index));
  return blocks;
}

/** Blocks of few lines next to each other become one. */
function packed(blocks: readonly EncodedBlock[]): EncodedBlock[] {
  const result: EncodedBlock[] = [];
  let gathered: StoredLine[] = [];
  const flush = (): void => {
    if (gathered.length > 0) result.push(encodeBlock(gathered));
    gathered = [];
  };
  for (const block of blocks) {
    const { lines } = block.summary;
    if (gathered.length + lines > blockLinesMax) flush();
    if (lines > blockLinesMax / 2) {
      flush();
      result.push(block);
    } else gathered.push(...decodeBlock(block.bytes, block.summary));
  }
  flush();
  return result;
}

function latestOf({ summary }: Candidate): number {
  return summary?.to ?? Number.MAX_VALUE;
}

function newestFirst(a: StoredLine, b: StoredLine): number {
  return b.line.time - a.line.time || b.partition - a.partition || b.offset - a.offset;
}

function comesAfter({ line, partition, offset }: StoredLine, place: LinePlace): boolean {
  if (line.time !== place.time) return line.time < place.time;
  if (partition !== place.partition) return partition < place.partition;
  return offset < place.offset;
}
