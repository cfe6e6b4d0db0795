/**
 * The judge of one mirrored partition: reads the source's committed records and the target's log as it lies there, and
 * compares them one by one. What the target holds must at any moment be the first so many of the source's committed
 * records, each once, in their order; at least once where no more is promised.
 */
import {
  type Api,
  errorCodes,
  errorRow,
  type FetchResponse,
  fetch,
  type RecordBatch,
  RecordBatches,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import type { ActorHome } from '../oracle/actor.ts';
import { findLeaders } from '../oracle/find-leaders.ts';
import { InvariantViolation } from '../oracle/history.ts';
import { isPassing } from '../oracle/passing-trouble.ts';
import { RepeatedRecords } from './repeated-records.ts';

/** A record as readers see it. */
export interface SeenRecord {
  readonly offset: number;
  /** Key, value, headers and time. */
  readonly content: string;
}

type Answer = FetchResponse['responses'][number]['partitions'][number];

export class MirroredPartition {
  readonly topic: string;
  readonly index: number;
  readonly #source: LogReader;
  readonly #target: LogReader;
  readonly #committed: SeenRecord[] = [];
  /** Those of the target, without what is there again. */
  readonly #copied: SeenRecord[] = [];
  readonly #repeats: RepeatedRecords | undefined;
  #comparing: Promise<unknown> = Promise.resolve();

  /** `source` and `target` are the hosts from which the two clusters are asked. `mayRepeat`: records may come again. */
  constructor(topic: string, index: number, source: ActorHome, target: ActorHome, mayRepeat = false) {
    this.topic = topic;
    this.index = index;
    this.#repeats = mayRepeat ? new RepeatedRecords() : undefined;
    this.#source = new LogReader(source, topic, index, 1);
    this.#target = new LogReader(target, topic, index, 0);
  }

  /** Committed records of the source, as far as they were read. */
  get committedCount(): number {
    return this.#committed.length;
  }

  get copiedCount(): number {
    return this.#copied.length;
  }

  /** Of records that are there again. */
  get repeatedCount(): number {
    return this.#repeats?.count ?? 0;
  }

  /** Behind what is committed on the source, as far as it was read. */
  get sourceEnd(): number {
    return this.#source.position;
  }

  /** Reads what has come, and compares; answers whether both sides hold the same. Throws `InvariantViolation`. */
  compare(): Promise<boolean> {
    const comparing = this.#comparing.then(() => this.#compare());
    this.#comparing = comparing;
    return comparing;
  }

  /**
   * Where a group that is to read the source from `offset` must go on, at least and at most: markers are no records, so
   * a reader that begins at one gets the next record. Undefined while records before are not copied.
   */
  expectedOffset(offset: number): { readonly least: number; readonly most: number } | undefined {
    const found = this.#committed.findIndex((record) => record.offset >= offset);
    const place = found < 0 ? this.#committed.length : found;
    if (this.#copied.length < place) return undefined;
    const least = (this.#copied[place - 1]?.offset ?? -1) + 1;
    return { least, most: this.#copied[place]?.offset ?? this.#target.position };
  }

  /** Whether a group that is to read the source from `offset` may go on there. */
  isNext(offset: number, there: number): boolean {
    const due = this.expectedOffset(offset);
    if (due === undefined) return false;
    if (this.#repeats === undefined) return there >= due.least && there <= due.most;
    const place = this.#committed.filter((record) => record.offset < offset).length;
    return this.#repeats.areNext(there, this.#copied.slice(place));
  }

  async #compare(): Promise<boolean> {
    const before = this.#copied.length;
    for await (const record of this.#target.read()) {
      if (this.#repeats?.take(record) !== false) this.#copied.push(record);
    }
    for await (const record of this.#source.read()) this.#committed.push(record);
    for (let place = before; place < this.#copied.length; place++) this.#compareAt(place);
    return this.#copied.length === this.#committed.length;
  }

  #compareAt(place: number): void {
    const copied = this.#copied[place] as SeenRecord;
    const due = this.#committed[place];
    if (due?.content === copied.content) return;
    const where = `${this.topic}/${this.index}: record ${place} of the target, at offset ${copied.offset},`;
    const from = this.#committed.findIndex(({ content }) => content === copied.content);
    const is =
      from < 0
        ? `is none of the source: ${brief(copied.content)}`
        : from < place
          ? `is there twice: it is the source's record ${from}`
          : `is the source's record ${from}: ${from - place} before it are missing`;
    throw new InvariantViolation(`${where} ${is}; due was ${due === undefined ? 'none' : brief(due.content)}`);
  }
}

/** All that lies on both sides: committed records of the source, and what of the target readers of all see. */
export interface BothSides {
  readonly source: readonly SeenRecord[];
  readonly target: readonly SeenRecord[];
  /** Behind what is committed on the source. */
  readonly sourceEnd: number;
}

/** Reads a partition anew, of the source from an offset on, which must be there. */
export async function readBothSides(
  topic: string,
  index: number,
  source: ActorHome,
  target: ActorHome,
  from: number,
): Promise<BothSides> {
  const readers = { source: new LogReader(source, topic, index, 1), target: new LogReader(target, topic, index, 0) };
  readers.source.position = from;
  const sides = { source: [] as SeenRecord[], target: [] as SeenRecord[] };
  for await (const record of readers.source.read()) sides.source.push(record);
  for await (const record of readers.target.read()) sides.target.push(record);
  return { ...sides, sourceEnd: readers.source.position };
}

/** Reads a partition's records in order, each once: committed ones, or all that lie there. */
export class LogReader {
  readonly #home: ActorHome;
  readonly #topic: string;
  readonly #index: number;
  readonly #isolationLevel: 0 | 1;
  #leader: number | undefined;
  position = 0;

  constructor(home: ActorHome, topic: string, index: number, isolationLevel: 0 | 1) {
    this.#home = home;
    this.#topic = topic;
    this.#index = index;
    this.#isolationLevel = isolationLevel;
  }

  /** From where it was left to the end as it was at first. */
  async *read(): AsyncGenerator<SeenRecord> {
    for (let end = Number.POSITIVE_INFINITY; this.position < end; ) {
      const answer = await this.#fetch();
      const last = this.#isolationLevel === 0 ? answer.highWatermark : answer.lastStableOffset;
      if (end === Number.POSITIVE_INFINITY) end = last;
      yield* this.#recordsOf(answer);
    }
  }

  *#recordsOf({ records, abortedTransactions }: Answer): Generator<SeenRecord> {
    const aborted = this.#isolationLevel === 0 ? [] : [...(abortedTransactions ?? [])];
    aborted.sort((left, right) => left.firstOffset - right.firstOffset);
    const ended = new Set<number>();
    for (const batch of new RecordBatches(records ?? new Uint8Array(0))) {
      batch.verifyCrc();
      while ((aborted[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= batch.lastOffset) {
        ended.add((aborted.shift() as { producerId: number }).producerId);
      }
      if (batch.isControl) ended.delete(batch.producerId);
      else if (!batch.isTransactional || !ended.has(batch.producerId)) yield* this.#recordsIn(batch);
      this.position = Math.max(this.position, batch.lastOffset + 1);
    }
  }

  *#recordsIn(batch: RecordBatch): Generator<SeenRecord> {
    for (const { offset, timestamp, key, value, headers } of batch.records()) {
      if (offset < this.position) continue;
      const texts = headers.map((header) => [header.key, textOf(header.value)]);
      yield { offset, content: JSON.stringify([textOf(key), textOf(value), texts, Number(timestamp)]) };
    }
  }

  async #fetch(): Promise<Answer> {
    const [topic, partition] = [this.#topic, this.#index];
    for (;;) {
      this.#leader ??= (await findLeaders(this.#home, topic))[partition] ?? -1;
      const draft = {
        maxWaitMs: 0,
        minBytes: 0,
        isolationLevel: this.#isolationLevel,
        topics: [{ topic, partitions: [{ partition, fetchOffset: this.position, partitionMaxBytes: 64 * 1024 }] }],
      };
      const response = this.#leader < 0 ? undefined : await this.#ask(this.#leader, fetch, 11, draft);
      const answer = response?.responses[0]?.partitions[0];
      if (answer?.errorCode === errorCodes.NONE) return answer;
      this.#leader = undefined;
      if (answer !== undefined && !isPassing(answer.errorCode) && !errorRow(answer.errorCode).retriable) {
        const { name } = errorRow(answer.errorCode);
        throw new InvariantViolation(`${topic}/${partition} can't be read at ${this.position}: ${name}`);
      }
      await this.#home.anyBroker().pause();
    }
  }

  #ask<A extends Api>(leader: number, api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    return this.#home.broker(leader).ask(api, version, draft);
  }
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

function brief(content: string): string {
  return content.length > 60 ? `${content.slice(0, 60)}...` : content;
}
