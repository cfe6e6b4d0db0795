/**
 * For tests: the logs of a partition's leaders, one after the other, as unclean elections leave them. Each begins with
 * what the one before held up to some batch, and goes on under an epoch of its own. Leaders answer fetches as those of
 * Apache Kafka do (KIP-595: a leader compares the epoch that was fetched last).
 */
import type { Randomness } from '@millrace/base';
import { batchHeader, errorCodes, RecordBatchBuilder } from '@millrace/wire';
import type { EpochEnd } from '../copy/source-epochs.ts';
import type { FetchAnswer } from '../copy/source-partition.ts';
import type { SourceEpoch } from '../offset-map/source-epoch.ts';

interface LoggedBatch {
  readonly base: number;
  /** Behind its last offset. */
  readonly end: number;
  readonly epoch: number;
  readonly values: readonly string[];
  readonly bytes: Uint8Array;
}

export interface AskedRange {
  readonly from: number;
  readonly bytesMax: number;
  /** -1: the leader has nothing to compare. */
  readonly lastFetchedEpoch: number;
}

export class LeaderLog {
  readonly epoch: number;
  readonly #batches: LoggedBatch[];
  /** Ascending. A leader begins its epoch where it is elected, whether or not its first records stay. */
  readonly #starts: readonly SourceEpoch[];
  #end: number;

  constructor(epoch: number, before: readonly LoggedBatch[] = [], starts: readonly SourceEpoch[] = [], end = 0) {
    this.epoch = epoch;
    this.#batches = [...before];
    this.#starts = [...starts.filter(({ start }) => start < end), { epoch, start: end }];
    this.#end = end;
  }

  get end(): number {
    return this.#end;
  }

  /** What all its records are told apart by, in order: offset, leader epoch, and number in the batch. */
  get values(): readonly string[] {
    return this.#batches.flatMap(({ values }) => values);
  }

  /** Writes batches of one to four records; between some are offsets without any, as compaction leaves them. */
  append(batches: number, randomness: Randomness): void {
    for (let index = 0; index < batches; index++) {
      const base = this.#end + (randomness.integer(8) === 0 ? randomness.integer(5) : 0);
      const builder = new RecordBatchBuilder();
      const values = Array.from({ length: 1 + randomness.integer(4) }, (_, at) => `${base + at} of ${this.epoch}`);
      const padding = Buffer.alloc(randomness.integer(4) === 0 ? randomness.integer(300) : 0);
      for (const value of values) builder.append(0, padding, Buffer.from(value));
      const bytes = Uint8Array.from(builder.build({ baseOffset: base }));
      batchHeader.setPartitionLeaderEpoch(bytes, 0, this.epoch);
      this.#end = base + values.length;
      this.#batches.push({ base, end: this.#end, epoch: this.epoch, values, bytes });
    }
  }

  /** How many batches lie at an offset or behind. */
  batchesFrom(offset: number): number {
    return this.#batches.filter(({ base }) => base >= offset).length;
  }

  /** The log of who is elected next, and lacks the last batches, which nobody has any more. */
  successor(lost: number, epoch: number): LeaderLog {
    const kept = this.#batches.slice(0, Math.max(0, this.#batches.length - lost));
    return new LeaderLog(epoch, kept, this.#starts, lost === 0 ? this.#end : (kept.at(-1)?.end ?? 0));
  }

  /** Where the largest epoch ends that is not beyond `epoch`; undefined where there is none, or all are older. */
  endOf(epoch: number): EpochEnd | undefined {
    if (epoch > this.epoch) return undefined;
    if (epoch === this.epoch) return { epoch, endOffset: this.#end };
    const next = this.#starts.find((each) => each.epoch > epoch);
    const own = this.#starts.findLast((each) => each.epoch <= epoch);
    return { epoch: own?.epoch ?? epoch, endOffset: next?.start ?? this.#end };
  }

  answer({ from, bytesMax, lastFetchedEpoch }: AskedRange): FetchAnswer {
    const told = lastFetchedEpoch < 0 ? undefined : this.endOf(lastFetchedEpoch);
    const isUnknown = lastFetchedEpoch >= 0 && told === undefined;
    if (from > this.#end || isUnknown) return this.#answer(errorCodes.OFFSET_OUT_OF_RANGE, []);
    if (told !== undefined && (told.epoch < lastFetchedEpoch || told.endOffset < from)) {
      return { ...this.#answer(0, []), divergingEpoch: told };
    }
    const there = this.#batches.filter(({ end }) => end > from);
    const records = Buffer.concat(there.map(({ bytes }) => bytes));
    const least = there[0]?.bytes.length ?? 0;
    return this.#answer(0, Uint8Array.from(records.subarray(0, Math.max(least, bytesMax))));
  }

  #answer(errorCode: number, records: Uint8Array | []): FetchAnswer {
    return {
      partitionIndex: 0,
      errorCode,
      highWatermark: this.#end,
      lastStableOffset: this.#end,
      logStartOffset: 0,
      abortedTransactions: [],
      preferredReadReplica: -1,
      divergingEpoch: { epoch: -1, endOffset: -1 },
      records: records.length === 0 ? null : (records as Uint8Array),
    } as unknown as FetchAnswer;
  }
}
