/**
 * What compaction asks of one log and does to it: whether it is due, and putting compacted segments in the place of
 * others. The work itself is `compactLog`'s.
 */
import type { LogSettings } from '../../configuration/topic-configuration.ts';
import type { Log } from '../log.ts';
import type { LogEnvironment } from '../log-environment.ts';
import type { ProducerSnapshot } from '../producer-states.ts';
import type { Segment } from '../segment.ts';
import type { SegmentList } from '../segment-list.ts';
import { readCompactedTo } from './compaction-checkpoint.ts';
import { type CompactionPlan, isOverdue, planCompaction } from './compaction-plan.ts';

export interface LogCompactionOptions {
  readonly log: Pick<Log, 'closed' | 'startOffset' | 'lastStableOffset'>;
  readonly environment: LogEnvironment;
  readonly segments: SegmentList;
  /** The settings in force now; asked again whenever they are needed. */
  readonly settings: () => LogSettings;
  /** Rolls the active segment if it is due. */
  readonly rollIf: (isDue: (active: Segment) => boolean) => Promise<unknown>;
  /** Drops what memory holds of the log before an offset. */
  readonly dropCached: (beforeOffset: number) => void;
}

export class LogCompaction {
  readonly #options: LogCompactionOptions;
  #compactedTo = 0;

  constructor(options: LogCompactionOptions) {
    this.#options = options;
  }

  /** Goes on from where the log was compacted to before a restart, at most from `endOffset`. */
  async recover(endOffset: number): Promise<void> {
    const { environment, segments } = this.#options;
    this.#compactedTo = Math.min(endOffset, await readCompactedTo(environment.disk, segments.directory));
  }

  /** What would be done now, if it is due; rolls the active segment when `max.compaction.lag.ms` asks for it. */
  async plan(): Promise<CompactionPlan | undefined> {
    const { log, environment, segments, rollIf } = this.#options;
    const settings = this.#options.settings();
    if (log.closed || !settings.compact) return undefined;
    const now = environment.clock.now();
    await rollIf((active) => isOverdue(active, settings, now));
    const { startOffset, lastStableOffset } = log;
    const compactedTo = this.#compactedTo;
    return planCompaction({ segments: segments.all, startOffset, lastStableOffset, compactedTo }, settings, now);
  }

  /** Puts a compacted segment in the place of others, as `SegmentList.swap`. */
  async swap(
    replaced: readonly Segment[],
    fresh: Segment,
    producers: readonly ProducerSnapshot[] | undefined,
  ): Promise<boolean> {
    const isDone = await this.#options.segments.swap(replaced, fresh, producers);
    // What memory holds of them is as it was before.
    if (isDone) this.#options.dropCached(fresh.nextOffset);
    return isDone;
  }

  /** As `SegmentList.finishSwap`. */
  finishSwap(): Promise<void> {
    return this.#options.segments.finishSwap();
  }

  /** Notes that the log is compacted up to an offset. */
  noteCompacted(offset: number): void {
    this.#compactedTo = offset;
  }
}
