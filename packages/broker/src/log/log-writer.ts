/**
 * Writes a log's batches to its files: to the active segment, or a new one behind it where that is full or old. Its
 * methods must not overlap; the log calls them one after the other.
 */
import { type DiskFile, messageOf } from '@millrace/base';
import { batchHeader } from '@millrace/wire';
import type { LogSettings } from '../configuration/topic-configuration.ts';
import type { LogEnvironment } from './log-environment.ts';
import { producerBatchAt } from './producer-batch.ts';
import type { ProducerSnapshot, ProducerStates } from './producer-states.ts';
import { rewriteActive } from './rewrite-active.ts';
import { Segment, segmentOffsetsMax } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import { encodeSegmentSummary } from './segment-summary.ts';
import { Unsynced } from './unsynced.ts';

export class LogWriter {
  readonly #environment: LogEnvironment;
  readonly #segments: SegmentList;
  readonly #producers: ProducerStates;
  readonly #unsynced: Unsynced;
  #writtenTo = 0;
  #writtenBytes = 0;
  /** Something may lie behind the last whole batch of the active segment. */
  #isTorn = false;
  /** A sync of the active segment has failed, so that another one would prove nothing. */
  #isSuspect = false;

  constructor(environment: LogEnvironment, segments: SegmentList, producers: ProducerStates) {
    this.#environment = environment;
    this.#segments = segments;
    this.#producers = producers;
    this.#unsynced = new Unsynced(environment.clock, environment.disk);
  }

  /** Offset after the last record that is written, and synced where `flush.messages` asks for it. */
  get writtenTo(): number {
    return this.#writtenTo;
  }

  /** Bytes written since the start. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** How long the oldest record that is not synced has been waiting, in milliseconds; below 0 when there is none. */
  get unsyncedMs(): number {
    return this.#unsynced.ageMs;
  }

