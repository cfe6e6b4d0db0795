/**
 * Where a log starts: moved up by DeleteRecords and by retention, and never back. Segments that lie before it are
 * deleted.
 *
 * Invariant: the start moves before a segment is deleted, since a reader must never be led past one that is gone.
 */
import type { Clock } from '@millrace/base';
import type { LogSettings } from '../configuration/topic-configuration.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';

export class LogStart {
  readonly #clock: Clock;
  readonly #segments: SegmentList;
  readonly #rollIf: (isDue: (active: Segment) => boolean) => Promise<boolean>;
  #offset = 0;

  /** `rollIf` rolls the active segment if it is due, and answers whether it was. */
  constructor(clock: Clock, segments: SegmentList, rollIf: (isDue: (active: Segment) => boolean) => Promise<boolean>) {
    this.#clock = clock;
    this.#segments = segments;
    this.#rollIf = rollIf;
  }

  /** Of the oldest record, or where the next one goes when there is none. */
  get offset(): number {
    return this.#offset;
  }

  /** Takes over where the start was moved to before a restart, as far as the segments found reach. */
  recover(offset: number, endOffset: number): void {
    const first = this.#segments.oldest?.baseOffset ?? 0;
    this.#offset = Math.min(Math.max(first, offset), endOffset);
  }

  /** Moves the start up to `offset`, which can be read or is the next to be, and deletes segments before it. */
  async advance(offset: number): Promise<void> {
    this.#offset = Math.max(this.#offset, offset);
    await this.#segments.deleteWhile((oldest) => oldest.nextOffset <= this.#offset);
  }

  /** Deletes segments that are too old or too many, and rolls the active one if it is too old. */
  async retain(settings: LogSettings): Promise<void> {
    const expiredBefore = this.#clock.now() - settings.retentionMs;
    const isExpired = ({ maxTimestamp }: Segment): boolean => maxTimestamp >= 0 && maxTimestamp < expiredBefore;
    // Before rolling, which needs room that a full disk gets only by this.
    await this.#deleteOld(settings, isExpired);
    if (await this.#rollIf(isExpired)) await this.#deleteOld(settings, isExpired);
  }

  async #deleteOld(settings: LogSettings, isExpired: (segment: Segment) => boolean): Promise<void> {
    let size = this.#segments.sizeBytes;
    await this.#segments.deleteWhile((oldest, next) => {
      if (!isExpired(oldest) && size - oldest.sizeBytes < settings.retentionBytes) return false;
      size -= oldest.sizeBytes;
      this.#offset = Math.max(this.#offset, next.baseOffset);
      return true;
    });
  }
}
