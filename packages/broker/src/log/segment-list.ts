/** The segments of a log, oldest first: no gaps between them but those that damage left. The last one is written to. */
import { type HeldMemory, messageOf } from '@millrace/base';
import {
  cancelSwap,
  cleanedPath,
  decideSwap,
  removeSwapped,
  renameSwapped,
  type SegmentSwap,
} from './compaction/segment-swap.ts';
import { DamagedRecordsError, DamageFound, describeHole } from './damage.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { ProducerSnapshot } from './producer-states.ts';
import { holeAt } from './quarantine.ts';
import type { Segment } from './segment.ts';
import { encodeSegmentSummary } from './segment-summary.ts';

export class SegmentList {
  readonly directory: string;
  readonly #environment: LogEnvironment;
  #segments: Segment[] = [];
  /** A swap of which some files are still to be removed: the old ones, or what a failed one has left. */
  #unfinished: { readonly swap: SegmentSwap; readonly failed: boolean } | undefined;
  /** What is being done with the files of segments that are not written to; never rejects. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(environment: LogEnvironment, directory: string) {
    this.#environment = environment;
    this.directory = directory;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  /** The one that is written to; undefined before the first append. */
  get active(): Segment | undefined {
    return this.#segments.at(-1);
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** Takes over what was found at start. */
  adopt(segments: readonly Segment[]): void {
    this.#segments = [...segments];
  }

  /** Adds the segment that is the active one from now on. */
  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Removes the oldest segment while another follows it and `due` says so. The active one stays. */
  deleteWhile(due: (oldest: Segment, next: Segment) => boolean): Promise<void> {
    return this.#serially(async () => {
      await this.#finishSwap();
      for (;;) {
        const [oldest, next] = this.#segments;
        if (oldest === undefined || next === undefined || !due(oldest, next)) return;
        this.#segments.shift();
        await this.#environment.files.forget(oldest.path);
        await this.#environment.disk.remove(oldest.path);
        await this.#environment.disk.remove(oldest.summaryPath);
        if (oldest.holes.length > 0) await this.#environment.disk.remove(`${oldest.path}.damaged`);
      }
    });
  }

  /** Removes all files. */
  remove(): Promise<void> {
    return this.#serially(async () => {
      for (const segment of this.#segments) await this.#environment.files.forget(segment.path);
      await this.#environment.disk.remove(this.directory);
    });
  }

  /**
   * Puts `fresh`, written and synced under its name for that, in the place of `replaced`, which follow one another, and
   * writes its summary if `producers` at its end are known. Readers of the old segments come to their end. Answers
   * false when those are not all there any more. Rejects with `DiskError`: before anything was changed, or with the old
   * files still to be removed, which `finishSwap` does.
   */
  swap(
    replaced: readonly Segment[],
    fresh: Segment,
    producers: readonly ProducerSnapshot[] | undefined,
  ): Promise<boolean> {
    return this.#serially(async () => {
      const at = this.#segments.indexOf(replaced[0] as Segment);
      if (at < 0 || replaced.some((segment, index) => this.#segments[at + index] !== segment)) {
        await this.#environment.disk.remove(cleanedPath(this.directory, fresh.baseOffset));
        return false;
      }
      const swap = { baseOffsets: replaced.map(({ baseOffset }) => baseOffset), sizeBytes: fresh.sizeBytes };
      await this.#replace(replaced, fresh, swap, at);
      if (producers !== undefined) {
        const content = encodeSegmentSummary(fresh.summary(producers), fresh.index);
        await this.#environment.disk.writeFileAtomic(fresh.summaryPath, content, { sync: true });
        fresh.summarizedBytes = fresh.sizeBytes;
      }
      await this.#finishSwap();
      return true;
    });
  }

  /** Removes what a swap has left that failed. No other one may begin before. Rejects with `DiskError`. */
  finishSwap(): Promise<void> {
    return this.#serially(() => this.#finishSwap());
  }

  /** Whole batches from the one that holds `offset` on, as `Segment.read`; empty when there are none. */
  async read(
    offset: number,
    bytesMax: number,
    atLeastOne: boolean,
    endOffset: number,
    held?: HeldMemory,
  ): Promise<Uint8Array> {
    for (;;) {
      const segment = this.#segmentOf(offset);
      if (segment === undefined) return new Uint8Array(0);
      try {
        const bytes = await segment.read(this.#environment.files, offset, bytesMax, atLeastOne, endOffset, held);
        if (bytes !== undefined) return bytes;
        await segment.replaced;
      } catch (error) {
        if (!(error instanceof DamageFound)) throw error;
        await this.#quarantine(segment, error);
      }
    }
  }

  /** Finds out how far damage reaches that a reader has met, once however many meet it, and reports it. */
  #quarantine(segment: Segment, found: DamageFound): Promise<void> {
    return this.#serially(async () => {
      if (segment.replaced !== undefined) return;
      const known = segment.holes.find(({ position }) => position === found.position);
      // Met while another reader's finding was looked into; one who comes again is told what it is.
      if (known !== undefined) throw new DamagedRecordsError(segment.path, known);
      const hole = await holeAt(this.#environment.files, segment, found);
      segment.addHole(hole);
      this.#environment.report({ level: 'error', message: describeHole(segment.path, hole) });
    });
  }

  /** The segment that holds the first record from `offset` on. */
  #segmentOf(offset: number): Segment | undefined {
    const first = this.#segments.findLastIndex((segment) => segment.baseOffset <= offset);
    for (let index = Math.max(0, first); index < this.#segments.length; index++) {
      const segment = this.#segments[index] as Segment;
      if (segment.nextOffset > offset) return segment;
    }
    return undefined;
  }

  /** Until the list is changed, a path may lead to the old file or the new one: readers wait for it. */
  async #replace(replaced: readonly Segment[], fresh: Segment, swap: SegmentSwap, at: number): Promise<void> {
    const { disk, files } = this.#environment;
    this.#unfinished = { swap, failed: true };
    const { promise, resolve } = Promise.withResolvers<void>();
    try {
      await decideSwap(disk, this.directory, swap);
      for (const segment of replaced) segment.replaced = promise;
      await renameSwapped(disk, this.directory, swap);
      this.#unfinished = { swap, failed: false };
    } catch (error) {
      for (const segment of replaced) segment.replaced = undefined;
      resolve();
      await this.#finishFailed();
      throw error;
    }
    const forgotten = replaced.map(({ path }) => files.forget(path));
    this.#segments.splice(at, replaced.length, fresh);
    resolve();
    await Promise.all(forgotten);
  }

  async #finishSwap(): Promise<void> {
    if (this.#unfinished === undefined) return;
    const { swap, failed } = this.#unfinished;
    await (failed ? cancelSwap : removeSwapped)(this.#environment.disk, this.directory, swap);
    this.#unfinished = undefined;
  }

  /** At once if the disk allows it; else before anything else is done with the segments. */
  async #finishFailed(): Promise<void> {
    try {
      await this.#finishSwap();
    } catch (error) {
      const message = `could not remove what is left of a compaction in ${this.directory}: ${messageOf(error)}`;
      this.#environment.report({ level: 'warn', message: `${message}; it is tried again` });
    }
  }

  /** Runs `work` once what was begun before has ended. */
  #serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined);
    return done;
  }
}
