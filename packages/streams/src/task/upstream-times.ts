/**
 * Event time behind repartition topics. Their records come from several tasks of other sub-topologies, each with its
 * own stream time, and in an order that follows from how fast those are, and in which processes. So that results do
 * not:
 *
 * - Stream time here is the least of theirs. Each writes how far it is (a mark) behind the records of each of its
 *   transactions, to all partitions. One that is read to its end is left out until it goes on; where all are, the
 *   farthest counts.
 * - A record is late by the stream time of the task that sent it, as of when it did. Where that is past the record's
 *   own time it comes with it, in a header. As stream time here is never past it, what is not late finds its windows
 *   open, whatever else came before it.
 */
import type { InputRecord } from './cursor.ts';

/** Header of a record without key and value: how far tasks are that write to the topic. */
const markHeader = 'millrace.watermark';
/** Header of a record: stream time where it was sent, past the record's own time. */
const horizonHeader = 'millrace.time';

export interface UpstreamTime {
  /** In ms since 1970; -1 before the first record. */
  readonly time: number;
  /** Whether the task is read to its end. */
  readonly isIdle: boolean;
}

/** By task id. */
export type Mark = ReadonlyMap<string, UpstreamTime>;

type Written = Record<string, readonly [time: number, isIdle: 0 | 1]>;

export function markHeaders(mark: Mark): readonly (readonly [string, string])[] {
  return [[markHeader, JSON.stringify(writtenOf(mark))]];
}

/** The mark that a record is; undefined where it is a record of the topology. */
export function readMark(record: InputRecord): Mark | undefined {
  if (record.keyBytes !== null || record.valueBytes !== null) return undefined;
  const header = record.headers.find(({ key }) => key === markHeader);
  if (header === undefined) return undefined;
  return markOf(JSON.parse(Buffer.from(header.value ?? []).toString()) as Written);
}

export function horizonHeaders(horizon: number): readonly (readonly [string, Uint8Array])[] {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(horizon);
  return [[horizonHeader, bytes]];
}

/** By which time a record of a repartition topic is late or not. */
export function readHorizon(record: InputRecord): number {
  for (const { key, value } of record.headers) {
    if (key !== horizonHeader || value === null) continue;
    return new DataView(value.buffer, value.byteOffset, 8).getFloat64(0);
  }
  return record.timestamp;
}

/** What a task knows of those that write to the topics that it reads. */
export class UpstreamTimes {
  /** By topic and task id; undefined before anything is known of it. */
  readonly #known = new Map<string, UpstreamTime | undefined>();
  #changes = 0;
  #isIdle = false;
  #time = -1;

  /** `upstreams` has the ids of the tasks that write to each topic. */
  constructor(upstreams: ReadonlyMap<string, readonly string[]>, noted: unknown) {
    const before = markOf((noted ?? {}) as Written);
    for (const [topic, ids] of upstreams) {
      for (const id of ids) this.#known.set(`${topic} ${id}`, before.get(`${topic} ${id}`));
    }
    this.#combine();
  }

  /** How often something was learned. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether none of them has more to send, as far as they know. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** The least of their times; -1 while one of them is not known. */
  get time(): number {
    return this.#time;
  }

  learn(topic: string, mark: Mark): void {
    this.#changes++;
    for (const [id, { time, isIdle }] of mark) {
      const name = `${topic} ${id}`;
      if (!this.#known.has(name)) continue;
      this.#known.set(name, { time: Math.max(time, this.#known.get(name)?.time ?? -1), isIdle });
    }
    this.#combine();
  }

  #combine(): void {
    const known = [...this.#known.values()];
    const times = known.flatMap((each) => (each === undefined || each.isIdle ? [] : [each.time]));
    this.#isIdle = known.every((each) => each?.isIdle === true);
    if (known.includes(undefined)) this.#time = -1;
    else if (this.#isIdle) this.#time = Math.max(-1, ...known.map((each) => each?.time ?? -1));
    else this.#time = Math.min(...times);
  }

  /** To be noted, and given to the constructor again. */
  note(): unknown {
    const known = [...this.#known].flatMap(([name, each]) => (each === undefined ? [] : [[name, each] as const]));
    return writtenOf(new Map(known));
  }
}

function writtenOf(mark: Mark): Written {
  return Object.fromEntries([...mark].map(([id, { time, isIdle }]) => [id, [time, isIdle ? 1 : 0] as const]));
}

function markOf(written: Written): Mark {
  return new Map(Object.entries(written).map(([id, [time, isIdle]]) => [id, { time, isIdle: isIdle === 1 }] as const));
}
