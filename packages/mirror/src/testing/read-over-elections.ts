/**
 * For tests: a partition is read by ranges while its leaders change, some of which lack records that were read, or that
 * are under way. Method: answers are made when they are asked for, by this leader or the one before, and arrive in any
 * order, late, or never. What was taken must at any moment be the beginning of one leader's log. In the end all of the
 * last one's is taken, or it is told that it differs; and that is told of none that does not.
 */
import assert from 'node:assert/strict';
import { type Randomness, seededRandomness } from '@millrace/base';
import { batchHeader, errorCodes, RecordBatch } from '@millrace/wire';
import { topicsOf } from '../copy/fetch-request.ts';
import { FetchedMemory } from '../copy/fetched-memory.ts';
import { type FetchRange, PartitionRanges } from '../copy/partition-ranges.ts';
import { isLogOf } from '../copy/source-divergence.ts';
import { epochsIn, SourceEpochs } from '../copy/source-epochs.ts';
import type { FetchAnswer, SourcePartition } from '../copy/source-partition.ts';
import { LeaderLog } from './leader-logs.ts';

/** Behind so many steps nothing goes wrong any more. */
const troubledSteps = 400;
const stepsMax = 4000;
const underWayMax = 6;
const decoder = new TextDecoder();

/** Runs a seed; answers how often what happened. Rejects with an `AssertionError` when something is read wrongly. */
export async function readOverElections(seed: number): Promise<Readonly<Record<string, number>>> {
  return await new Reading(seededRandomness(seed)).run();
}

class Reader implements SourcePartition {
  readonly topic = 'topic';
  readonly partition = 0;
  readonly topicId = '';
  readonly epochs = new SourceEpochs([], 0);
  readonly taken: string[] = [];
  leader = 0;
  position = 0;
  hasRoom = true;
  isSlow = false;

  get lastFetchedEpoch(): number {
    return this.epochs.last;
  }

  take({ records }: FetchAnswer): Promise<void> | undefined {
    if (records === null || records.length === 0) return undefined;
    if (!this.isSlow) return this.#add(records);
    return Promise.resolve().then(() => this.#add(records));
  }

  diverged(): void {
    throw new Error('this is judged by who reads');
  }

  failed(error: Error): void {
    throw error;
  }

  #add(records: Uint8Array): undefined {
    let next = this.position;
    for (let at = 0; batchHeader.wholeBatchSize(records, at) > 0; at += batchHeader.batchSize(records, at)) {
      for (const { offset, value } of new RecordBatch(records, at).records()) {
        if (offset >= next) this.taken.push(decoder.decode(value ?? undefined));
      }
      next = Math.max(next, batchHeader.lastOffset(records, at) + 1);
    }
    this.epochs.add(epochsIn(records), this.position, next);
    this.position = next;
  }
}

interface Arrival {
  readonly range: FetchRange;
  readonly answer: FetchAnswer;
}

class Reading {
  readonly #randomness: Randomness;
  readonly #reader = new Reader();
  readonly #memory = new FetchedMemory({ frameBytesMax: 1024, bytesMax: 2 ** 20 });
  readonly #logs: LeaderLog[] = [];
  readonly #counts: Record<string, number> = {};
  #ranges: PartitionRanges;
  #underWay: Arrival[] = [];
  #elections: number;
  #isTold = false;
  /** So many records are known to be of one log. */
  #checked = 0;

  constructor(randomness: Randomness) {
    this.#randomness = randomness;
    this.#ranges = new PartitionRanges(this.#reader, this.#memory);
    this.#elections = 1 + randomness.integer(6);
    let log = new LeaderLog(randomness.integer(3));
    for (let epochs = 1 + randomness.integer(4); epochs > 0; epochs--) {
      log = log.successor(0, log.epoch + 1 + randomness.integer(2));
      log.append(randomness.integer(40), randomness);
    }
    this.#logs.push(log);
  }

