/**
 * What is fetched of one partition just now, and what arrived and waits: ranges of its offsets. Near a broker there is
 * one at a time, which begins at the partition's position. Over distance others are asked for ahead of it, each from an
 * offset at which the one before is expected to end.
 *
 * Where a range really ends is known when it arrives: with the last whole batch. Batches have the same bounds in every
 * answer, so ranges that overlap are joined by leaving out what was taken already, and where they don't meet there is a
 * gap, which is asked for like anything else: what is fetched next is always the first offset that nothing covers.
 * A range is taken only at the partition's position, one after the other. One that was asked for right there is taken
 * as it is: the leader was told the epoch of the last record, and compares since Kafka 2.7. Any other must hold a batch
 * of that epoch which reaches to the position or beyond: then both are of the same log, whatever elections there were
 * in between. If not, it is dropped, and asked for again when it is its turn.
 */
import type { FetchedMemory } from './fetched-memory.ts';
import { continuesLog, extentOf, type RecordExtent } from './record-extent.ts';
import type { FetchAnswer, SourcePartition } from './source-partition.ts';

/** A part of a partition that is fetched with one request, and waits until what lies before it is taken. */
export interface FetchRange {
  /** Source offset that is asked for; once it has arrived also that of its first batch, if that is lower. */
  from: number;
  /** Source offset behind what it is expected to bring, or has brought; infinite: all that there is. */
  until: number;
  /** Most bytes that are asked for. */
  readonly bytesMax: number;
  answer?: FetchAnswer;
  extent?: RecordExtent | undefined;
  /** Whether it was asked for at the partition's position, with the epoch of the record before. */
  isAskedAtPosition?: boolean;
  /** Whether the memory of its records is kept for it. */
  isHeld?: boolean;
}

/** Less is asked for than would just fit, as batches differ in size. */
const fillShare = 15 / 16;
/** What is asked for to fill a gap is that much more than it seems to hold. */
const gapShare = 5 / 4;

export class PartitionRanges {
  readonly partition: SourcePartition;
  readonly #memory: FetchedMemory;
  /** By `from` ascending. */
  #ranges: FetchRange[] = [];
  #taking: FetchRange | undefined;
  #isClosed = false;
  /** Behind the last record that can be fetched, as the source last said. */
  #end = 0;
  /** 0 while unknown. */
  #bytesPerOffset = 0;
  #batchBytes = 0;
  /** Nothing is fetched ahead from here on: it could not be had, and when the position comes there it is seen why. */
  #aheadMax = Number.POSITIVE_INFINITY;

  /** `memory` is where what is fetched lies. */
  constructor(partition: SourcePartition, memory: FetchedMemory) {
    this.partition = partition;
    this.#memory = memory;
  }

  /** Bytes that are asked for, or have arrived and are not taken. */
  get bytes(): number {
    return this.#ranges.reduce((sum, { answer, bytesMax }) => sum + (answer?.records?.length ?? bytesMax), 0);
  }

  /** Whether something has arrived and waits. */
  get isWaiting(): boolean {
    return this.#ranges.some(({ answer }) => answer !== undefined);
  }

