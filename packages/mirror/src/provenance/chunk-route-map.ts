/**
 * By which routes the records of one partition came, whose mirror's journal tells of several: by where they lie, or by
 * their numbers as long as it is not written down where they lie. Pure.
 *
 * It knows of the partition from one offset on: who reads on there needs no more, however long the map is.
 */
import { assert } from '@millrace/base';
import { AnnouncedRecords } from '../copy/announced-records.ts';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import type { OffsetRun } from '../offset-map/offset-run.ts';

/** What a batch's header says, on the mirror's target. */
export interface RoutedBatch {
  readonly baseOffset: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

export class ChunkRouteMap {
  /** Of records whose place is written down, ascending. */
  readonly #runs: OffsetRun[] = [];
  readonly #newest: JournalChunk | undefined;
  readonly #from: number;

  /** The chunks of the partition's map, ascending. `from`: the offset before which no batch is asked for. */
  constructor(chunks: readonly JournalChunk[], from = 0) {
    this.#newest = chunks.at(-1);
    this.#from = from;
    const first = chunks.findLastIndex(({ confirmed }) => confirmed.target <= from) + 1;
    for (const { runs, confirmed } of chunks.slice(first)) {
      for (const run of runs) {
        // What was announced only may have come to lie elsewhere.
        const count = Math.min(run.count, confirmed.source - run.source);
        if (run.via !== undefined && count > 0 && run.target + count > from) this.#runs.push({ ...run, count });
      }
    }
  }

  /** The route by which the batch's records came to the mirror's source; undefined where they were written there. */
  routeOf({ baseOffset, producerEpoch, baseSequence }: RoutedBatch): string | undefined {
    const newest = this.#newest;
    if (newest === undefined) return undefined;
    assert(baseOffset >= this.#from, `nothing is known of what lies before ${this.#from}`);
    const { confirmed, epoch } = newest;
    if (baseOffset < confirmed.target || producerEpoch !== epoch) return this.#runAt(baseOffset)?.via;
    const announced = new AnnouncedRecords(newest);
    announced.skip((baseSequence - confirmed.sequence + 2 ** 31) % 2 ** 31);
    return announced.take(1)[0]?.via;
  }

  /** Whether it is written down where the batch lies: nothing that the journal tells later changes its route. */
  isSettled({ baseOffset }: RoutedBatch): boolean {
    return this.#newest !== undefined && baseOffset >= this.#from && baseOffset < this.#newest.confirmed.target;
  }

  #runAt(target: number): OffsetRun | undefined {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const run = this.#runs[middle] as OffsetRun;
      if (run.target + run.count <= target) low = middle + 1;
      else high = middle;
    }
    const run = this.#runs[low];
    return run !== undefined && run.target <= target ? run : undefined;
  }
}
