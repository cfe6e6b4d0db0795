/** The source offsets of the records behind what a chunk of the journal confirms, one after the other. */
import { assert } from '@millrace/base';
import type { SourceRun } from '../batches/outgoing-batch.ts';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { type OffsetRun, routed } from '../offset-map/offset-run.ts';

/** Records that follow one another on the source, which they came to by one route. */
export interface AnnouncedRun extends SourceRun, Pick<OffsetRun, 'via'> {}

export class AnnouncedRecords {
  /** The last one has no end. */
  readonly #runs: AnnouncedRun[];

  constructor({ runs, confirmed }: Pick<JournalChunk, 'runs' | 'confirmed'>) {
    this.#runs = [];
    for (const [index, { source, count, via }] of runs.entries()) {
      const isLast = index === runs.length - 1;
      const end = isLast ? Number.POSITIVE_INFINITY : source + count;
      const begin = Math.max(source, confirmed.source);
      if (begin < end) this.#runs.push(routed({ offset: begin, count: end - begin }, via));
    }
  }

  /** Leaves out so many records. */
  skip(count: number): void {
    this.take(count);
  }

  /** The source offsets of the next records. */
  take(count: number): AnnouncedRun[] {
    const taken: AnnouncedRun[] = [];
    for (let left = count; left > 0; ) {
      const run = this.#runs[0];
      assert(run !== undefined, 'the journal announces fewer records than there are');
      const some = Math.min(left, run.count);
      taken.push(routed({ offset: run.offset, count: some }, run.via));
      left -= some;
      if (some === run.count) this.#runs.shift();
      else this.#runs[0] = { ...run, offset: run.offset + some, count: run.count - some };
    }
    return taken;
  }
}

/** Where records that are not stored are to lie, the first at a target offset, if nobody else writes. */
export function predictedRuns(pending: readonly AnnouncedRun[], from: number): OffsetRun[] {
  let target = from;
  return pending.map(({ offset: source, count, via }) => {
    const run = routed({ source, target, count }, via);
    target += count;
    return run;
  });
}
