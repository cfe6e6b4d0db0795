/**
 * The log of one partition: segments on disk, the newest batches in memory.
 *
 * Appending assigns offsets at once and in order; writing follows in groups: while one write is under way, what is
 * appended waits and goes out with the next. A record can be read, and its append counts as done, once it is written
 * (and synced, where `flush.messages` asks for it).
 *
 * Invariants
 * - `startOffset <= lastStableOffset <= highWatermark <= endOffset`; what lies below `highWatermark` is in the files,
 *   whole and in order; below `lastStableOffset` no transaction is open.
 * - One thing at a time is done with the writer: a group is written, or `#exclusively` does its work.
 * - After a failed write the log is as if its records had never been appended: `endOffset` goes back to
 *   `highWatermark`.
 *
 * Where it starts and what retention deletes is `LogStart`'s, what compaction replaces is `LogCompaction`'s.
 */
import { assert, type HeldMemory } from '@millrace/base';
import { batchHeader } from '@millrace/wire';
import type { LogSettings } from '../configuration/topic-configuration.ts';
import { type AbortedTransaction, abortedIn } from './aborted-transaction.ts';
import { LogCompaction } from './compaction/log-compaction.ts';
import { holesOf, type LogDamage } from './damage.ts';
import { LastingFailure } from './lasting-failure.ts';
import type { LogEnvironment } from './log-environment.ts';
import { LogStart } from './log-start.ts';
import { LogWriter } from './log-writer.ts';
import { producerBatchAt } from './producer-batch.ts';
import { ProducerStates } from './producer-states.ts';
import type { Segment } from './segment.ts';
import { SegmentList } from './segment-list.ts';
import { recoverSegments } from './segment-recovery.ts';
import { Tail } from './tail.ts';
import { type Appended, newWriteGroup, type WriteGroup, type WriteOutcome } from './write-group.ts';

export interface LogOptions {
  readonly environment: LogEnvironment;
  /** Absolute path of the partition's directory, made at the first append. */
  readonly directory: string;
  /** The settings in force now; asked again whenever they are needed. */
  readonly settings: () => LogSettings;
  /** Called after `highWatermark` moved. */
  readonly onAdvance: () => void;
}

/** Whole batches as they lie in the log. Empty when there is nothing to read at the offset yet. */
export type ReadChunks = readonly Uint8Array[];

export class Log {
  readonly producers = new ProducerStates();
  readonly compaction: LogCompaction;
  /** Of reading it. */
  readonly failures: LastingFailure;
  readonly #environment: LogEnvironment;
  readonly #settings: () => LogSettings;
  readonly #onAdvance: () => void;
  readonly #tail = new Tail();
  readonly #segments: SegmentList;
  readonly #writer: LogWriter;
  readonly #start: LogStart;
  /** What is being written, and what goes out after it. */
  #current: WriteGroup | undefined;
  #pending: WriteGroup | undefined;
  #writing: Promise<void> | undefined;
  #endOffset = 0;
  #closed = false;

