/**
 * The batches on their way to one partition of the target, oldest first, from being numbered to being stored.
 *
 * Invariants: batches are sent in their order, and again with the same bytes. From the oldest that is not stored to the
 * newest that was sent there are never more than a broker remembers of a producer, so that it knows each again and none
 * can be stored twice; of a producer without an id it knows none, and only one is under way. After a failure nothing is
 * sent until all that is under way has come back. What is stored is told in order.
 */
import { assert } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import type { ProducerIdentity } from '@millrace/client/protocol';
import { adoptBatch } from '../batches/adopt-batch.ts';

/** A broker knows the last so many batches of a producer again when they are repeated. */
const rememberedBatches = 5;
/** A broker that has not heard of a producer for long may have forgotten what number comes next. */
const forgottenAfterMs = 60_000;

export interface TargetBatch {
  readonly bytes: Uint8Array;
  readonly recordCount: number;
  readonly sequence: number;
  /** It may be sent once this announcement is in the journal. */
  readonly announcement: number;
  /** Called when it is stored, after all before it: with the offset of its first record, and of the log's. */
  readonly stored: (baseOffset: number, logStartOffset: number) => void;
  /** Called instead when it will never be sent again, here. */
  readonly dropped: () => void;
}

interface Entry {
  readonly batch: TargetBatch;
  state: 'waiting' | 'under way' | 'stored';
  baseOffset: number;
  logStartOffset: number;
}

export class TargetPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Node id; -1 while unknown. */
  leader = -1;
  /** The newest announcement that is in the journal. */
  announced = 0;
  /** Monotonic time before which nothing is sent: the pause after a failure. */
  notBefore = 0;
  /** Failures since a batch was stored. */
  failures = 0;
  /** Why something could not be sent or stored, the last time. */
  lastError: Error | undefined;
  /** Whether it stands in its broker's lane, so that it does so once. */
  inLane = false;
  /** Over which of its writer's connections to a broker it is sent. */
  connection = 0;
  /** A timer will end the pause. */
  isPausing = false;
  readonly identity: ProducerIdentity;
  readonly #fail: (error: Error) => void;
  #entries: Entry[] = [];
  #nextSequence: number;
  #underWay = 0;
  #isDraining = false;
  #heardAt: number;
  #isStopped = false;
  #bytes = 0;
  #settled: (() => void)[] = [];

  /**
   * `now`: when a leader last heard of the producer, as by a marker; minus infinity when it may never have. Then one
   * batch is under way until it is stored. `fail` is told why nothing is sent any more: the identity is of no use, a
   * batch was refused for good, or it is in doubt what is stored. `sequence`: number of the first batch.
   */
  constructor(
    place: TopicPartition,
    identity: ProducerIdentity,
    now: number,
    fail: (error: Error) => void,
    sequence = 0,
  ) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.identity = identity;
    this.#heardAt = now;
    this.#fail = fail;
    this.#nextSequence = sequence;
  }

  /** Bytes that are not stored yet. */
  get bytes(): number {
    return this.#bytes;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get isUnderWay(): boolean {
    return this.#underWay > 0;
  }

  /** Whether what waits can't be sent: the last try failed, or there is no leader. */
  get isHeldUp(): boolean {
    return this.failures > 0 || (this.leader < 0 && this.#entries.length > 0);
  }

  /** The oldest batch that is not stored. */
  get oldest(): TargetBatch | undefined {
    return this.#entries[0]?.batch;
  }

  /** Sequence number of the next batch that is pushed. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Takes a batch, whose bytes must not change from now on, and gives it its producer and number. */
  push(
    bytes: Uint8Array,
    recordCount: number,
    announcement: number,
    stored: TargetBatch['stored'],
    dropped: TargetBatch['dropped'] = () => undefined,
  ): void {
    const sequence = this.#nextSequence;
    const { producerId, epoch } = this.identity;
    adoptBatch(bytes, producerId, epoch, producerId < 0 ? -1 : sequence);
    this.#nextSequence = (sequence + recordCount) % 2 ** 31;
    this.#bytes += bytes.length;
    const batch = { bytes, recordCount, sequence, announcement, stored, dropped };
    this.#entries.push({ batch, state: 'waiting', baseOffset: -1, logStartOffset: -1 });
  }

  /** The batch that may be sent now, if there is one. */
  sendable(now: number): TargetBatch | undefined {
    if (this.#isStopped || this.#isDraining || now < this.notBefore) return undefined;
    const isKnown = this.identity.producerId >= 0 && now - this.#heardAt <= forgottenAfterMs;
    const windowMax = isKnown ? rememberedBatches : 1;
    const place = this.#entries.findIndex(({ state }) => state === 'waiting');
    const batch = this.#entries[place]?.batch;
    return batch !== undefined && place < windowMax && batch.announcement <= this.announced ? batch : undefined;
  }

  /** Notes that the batch is under way. */
  sent(batch: TargetBatch): void {
    this.#entryOf(batch).state = 'under way';
    this.#underWay += 1;
  }

  /** Notes that a batch is stored, from `baseOffset` on, in a log that starts at `logStartOffset`; -1: unknown. */
  succeeded(batch: TargetBatch, baseOffset: number, logStartOffset: number, now: number): void {
    const entry = this.#returned(batch);
    entry.state = 'stored';
    entry.baseOffset = baseOffset;
    entry.logStartOffset = logStartOffset;
    this.failures = 0;
    this.lastError = undefined;
    this.#heardAt = now;
    while (this.#entries[0]?.state === 'stored') {
      const { batch: oldest, ...place } = this.#entries.shift() as Entry;
      this.#bytes -= oldest.bytes.length;
      oldest.stored(place.baseOffset, place.logStartOffset);
    }
    this.#settle();
  }

  /** Notes that a batch must be sent again, not before a time. */
  returned(batch: TargetBatch, notBefore: number): void {
    this.#returned(batch).state = 'waiting';
    this.#isDraining = this.#underWay > 0;
    this.notBefore = Math.max(this.notBefore, notBefore);
    this.#settle();
  }

  /** Whether the batch is the oldest that is not stored. */
  isOldest(batch: TargetBatch): boolean {
    return this.#entries[0]?.batch === batch;
  }

  /** Sends no more; `error` is told once. */
  stop(error: Error): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (this.#underWay === 0) this.#drop();
    this.#fail(error);
  }

  /** Sends no more, without a word. Resolves when nothing is under way any more. */
  halt(): Promise<void> {
    this.#isStopped = true;
    if (this.#underWay > 0) return new Promise((resolve) => this.#settled.push(resolve));
    this.#drop();
    return Promise.resolve();
  }

  #returned(batch: TargetBatch): Entry {
    const entry = this.#entryOf(batch);
    assert(entry.state === 'under way', 'a batch came back that was not under way');
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#isDraining = false;
    return entry;
  }

  #entryOf(batch: TargetBatch): Entry {
    const entry = this.#entries.find((each) => each.batch === batch);
    assert(entry !== undefined, 'a batch is of another partition');
    return entry;
  }

  /** Lets go of what will not be sent. It still counts as not stored. */
  #drop(): void {
    for (const { batch } of this.#entries.splice(0)) batch.dropped();
  }

  #settle(): void {
    if (this.#underWay > 0) return;
    if (this.#isStopped) this.#drop();
    for (const resolve of this.#settled.splice(0)) resolve();
  }
}