  async run(): Promise<Readonly<Record<string, number>>> {
    const log = (): LeaderLog => this.#logs.at(-1) as LeaderLog;
    const isDone = (step: number): boolean => step > troubledSteps && this.#reader.position === log().end;
    for (let step = 0; !this.#isTold && !isDone(step); step++) {
      assert.ok(step < stepsMax, `it stands at ${this.#reader.position} of ${log().end}`);
      const isCalm = step > troubledSteps;
      if (!isCalm) this.#change();
      this.#reader.isSlow = this.#randomness.integer(4) === 0;
      this.#reader.hasRoom = isCalm || this.#randomness.integer(8) > 0;
      await this.#ranges.deliver();
      this.#ask(isCalm);
      if (this.#randomness.integer(2) === 0) await this.#hear(isCalm);
      this.#check();
    }
    if (!this.#isTold) assert.deepEqual(this.#reader.taken, log().values);
    else assert.ok(!isBeginningOf(this.#reader.taken, log()), 'nothing that was read is lost, and it is told so');
    const known = this.#reader.epochs.known.map(({ epoch }) => epoch);
    assert.deepEqual(
      known,
      known.toSorted((left, right) => left - right),
      'epochs ascend',
    );
    this.#count('records read', this.#reader.taken.length);
    return this.#counts;
  }

  #count(what: string, count = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + count;
  }

  /** Something is written, or another leader is elected. */
  #change(): void {
    const log = this.#logs.at(-1) as LeaderLog;
    if (this.#randomness.integer(10) === 0) log.append(this.#randomness.integer(8), this.#randomness);
    if (this.#elections === 0 || this.#randomness.integer(20) > 0) return;
    this.#elections -= 1;
    // What is lost begins about where it is read.
    const near = log.batchesFrom(this.#reader.position) + 4 - this.#randomness.integer(24);
    const lost = this.#randomness.integer(4) === 0 ? 0 : Math.max(0, near);
    const successor = log.successor(lost, log.epoch + 1 + this.#randomness.integer(2));
    if (successor.end < log.end) this.#count('elections that lost records');
    successor.append(this.#randomness.integer(60), this.#randomness);
    this.#logs.push(successor);
  }

  #ask(isCalm: boolean): void {
    const most = 1 + this.#randomness.integer(900);
    const range = this.#randomness.integer(2) === 0 ? this.#ranges.head(most) : this.#ranges.ahead(most);
    if (range === undefined || this.#underWay.length >= underWayMax) return;
    this.#ranges.begin(range);
    const [asked] = topicsOf([{ ranges: this.#ranges, range }], most, true)[0]?.partitions ?? [];
    // One that does not know that it was deposed answers still.
    const isOld = !isCalm && this.#logs.length > 1 && this.#randomness.integer(12) === 0;
    const leader = this.#logs.at(isOld ? -2 : -1) as LeaderLog;
    const lastFetchedEpoch = asked?.lastFetchedEpoch ?? -1;
    const answer = leader.answer({ from: range.from, bytesMax: range.bytesMax, lastFetchedEpoch });
    this.#underWay.push({ range, answer });
  }

  async #hear(isCalm: boolean): Promise<void> {
    if (this.#underWay.length === 0) return;
    const [arrival] = this.#underWay.splice(this.#randomness.integer(this.#underWay.length), 1);
    const { range, answer } = arrival as Arrival;
    if (!isCalm && this.#randomness.integer(16) === 0) return void this.#ranges.lost(range);
    if (answer.errorCode === errorCodes.OFFSET_OUT_OF_RANGE) {
      if (this.#ranges.lost(range, true)) this.#judge();
      return;
    }
    if (answer.divergingEpoch.epoch >= 0) return this.#judge();
    const before = this.#reader.taken.length;
    const isAhead = range.from > this.#reader.position;
    await this.#ranges.arrived(range, answer);
    if (isAhead && this.#ranges.isWaiting) this.#count('ranges that waited');
    if (this.#reader.taken.length > before) this.#count('ranges taken');
  }

  /** As the mirror judges an offset out of range. What is under way is forgotten with the ranges. */
  #judge(): void {
    const { lastFetchedEpoch: epoch, position } = this.#reader;
    const log = this.#logs.at(-1) as LeaderLog;
    this.#ranges.close();
    this.#underWay = [];
    this.#ranges = new PartitionRanges(this.#reader, this.#memory);
    if (epoch < 0 || isLogOf(log.endOf(epoch), epoch, position)) return this.#count('alarms that proved false');
    this.#isTold = true;
    this.#count('losses told');
  }

  #check(): void {
    const { taken, position } = this.#reader;
    if (taken.length === this.#checked) return;
    this.#checked = taken.length;
    assert.ok(
      this.#logs.some((log) => isBeginningOf(taken, log)),
      `what was read up to offset ${position} is of two logs, which differ: ${taken.slice(-12).join(', ')}`,
    );
  }
}

function isBeginningOf(taken: readonly string[], log: LeaderLog): boolean {
  const { values } = log;
  return taken.length <= values.length && taken.every((value, place) => value === values[place]);
}
