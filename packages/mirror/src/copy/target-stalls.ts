/**
 * Notices partitions of the target that store nothing for long, though what is to be stored could be sent: errors that
 * another try may cure, and never does, are a matter for whoever runs the mirror.
 */
import type { TargetBatch, TargetPartition } from './target-partition.ts';

/** Longer than the target takes for an election, or a broker to start again. */
const stalledMs = 30_000;
/** What lasts is told again after so long. */
const toldAgainMs = 60_000;

interface Waiting {
  /** The oldest that is not stored. */
  readonly batch: TargetBatch;
  readonly since: number;
  tellAt: number;
}

export class TargetStalls {
  readonly #waiting = new Map<TargetPartition, Waiting>();
  readonly #tell: (target: TargetPartition, ms: number) => void;

  /** `tell` is told of a partition that has stored nothing for so long. */
  constructor(tell: (target: TargetPartition, ms: number) => void) {
    this.#tell = tell;
  }

  /** To be called every second or so, with the monotonic time. */
  look(targets: readonly TargetPartition[], now: number): void {
    for (const target of targets) {
      const batch = target.oldest;
      const known = this.#waiting.get(target);
      // What waits for the journal is told of as the journal.
      if (batch === undefined || target.isStopped || batch.announcement > target.announced) {
        this.#waiting.delete(target);
      } else if (known?.batch !== batch) {
        this.#waiting.set(target, { batch, since: now, tellAt: now + stalledMs });
      } else if (now >= known.tellAt) {
        known.tellAt = now + toldAgainMs;
        this.#tell(target, now - known.since);
      }
    }
  }
}
