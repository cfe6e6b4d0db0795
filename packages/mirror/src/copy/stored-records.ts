/**
 * What of a target's log a journal's chunks know to be there, and whether a batch that lies there can be it.
 *
 * A log that loses its end is filled again, by whomever: with markers of takeovers, with records of others, and also
 * with the mirror's own batches that were on their way. So an offset alone proves nothing. What a chunk's owner wrote
 * has the owner's producer id and epoch, and its numbers follow from how many records the chunk has before and behind.
 * What an owner found when it took over is of the owner before; who wrote what a map begins with that was turned round
 * in a failback is not known, nor what producers without id or fence wrote.
 */
import type { RecordBatch } from '@millrace/wire';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { type KnownRun, knownRuns } from './chunk-map.ts';

type Written = Pick<
  RecordBatch,
  'isControl' | 'producerId' | 'producerEpoch' | 'baseSequence' | 'baseOffset' | 'lastOffset'
>;

export class StoredRecords {
  readonly #chunks: readonly JournalChunk[];
  /** Ascending. */
  readonly #runs: readonly KnownRun[];
  /** Of each run, the number of its first record if its chunk's owner wrote it, which a negative one denies. */
  readonly #sequences: readonly number[];

  /** `chunks`: ascending. */
  constructor(chunks: readonly JournalChunk[]) {
    this.#chunks = chunks;
    this.#runs = [...knownRuns(chunks)];
    const sequences: number[] = [];
    let [chunk, sequence] = [-1, 0];
    for (const run of this.#runs.toReversed()) {
      if (run.chunk !== chunk) {
        chunk = run.chunk;
        sequence = numberBehind(run, chunks[chunk] as JournalChunk);
      }
      sequence -= run.count;
      sequences.push(sequence);
    }
    this.#sequences = sequences.reverse();
  }

  /** The target offset of the first record; undefined without any. */
  get first(): number | undefined {
    return this.#runs[0]?.target;
  }

  /** The target offset of the last record; undefined without any. */
  get last(): number | undefined {
    const run = this.#runs.at(-1);
    return run && run.target + run.count - 1;
  }

  /** The offset of the first record in whose place the batch lies without being it; undefined where there is none. */
  missingIn(batch: Written): number | undefined {
    const place = this.#reaching(batch.baseOffset);
    const run = this.#runs[place];
    if (run === undefined || run.target > batch.lastOffset || this.#canBe(batch, run, place)) return undefined;
    return Math.max(run.target, batch.baseOffset);
  }

  #canBe(batch: Written, run: KnownRun, place: number): boolean {
    if (batch.isControl) return false;
    const owner = this.#chunks[run.chunk] as JournalChunk;
    if (owner.producerId < 0) return true;
    const isOf = ({ producerId, epoch }: JournalChunk): boolean => {
      return batch.producerId === producerId && batch.producerEpoch === epoch;
    };
    const sequence = (this.#sequences[place] as number) + batch.baseOffset - run.target;
    if (isOf(owner)) return batch.baseSequence === (sequence + 2 ** 31) % 2 ** 31;
    if (sequence >= 0) return false;
    const before = this.#chunks[run.chunk - 1];
    const isKnown = before !== undefined && before.producerId >= 0 && !isSameOwner(before, owner);
    return !isKnown || isOf(before);
  }

  /** Place of the first run that ends behind a target offset. */
  #reaching(target: number): number {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const run = this.#runs[middle] as KnownRun;
      if (run.target + run.count <= target) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The number of the record behind a run of a chunk, by what the chunk confirms. */
function numberBehind({ source, count }: KnownRun, { runs, confirmed }: JournalChunk): number {
  const end = source + count;
  let sequence = confirmed.sequence;
  for (const run of runs) {
    const known = Math.max(0, Math.min(run.count, confirmed.source - run.source));
    sequence -= Math.max(0, known - Math.max(0, end - run.source));
  }
  return sequence;
}

function isSameOwner(left: JournalChunk, right: JournalChunk): boolean {
  return left.producerId === right.producerId && left.epoch === right.epoch;
}
