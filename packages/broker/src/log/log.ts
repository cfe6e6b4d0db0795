/**
 * The log of one partition: segments on disk, the newest batches in memory.
 *
 * Appending assigns offsets at once and in order; writing follows in groups: while one write is under way, what is
 * appended waits and goes out with the next. A record can be read, and its append counts as done, once it is written
 * (and synced, where `flush.messages` asks for it).
 *
 * Invariants
 * - `startOffset <= highWatermark <= endOffset`; what lies below `highWatermark` is in the files, whole and in order.
 * - Only `#writePending` writes, rolls and moves `highWatermark`, one group at a time.
 * - After a failed write the log is as if its records had never been appended: `endOffset` goes back to
 *   `highWatermark`.
 */
import { assert, messageOf } from '@millrace/base';
import { batchHeader } from '@millrace/wire';
import type { LogSettings } from '../configuration/topic-configuration.ts';
import type { LogEnvironment } from './log-environment.ts';
import { ProducerStates, producerBatchAt } from './producer-states.ts';
import { Segment } from './segment.ts';
import { recoverSegments } from './segment-recovery.ts';
import { encodeSegmentSummary } from './segment-summary.ts';
import { Tail } from './tail-cache.ts';
import { Unsynced } from './unsynced.ts';
import { newWriteGroup, type WriteGroup, type WriteOutcome } from './write-group.ts';

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
  readonly directory: string;
  readonly #environment: LogEnvironment;
  readonly #settings: () => LogSettings;
  readonly #onAdvance: () => void;
  readonly #tail = new Tail();
  /** Ascending; empty until the first append. The last one is written to. */
  #segments: Segment[] = [];
  /** What is being written, and what goes out after it. */
  #current: WriteGroup | undefined;
  #pending: WriteGroup | undefined;
  #writing: Promise<void> | undefined;
  #startOffset = 0;
  #endOffset = 0;
  #highWatermark = 0;
  readonly #unsynced: Unsynced;
  #closed = false;

  constructor(options: LogOptions) {
    this.#environment = options.environment;
    this.directory = options.directory;
    this.#settings = options.settings;
    this.#onAdvance = options.onAdvance;
    this.#unsynced = new Unsynced(options.environment.clock, options.environment.disk);
  }

  /** Offset of the oldest record, or where the next one goes when there is none. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** Offset that the next appended record gets. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Offset after the last record that can be read. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Bytes in all segments. */
  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Takes over what the directory holds. `startOffset` is where DeleteRecords moved the start to, if it did. */
  async recover(startOffset: number): Promise<void> {
    const { indexIntervalBytes, flushRecords } = this.#settings();
    this.#segments = await recoverSegments(this.#environment, this.directory, this.producers, indexIntervalBytes);
    const first = this.#segments[0]?.baseOffset ?? 0;
    const end = this.#segments.at(-1)?.nextOffset ?? startOffset;
    this.#startOffset = Math.min(Math.max(first, startOffset), end);
    this.#endOffset = end;
    this.#highWatermark = end;
    const active = this.#segments.at(-1);
    if (active === undefined || active.sizeBytes === active.summarizedBytes) return;
    // What the last process wrote it may not have lived to sync.
    this.#unsynced.addPathTo(this.directory);
    this.#unsynced.addRecords(active.nextOffset - active.baseOffset);
    if (this.#unsynced.records >= flushRecords) await this.#syncActive();
  }

  /**
   * Appends one batch that was found valid, setting its offset and leader epoch in place. The log owns the bytes from
   * then on. Answers the offset of its first record, and what becomes of it, in a promise that batches written together
   * share.
   */
  append(
    batch: Uint8Array,
    leaderEpoch: number,
  ): { readonly baseOffset: number; readonly written: Promise<WriteOutcome> } {
    assert(!this.#closed, 'append to a closed log');
    const baseOffset = this.#endOffset;
    batchHeader.setBaseOffset(batch, 0, baseOffset);
    batchHeader.setPartitionLeaderEpoch(batch, 0, leaderEpoch);
    this.#endOffset = batchHeader.lastOffset(batch, 0) + 1;
    const producer = producerBatchAt(batch, 0);
    if (producer !== undefined) this.producers.stage(producer);
    this.#environment.tails.push(this.#tail, baseOffset, this.#endOffset, batch);
    this.#pending ??= newWriteGroup();
    const group = this.#pending;
    group.batches.push(batch);
    // Begins in a microtask, so that what else this turn appends goes out in the same write.
    this.#writing ??= Promise.resolve().then(() => this.#writePending());
    return { baseOffset, written: group.done };
  }

  /** What becomes of everything appended so far. */
  settled(): Promise<WriteOutcome> {
    return (this.#pending ?? this.#current)?.done ?? Promise.resolve({ writtenTo: this.#highWatermark });
  }

  /**
   * Whole batches from the one that holds `offset` (between start and high watermark) on: up to `bytesMax` in all, but
   * the first whatever its size if `atLeastOne`. Answers at once when memory holds them. The receiver must not change
   * the bytes.
   */
  read(offset: number, bytesMax: number, atLeastOne: boolean): ReadChunks | Promise<ReadChunks> {
    if (offset >= this.#highWatermark) return [];
    if (offset >= this.#tail.firstOffset) {
      return this.#tail.read(offset, this.#highWatermark, bytesMax, atLeastOne);
    }
    return this.#readSegments(offset, bytesMax, atLeastOne);
  }

  /** Moves the start up to `offset`, at most to the high watermark, and deletes segments that lie before it. */
  async advanceStart(offset: number): Promise<void> {
    this.#startOffset = Math.max(this.#startOffset, Math.min(offset, this.#highWatermark));
    while (this.#segments.length > 1 && (this.#segments[0] as Segment).nextOffset <= this.#startOffset) {
      await this.#deleteOldest();
    }
  }

  /** Deletes segments that are too old or too many for the topic's retention, and rolls what is due. */
  async retain(): Promise<void> {
    const settings = this.#settings();
    if (this.#closed || !settings.deleteOld) return;
    const now = this.#environment.clock.now();
    const expired = (segment: Segment | undefined): boolean =>
      segment !== undefined && segment.maxTimestamp >= 0 && segment.maxTimestamp < now - settings.retentionMs;
    // Before rolling, which needs room that a full disk gets only by this.
    await this.#deleteOld(settings, expired);
    if (!expired(this.#segments.at(-1))) return;
    await this.#exclusively(async () => {
      // A write may have rolled it meanwhile.
      if (expired(this.#segments.at(-1))) await this.#roll();
    });
    await this.#deleteOld(settings, expired);
  }

  async #deleteOld(settings: LogSettings, expired: (segment: Segment) => boolean): Promise<void> {
    let size = this.sizeBytes;
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0] as Segment;
      if (!expired(oldest) && size - oldest.sizeBytes < settings.retentionBytes) break;
      size -= oldest.sizeBytes;
      // The start moves first: a reader must never be led past a segment that is gone.
      this.#startOffset = Math.max(this.#startOffset, (this.#segments[1] as Segment).baseOffset);
      await this.#deleteOldest();
    }
  }

  /** Syncs what has been written and not synced for `flush.ms`. */
  async flushOld(): Promise<void> {
    if (this.#closed || this.#unsynced.ageMs < this.#settings().flushMs) return;
    await this.#exclusively(() => this.#syncActive());
  }

  /** Writes what is pending, syncs, and leaves a summary, so that the next start need not read the segment. */
  async close(): Promise<void> {
    await this.#exclusively(async () => {
      this.#closed = true;
      const active = this.#segments.at(-1);
      if (active !== undefined && active.sizeBytes > active.summarizedBytes) await this.#seal(active);
    });
    this.#environment.tails.truncate(this.#tail, 0);
  }

  /** Removes all files. Readers that are under way may fail. */
  async remove(): Promise<void> {
    await this.#exclusively(async () => {
      this.#closed = true;
      for (const segment of this.#segments) await this.#environment.files.forget(segment.path);
      this.#environment.tails.truncate(this.#tail, 0);
      await this.#environment.disk.remove(this.directory);
    });
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
        await this.#writeGroup(group.batches);
        group.settle({ writtenTo: this.#highWatermark });
      } catch (error) {
        await this.#undo(error, group);
      }
      this.#current = undefined;
      this.#onAdvance();
    }
    this.producers.dropStaged();
    this.#writing = undefined;
  }

  /** Writes batches, rolling to a new segment where one is full. */
  async #writeGroup(batches: readonly Uint8Array[]): Promise<void> {
    const settings = this.#settings();
    for (let first = 0; first < batches.length; ) {
      const segment = await this.#segmentFor(batches[first] as Uint8Array, settings);
      let last = first;
      let size = segment.sizeBytes;
      while (last < batches.length && (last === first || size + byteLength(batches, last) <= settings.segmentBytes)) {
        size += byteLength(batches, last);
        last += 1;
      }
      await this.#writeTo(
        segment,
        first === 0 && last === batches.length ? batches : batches.slice(first, last),
        settings,
      );
      first = last;
    }
  }

  async #writeTo(segment: Segment, batches: readonly Uint8Array[], settings: LogSettings): Promise<void> {
    const lease = await this.#environment.files.acquire(segment.path, { create: true });
    try {
      await lease.file.write(batches, segment.sizeBytes);
      const before = this.#highWatermark;
      const records = batchHeader.lastOffset(batches.at(-1) as Uint8Array, 0) + 1 - before;
      if (this.#unsynced.records + records >= settings.flushRecords) await this.#unsynced.sync(lease.file);
      else this.#unsynced.addRecords(records);
    } finally {
      await lease.release();
    }
    for (const batch of batches) {
      segment.extend(batch, 0, settings.indexIntervalBytes);
      const producer = producerBatchAt(batch, 0);
      if (producer !== undefined) this.producers.commit(producer);
    }
    this.#highWatermark = segment.nextOffset;
  }

  /** The segment that the next batch goes to: the active one, unless it is full or old. */
  async #segmentFor(batch: Uint8Array, settings: LogSettings): Promise<Segment> {
    const active = this.#segments.at(-1);
    if (active === undefined) {
      await this.#environment.disk.makeDirectory(this.directory);
      this.#unsynced.addPathTo(this.directory);
      return this.#addSegment(this.#highWatermark);
    }
    const full = active.sizeBytes > 0 && active.sizeBytes + batch.length > settings.segmentBytes;
    const timestamp = batchHeader.maxTimestamp(batch, 0);
    const old = active.firstTimestamp >= 0 && timestamp - active.firstTimestamp > settings.segmentMs;
    const farOffset = batchHeader.lastOffset(batch, 0) - active.baseOffset >= 2 ** 31;
    if (full || old || farOffset) await this.#roll();
    return this.#segments.at(-1) as Segment;
  }

  /** Seals the active segment and begins a new one behind it. */
  async #roll(): Promise<void> {
    await this.#seal(this.#segments.at(-1) as Segment);
    this.#addSegment(this.#highWatermark);
    const lease = await this.#environment.files.acquire((this.#segments.at(-1) as Segment).path, { create: true });
    await lease.release();
  }

  /** Makes a segment durable and writes the summary that vouches for it. */
  async #seal(segment: Segment): Promise<void> {
    await this.#syncActive();
    const content = encodeSegmentSummary(segment.summary(this.producers.snapshot()), segment.index);
    await this.#environment.disk.writeFileAtomic(segment.summaryPath, content, { sync: true });
    segment.summarizedBytes = segment.sizeBytes;
  }

  async #syncActive(): Promise<void> {
    const active = this.#segments.at(-1);
    if (active === undefined || this.#unsynced.records === 0) return;
    const lease = await this.#environment.files.acquire(active.path, { create: false });
    try {
      await this.#unsynced.sync(lease.file);
    } finally {
      await lease.release();
    }
  }

  #addSegment(baseOffset: number): Segment {
    const segment = new Segment(this.directory, baseOffset);
    this.#segments.push(segment);
    this.#unsynced.addEntryOf(this.directory);
    return segment;
  }

  /**
   * Takes back what is not written of a group that failed, and what was appended behind it: the offsets would leave a
   * gap.
   */
  async #undo(error: unknown, group: WriteGroup): Promise<void> {
    const behind = this.#pending;
    this.#pending = undefined;
    this.#endOffset = this.#highWatermark;
    this.producers.dropStaged();
    this.#environment.tails.truncate(this.#tail, this.#highWatermark);
    const active = this.#segments.at(-1);
    if (active !== undefined) await this.#cut(active);
    const outcome = { writtenTo: this.#highWatermark, failure: error };
    group.settle(outcome);
    behind?.settle(outcome);
  }

  /**
   * Removes what a failed write left behind the segment's last whole batch; if that fails, the next write goes over it.
   */
  async #cut(segment: Segment): Promise<void> {
    try {
      const lease = await this.#environment.files.acquire(segment.path, { create: true });
      try {
        await lease.file.truncate(segment.sizeBytes);
      } finally {
        await lease.release();
      }
    } catch (error) {
      const message = `could not cut an unfinished write from ${segment.path}: ${messageOf(error)}`;
      this.#environment.report({ level: 'warn', message });
    }
  }

  async #deleteOldest(): Promise<void> {
    const segment = this.#segments.shift() as Segment;
    await this.#environment.files.forget(segment.path);
    await this.#environment.disk.remove(segment.path);
    await this.#environment.disk.remove(segment.summaryPath);
  }

  async #readSegments(offset: number, bytesMax: number, atLeastOne: boolean): Promise<ReadChunks> {
    const first = this.#segments.findLastIndex((segment) => segment.baseOffset <= offset);
    for (let index = Math.max(0, first); index < this.#segments.length; index++) {
      const segment = this.#segments[index] as Segment;
      if (segment.nextOffset <= offset) continue;
      const bytes = await segment.read(this.#environment.files, offset, bytesMax, atLeastOne);
      return bytes.length === 0 ? [] : [bytes];
    }
    return [];
  }
}

function byteLength(batches: readonly Uint8Array[], index: number): number {
  return (batches[index] as Uint8Array).length;
}