  /** Drops what waits, and what arrives from now on. */
  close(): void {
    this.#isClosed = true;
    for (const range of this.#ranges) if (range !== this.#taking) this.#drop(range);
  }

  /** The range at the partition's position, unless it is under way. Nothing is noted before `begin`. */
  head(bytesMax: number): FetchRange | undefined {
    const gap = this.#gap();
    return gap.from === this.partition.position ? this.#rangeIn(gap, bytesMax) : undefined;
  }

  /** The first range that is worth fetching ahead of what is under way. */
  ahead(bytesMax: number): FetchRange | undefined {
    const gap = this.#gap();
    if (gap.from <= this.partition.position || gap.from >= this.#aheadMax || this.#bytesPerOffset === 0)
      return undefined;
    const isWorthwhile = Number.isFinite(gap.until) || this.#bytesFrom(gap.from) >= bytesMax;
    return isWorthwhile ? this.#rangeIn(gap, bytesMax) : undefined;
  }

  /** How many bytes a range is expected to bring at once; 0 when it waits for what is yet to be written. */
  expected({ from, bytesMax }: FetchRange): number {
    return this.#bytesPerOffset === 0 ? bytesMax : Math.min(bytesMax, this.#bytesFrom(from));
  }

  /** How many bytes a range will bring at once, as far as that is known. */
  awaited(range: FetchRange): number {
    return this.#bytesPerOffset === 0 ? 0 : Math.ceil(this.expected(range));
  }

  /** Notes that a range is under way. */
  begin(range: FetchRange): void {
    const place = this.#ranges.findIndex(({ from }) => from > range.from);
    this.#ranges.splice(place < 0 ? this.#ranges.length : place, 0, range);
  }

  /** Notes that a request for a range is sent; answers the epoch of the record before it, -1 when unknown. */
  asked(range: FetchRange): number {
    const { position, lastFetchedEpoch } = this.partition;
    range.isAskedAtPosition = range.from === position;
    // What lies before a range ahead is not known yet.
    return range.isAskedAtPosition ? lastFetchedEpoch : -1;
  }

  /** Notes that a range did not arrive. `isRefused`: it can't be had. Answers whether it was at the position. */
  lost(range: FetchRange, isRefused = false): boolean {
    const isHead = this.#isHead(range);
    if (isRefused && !isHead) this.#aheadMax = Math.min(this.#aheadMax, range.from);
    this.#drop(range);
    return isHead;
  }

  /**
   * Takes what was fetched as far as it is the partition's turn; resolves when that is done. What waits is a user of
   * its memory.
   */
  arrived(range: FetchRange, answer: FetchAnswer): Promise<void> | undefined {
    if (this.#isClosed) return undefined;
    const { records, lastStableOffset, highWatermark } = answer;
    this.#end = lastStableOffset < 0 ? highWatermark : lastStableOffset;
    const isHead = this.#isHead(range);
    if (records === null || records.length === 0) {
      this.lost(range, true);
      return isHead ? this.partition.take(answer, this.#memory) : undefined;
    }
    range.answer = answer;
    if (isHead && range.isAskedAtPosition === true) {
      const taking = this.#take(range, answer);
      return taking === undefined ? this.deliver() : taking.then(() => this.deliver());
    }
    const extent = extentOf(records);
    if (extent === undefined) {
      this.lost(range, true);
      return undefined;
    }
    this.#measure(extent.bytes, extent.end - extent.first, extent.largestBatchBytes);
    range.extent = extent;
    range.from = Math.min(range.from, extent.first);
    range.until = extent.end;
    range.isHeld = true;
    this.#memory.use(records);
    return this.deliver();
  }

  /** Hands over what waits at the partition's position, as long as that has room; resolves when that is done. */
  deliver(): Promise<void> | undefined {
    for (;;) {
      const range = this.#next();
      if (range?.answer === undefined) return undefined;
      const taking = this.#take(range, range.answer);
      if (taking !== undefined) return taking.then(() => this.deliver());
    }
  }

  /** What waits at the position. What lies before it, or is not of the same log, is dropped. */
  #next(): FetchRange | undefined {
    if (this.#isClosed || this.#taking !== undefined || !this.partition.hasRoom) return undefined;
    const { position, lastFetchedEpoch } = this.partition;
    for (const range of [...this.#ranges]) {
      if (range.extent === undefined || range.from > position) continue;
      if (range.until > position && continuesLog(range.extent, position, lastFetchedEpoch)) return range;
      this.#drop(range);
    }
    return undefined;
  }

  #take(range: FetchRange, answer: FetchAnswer): Promise<void> | undefined {
    this.#taking = range;
    const from = this.partition.position;
    const taken = (): void => {
      this.#taking = undefined;
      this.#drop(range);
      const { position } = this.partition;
      if (range.extent === undefined) this.#measure(answer.records?.length ?? 0, position - from, this.#batchBytes);
      if (position >= this.#aheadMax) this.#aheadMax = Number.POSITIVE_INFINITY;
    };
    const taking = this.partition.take(answer, this.#memory);
    if (taking === undefined) taken();
    return taking?.then(taken);
  }

  #isHead(range: FetchRange): boolean {
    return this.#taking === undefined && range.from === this.partition.position;
  }

  /** The first offsets that nothing covers. */
  #gap(): { from: number; until: number } {
    let from = this.partition.position;
    for (const range of this.#ranges) {
      if (range.from > from) return { from, until: range.from };
      from = Math.max(from, range.until);
    }
    return { from, until: Number.POSITIVE_INFINITY };
  }

  #rangeIn({ from, until }: { from: number; until: number }, most: number): FetchRange {
    const density = this.#bytesPerOffset;
    const needed = Number.isFinite(until)
      ? Math.ceil((until - from) * density * gapShare) + 2 * this.#batchBytes
      : most;
    const bytesMax = Math.max(1, Math.min(most, needed));
    // The last batch is cut off, as a rule.
    const bytes = Math.max(bytesMax * fillShare - this.#batchBytes, this.#batchBytes, 1);
    const isLast = density === 0 || this.#bytesFrom(from) <= bytesMax;
    const end = isLast ? Number.POSITIVE_INFINITY : from + Math.max(1, Math.floor(bytes / density));
    return { from, until: Math.min(until, end), bytesMax };
  }

  #bytesFrom(offset: number): number {
    return Math.max(0, this.#end - offset) * this.#bytesPerOffset;
  }

  #measure(bytes: number, offsets: number, batchBytes: number): void {
    if (offsets <= 0) return;
    const density = bytes / offsets;
    this.#bytesPerOffset = this.#bytesPerOffset === 0 ? density : (this.#bytesPerOffset + density) / 2;
    this.#batchBytes = batchBytes;
  }

  #drop(range: FetchRange): void {
    this.#ranges = this.#ranges.filter((each) => each !== range);
    if (range.isHeld !== true) return;
    range.isHeld = false;
    this.#memory.release(range.answer?.records as Uint8Array);
  }
}