  /** Goes on behind what was found at start, up to `offset`, which the last process may not have lived to sync. */
  async resume(offset: number, settings: LogSettings): Promise<void> {
    this.#writtenTo = offset;
    const { active } = this.#segments;
    if (active === undefined) return;
    // A summary was written after a sync; of a file without records even the name may not be durable.
    if (active.sizeBytes > 0 && active.sizeBytes === active.summarizedBytes) return;
    this.#unsynced.addPathTo(this.#segments.directory);
    this.#unsynced.addRecords(active.nextOffset - active.baseOffset);
    if (this.#unsynced.records >= this.#flushRecords(settings)) await this.sync();
  }

  /**
   * Writes batches in order. After a rejection those below `writtenTo` are written, and `cut` must follow. `onStored`
   * is called when all of them are in the file, before they are synced.
   */
  async write(batches: readonly Uint8Array[], settings: LogSettings, onStored: () => void): Promise<void> {
    if (this.#isTorn) await this.#cutTorn();
    if (this.#isSuspect) await this.#replaceSuspect();
    for (let first = 0; first < batches.length; ) {
      const segment = await this.#segmentFor(batches[first] as Uint8Array, settings);
      let last = first;
      let size = segment.sizeBytes;
      while (last < batches.length && (last === first || size + byteLength(batches, last) <= settings.segmentBytes)) {
        size += byteLength(batches, last);
        last += 1;
      }
      const whole = first === 0 && last === batches.length;
      const isLast = last === batches.length;
      await this.#writeTo(
        segment,
        whole ? batches : batches.slice(first, last),
        settings,
        isLast ? onStored : undefined,
      );
      first = last;
    }
  }

  /**
   * Removes what a failed write left behind the last whole batch. If that fails too, the next write begins with it:
   * behind a shorter one, whole batches of the failed write could be found at the next start.
   */
  async cut(): Promise<void> {
    this.#isTorn = true;
    try {
      await this.#cutTorn();
    } catch (error) {
      const message = `could not cut an unfinished write from ${this.#segments.active?.path}: ${messageOf(error)}`;
      this.#environment.report({ level: 'warn', message });
    }
  }

  /**
   * Seals the active segment and begins a new one behind it. What is known of producers is written beside the new one
   * too: the segments that hold their batches may be deleted before it is sealed.
   */
  async roll(): Promise<void> {
    await this.seal();
    const segment = new Segment(this.#segments.directory, this.#writtenTo);
    const producers = this.#producers.snapshot();
    if (producers.length > 0) await this.#summarize(segment, producers);
    // The file first: once the older segments are deleted, its name alone says where the log ends.
    const lease = await this.#environment.files.acquire(segment.path, { create: true });
    this.#add(segment);
    await lease.release();
  }

  /** Makes the active segment durable and writes the summary that vouches for it. */
  async seal(): Promise<void> {
    const { active } = this.#segments;
    if (active === undefined || active.sizeBytes === active.summarizedBytes) return;
    await this.sync();
    await this.#summarize(active, this.#producers.snapshot());
  }

  async #summarize(segment: Segment, producers: readonly ProducerSnapshot[]): Promise<void> {
    const content = encodeSegmentSummary(segment.summary(producers), segment.index);
    await this.#environment.disk.writeFileAtomic(segment.summaryPath, content, { sync: true });
    segment.summarizedBytes = segment.sizeBytes;
  }

  /** Makes what is written survive a loss of power. */
  async sync(): Promise<void> {
    const { active } = this.#segments;
    if (active === undefined || this.#unsynced.records === 0) return;
    if (this.#isSuspect) return this.#replaceSuspect();
    const lease = await this.#environment.files.acquire(active.path, { create: false });
    try {
      await this.#syncFile(lease.file);
    } finally {
      await lease.release();
    }
  }

  async #syncFile(file: DiskFile): Promise<void> {
    const { syncGate } = this.#environment;
    try {
      if (syncGate === undefined) await this.#unsynced.sync(file);
      else await syncGate.run(() => this.#unsynced.sync(file));
    } catch (error) {
      this.#isSuspect = true;
      throw error;
    }
  }

  /** Until this succeeds nothing more is written: a record behind one that may be lost must not be acknowledged. */
  async #replaceSuspect(): Promise<void> {
    const { active } = this.#segments;
    if (active !== undefined) {
      await rewriteActive(this.#environment, active);
      this.#unsynced.addEntryOf(this.#segments.directory);
      await this.#unsynced.syncDirectories();
      const message = `${active.path} was written anew, because it could not be synced before`;
      this.#environment.report({ level: 'warn', message });
    }
    this.#isSuspect = false;
  }

  /** After how many records a sync is due. */
  #flushRecords(settings: LogSettings): number {
    return this.#environment.syncGate === undefined ? settings.flushRecords : 1;
  }

  async #cutTorn(): Promise<void> {
    const { active } = this.#segments;
    if (active !== undefined) {
      const lease = await this.#environment.files.acquire(active.path, { create: true });
      try {
        await lease.file.truncate(active.sizeBytes);
      } finally {
        await lease.release();
      }
    }
    this.#isTorn = false;
  }

  async #writeTo(
    segment: Segment,
    batches: readonly Uint8Array[],
    settings: LogSettings,
    onStored: (() => void) | undefined,
  ): Promise<void> {
    const lease = await this.#environment.files.acquire(segment.path, { create: true });
    try {
      await lease.file.write(batches, segment.sizeBytes);
      const records = batchHeader.lastOffset(batches.at(-1) as Uint8Array, 0) + 1 - this.#writtenTo;
      onStored?.();
      if (this.#unsynced.records + records >= this.#flushRecords(settings)) await this.#syncFile(lease.file);
      else this.#unsynced.addRecords(records);
    } finally {
      await lease.release();
    }
    for (const batch of batches) {
      segment.extend(batch, 0, settings.indexIntervalBytes);
      const producer = producerBatchAt(batch, 0);
      if (producer !== undefined) segment.addAborted(this.#producers.commit(producer));
    }
    this.#writtenTo = segment.nextOffset;
    for (const { length } of batches) this.#writtenBytes += length;
  }

  /** The segment that the next batch goes to: the active one, unless it is full or old. */
  async #segmentFor(batch: Uint8Array, settings: LogSettings): Promise<Segment> {
    const { active, directory } = this.#segments;
    if (active === undefined) {
      await this.#environment.disk.makeDirectory(directory);
      this.#unsynced.addPathTo(directory);
      return this.#add(new Segment(directory, this.#writtenTo));
    }
    const full = active.sizeBytes > 0 && active.sizeBytes + batch.length > settings.segmentBytes;
    const timestamp = batchHeader.maxTimestamp(batch, 0);
    const old = active.firstTimestamp >= 0 && timestamp - active.firstTimestamp > settings.segmentMs;
    const farOffset = batchHeader.lastOffset(batch, 0) - active.baseOffset >= segmentOffsetsMax;
    if (full || old || farOffset) await this.roll();
    return this.#segments.active as Segment;
  }

  #add(segment: Segment): Segment {
    this.#unsynced.addEntryOf(this.#segments.directory);
    this.#segments.add(segment);
    return segment;
  }
}

function byteLength(batches: readonly Uint8Array[], index: number): number {
  return (batches[index] as Uint8Array).length;
}