  constructor(options: LogOptions) {
    const { environment, settings } = options;
    this.#environment = environment;
    this.#settings = settings;
    this.#onAdvance = options.onAdvance;
    this.failures = new LastingFailure(environment.clock);
    this.#segments = new SegmentList(environment, options.directory);
    this.#writer = new LogWriter(environment, this.#segments, this.producers);
    const rollIf = (isDue: (active: Segment) => boolean): Promise<boolean> => this.#rollIf(isDue);
    this.#start = new LogStart(environment.clock, this.#segments, rollIf);
    const dropCached = (before: number): void => environment.tails.dropBefore(this.#tail, before);
    const segments = this.#segments;
    this.compaction = new LogCompaction({ log: this, environment, segments, settings, rollIf, dropCached });
  }

  get directory(): string {
    return this.#segments.directory;
  }

  /** Offset of the oldest record, or where the next one goes when there is none. */
  get startOffset(): number {
    return this.#start.offset;
  }

  /** Offset that the next appended record gets. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Offset after the last record that can be read. */
  get highWatermark(): number {
    return this.#writer.writtenTo;
  }

  /** Offset after the last record of which it is decided whether it is committed. Never goes back. */
  get lastStableOffset(): number {
    const open = this.producers.firstOpenOffset;
    return open === undefined ? this.highWatermark : Math.max(open, this.#start.offset);
  }

  /** Bytes that became readable since the start, whatever was deleted since: for telling how many came meanwhile. */
  get writtenBytes(): number {
    return this.#writer.writtenBytes;
  }

  /** Bytes in all segments. */
  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  /** What of it can't be read, as far as it was met; each was reported once. */
  get damage(): readonly LogDamage[] {
    return holesOf(this.#segments.all);
  }

  get segments(): readonly Segment[] {
    return this.#segments.all;
  }

  /** Takes over what the directory holds. `startOffset` is where DeleteRecords moved the start to, if it did. */
  async recover(startOffset: number): Promise<void> {
    const settings = this.#settings();
    const { directory, producers } = this;
    this.#segments.adopt(await recoverSegments(this.#environment, directory, producers, settings.indexIntervalBytes));
    const end = this.#segments.active?.nextOffset ?? startOffset;
    this.#start.recover(startOffset, end);
    this.#endOffset = end;
    if (settings.compact) await this.compaction.recover(end);
    await this.#writer.resume(end, settings);
  }

  /**
   * Appends a copy of one batch that was found valid, setting its offset and leader epoch in place. Answers the offset
   * of its first record, and what becomes of it, in a promise that batches written together share.
   */
  append(batch: Uint8Array, leaderEpoch: number): Appended {
    assert(!this.#closed, 'append to a closed log');
    const baseOffset = this.#endOffset;
    batchHeader.setBaseOffset(batch, 0, baseOffset);
    batchHeader.setPartitionLeaderEpoch(batch, 0, leaderEpoch);
    this.#endOffset = batchHeader.lastOffset(batch, 0) + 1;
    const producer = producerBatchAt(batch, 0);
    if (producer !== undefined) this.producers.stage(producer);
    const stored = this.#environment.tails.push(this.#tail, baseOffset, this.#endOffset, batch);
    this.#pending ??= newWriteGroup(this.#environment.syncGate !== undefined);
    const group = this.#pending;
    group.add(stored);
    // Begins in a microtask, so that what else this turn appends goes out in the same write.
    this.#writing ??= Promise.resolve().then(() => this.#writePending());
    return { baseOffset, written: group.done, stored: group.stored };
  }

  /** What becomes of everything appended so far. */
  settled(): Promise<WriteOutcome> {
    return (this.#pending ?? this.#current)?.done ?? Promise.resolve({ writtenTo: this.highWatermark });
  }

  /**
   * Whole batches from the one that holds `offset` (between start and high watermark) on and before `endOffset`: up to
   * `bytesMax` in all, but the first whatever its size if `atLeastOne`. Answers at once when memory holds them. They
   * stay as they are until `held` is released, or are the caller's own without it.
   */
  read(
    offset: number,
    bytesMax: number,
    atLeastOne: boolean,
    endOffset = this.highWatermark,
    held?: HeldMemory,
  ): ReadChunks | Promise<ReadChunks> {
    if (offset >= endOffset) return [];
    if (offset >= this.#tail.firstOffset) return this.#tail.read(offset, endOffset, bytesMax, atLeastOne, held);
    const reading = this.#segments.read(offset, bytesMax, atLeastOne, endOffset, held);
    return reading.then((bytes) => (bytes.length === 0 ? [] : [bytes]));
  }

  /**
   * The aborted transactions that a consumer must know to skip their records in `chunks`, just read at `offset`. What
   * was read is of use only if `offset` is not before `startOffset` by now: what is known of them goes with the
   * records.
   */
  aborted(offset: number, chunks: ReadChunks): readonly AbortedTransaction[] {
    return abortedIn(this.#segments.all, offset, chunks);
  }

  /** Whether `read` at this offset needs no file. */
  isInMemory(offset: number): boolean {
    return offset >= this.#tail.firstOffset || offset >= this.highWatermark;
  }

  /** Moves the start up to `offset`, at most to the high watermark, and deletes segments that lie before it. */
  advanceStart(offset: number): Promise<void> {
    return this.#start.advance(Math.min(offset, this.highWatermark));
  }

  /** Deletes segments that are too old or too many for the topic's retention, and rolls what is due. */
  async retain(): Promise<void> {
    const settings = this.#settings();
    if (!this.#closed && settings.deleteOld) await this.#start.retain(settings);
  }

  /** Whether it takes nothing any more: it is closed, or its files are removed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Syncs what has been written and not synced for `flush.ms`. */
  async flushOld(): Promise<void> {
    if (this.#closed || this.#writer.unsyncedMs < this.#settings().flushMs) return;
    await this.#exclusively(() => this.#writer.sync());
  }

  /** Writes what is pending, syncs, and leaves a summary, so that the next start need not read the segment. */
  async close(): Promise<void> {
    await this.#exclusively(async () => {
      this.#closed = true;
      await this.#writer.seal();
    });
    this.#environment.tails.truncate(this.#tail, 0);
  }

  /** Removes all files. Readers that are under way may fail. */
  async remove(): Promise<void> {
    await this.#exclusively(async () => {
      this.#closed = true;
      this.#environment.tails.truncate(this.#tail, 0);
      await this.#segments.remove();
    });
  }

  /** Rolls the active segment if it is due, and still is once no group is being written; answers whether it was. */
  async #rollIf(isDue: (active: Segment) => boolean): Promise<boolean> {
    const isActiveDue = ({ active } = this.#segments): boolean => active !== undefined && isDue(active);
    if (!isActiveDue()) return false;
    await this.#exclusively(async () => {
      // A write may have rolled it meanwhile.
      if (isActiveDue()) await this.#writer.roll();
    });
    return true;
  }

  /** Runs `work` while no group is being written, unless the log is closed by then. */
  async #exclusively(work: () => Promise<void>): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#closed) return;
    const running = work();
    this.#writing = running.then(
      () => undefined,
      () => undefined,
    );
    try {
      await running;
    } finally {
      this.#writing = undefined;
      if (this.#pending !== undefined && !this.#closed) this.#writing = this.#writePending();
    }
  }

  async #writePending(): Promise<void> {
    while (this.#pending !== undefined) {
      const group: WriteGroup = this.#pending;
      this.#current = group;
      this.#pending = undefined;
      try {
        const end = batchHeader.lastOffset(group.batches.at(-1) as Uint8Array, 0) + 1;
        await this.#writer.write(group.batches, this.#settings(), () => group.settleStored({ writtenTo: end }));
        group.settle({ writtenTo: this.highWatermark });
      } catch (error) {
        await this.#undo(error, group);
      }
      this.#current = undefined;
      this.#onAdvance();
    }
    this.producers.dropStaged();
    this.#writing = undefined;
  }

  /**
   * Takes back what is not written of a group that failed, and what was appended behind it: the offsets would leave a
   * gap.
   */
  async #undo(error: unknown, group: WriteGroup): Promise<void> {
    const behind = this.#pending;
    this.#pending = undefined;
    this.#endOffset = this.highWatermark;
    this.producers.dropStaged();
    this.#environment.tails.truncate(this.#tail, this.highWatermark);
    await this.#writer.cut();
    const outcome = { writtenTo: this.highWatermark, failure: error };
    group.settle(outcome);
    behind?.settle(outcome);
  }
}
