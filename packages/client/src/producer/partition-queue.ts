/**
 * The batches of one partition, oldest first, and the sequence numbers by which the broker keeps them in order (KIP-98,
 * KIP-360).
 *
 * Invariants: `closed` is sorted by `order`, and what was sent before comes first in it. After a failure nothing is
 * sent (`draining`) until every batch under way has come back; then they go out again in their order under their old
 * sequence numbers. From the oldest batch without an answer to the newest one sent there are never more than the broker
 * remembers. So a batch that it calls out of order is surely not stored, and only such batches change their numbers: a
 * new epoch begins at 0.
 */
import { assert } from '@millrace/base';
import { noIdentity, type PartitionBatch, type ProducerIdentity } from './partition-batch.ts';

/** A broker knows the last so many batches of a producer again when they are repeated. */
const rememberedBatches = 5;

export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** Node id; -1 while unknown. */
  leader = -1;
  /** The batch that records join. */
  open: PartitionBatch | undefined;
  /** The open batch has waited long enough: it goes as soon as the broker has a place for it. */
  openIsDue = false;
  readonly closed: PartitionBatch[] = [];
  readonly inFlight: PartitionBatch[] = [];
  draining = false;
  /** Monotonic time before which nothing is sent, in ms: the pause after a failure. */
  notBefore = 0;
  /** A timer will end the pause. */
  isPausing = false;
  /** Whether it stands in its broker's lane, so that it does so once. */
  inLane = false;
  /** What the last full batch took, for the next one to begin with. */
  capacityHint = 4096;
  #identity: ProducerIdentity = noIdentity;
  #nextSequence = 0;
  #nextOrdinal = 0;
  /** The connection over which a batch was last stored under the identity: who is there knows what comes next. */
  #established: object | undefined;
  /** Order of the oldest batch that was refused as out of order. */
  #gapAt = Number.POSITIVE_INFINITY;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Whether there is nothing to be sent; some may be under way. */
  get isEmpty(): boolean {
    return this.closed.length === 0 && this.open === undefined;
  }

  /** Takes a batch that was to be sent and could not be, to its place. */
  putBack(batch: PartitionBatch): void {
    let index = 0;
    while (index < this.closed.length && (this.closed[index] as PartitionBatch).order < batch.order) index++;
    this.closed.splice(index, 0, batch);
  }

  /** Notes that a batch came back, with whatever result. */
  returned(batch: PartitionBatch): void {
    const index = this.inFlight.indexOf(batch);
    assert(index >= 0, 'a batch came back that was not under way');
    this.inFlight.splice(index, 1);
    if (this.inFlight.length === 0) this.draining = false;
  }

  /**
   * Whether the next batch may go out over this connection while others are under way. Not before the first one under
   * an identity is stored there: a broker that knows nothing of a producer takes any sequence, so that a second batch
   * could be stored where the first was refused. Over another connection may be another broker, or one that has started
   * again and forgotten the producer, as Apache Kafka does where its records are old (`producer.id.expiration.ms`).
   */
  mayOverlap(connection: object): boolean {
    if (this.#established !== connection) return false;
    const next = this.closed[0];
    if (next !== undefined && next.sequence >= 0) return true;
    const oldest = this.inFlight[0];
    return oldest === undefined || this.#nextOrdinal - oldest.ordinal < rememberedBatches;
  }

  /** Notes that a batch was stored. */
  stored(batch: PartitionBatch, connection: object): void {
    if (batch.identity === this.#identity) this.#established = connection;
  }

  /** Notes that the broker refused a batch as out of order. Holds until an older one is sent again. */
  refusedOutOfOrder(batch: PartitionBatch): void {
    this.#gapAt = Math.min(this.#gapAt, batch.order);
  }

  /** Whether the oldest batch was refused as out of order and none is under way: a new epoch must begin. */
  get needsNewEpoch(): boolean {
    return this.inFlight.length === 0 && this.closed[0]?.order === this.#gapAt;
  }

  /** Takes the oldest closed batch: it is under way now. */
  take(): PartitionBatch {
    const batch = this.closed.shift();
    assert(batch !== undefined, 'a batch was taken from an empty queue');
    this.#gapAt = Number.POSITIVE_INFINITY;
    this.inFlight.push(batch);
    return batch;
  }

  /** The identity under which the partition's last batches went out. */
  get identity(): ProducerIdentity {
    return this.#identity;
  }

  /** Begins again at sequence 0 under another identity; batches that wait are renumbered when they are sent. */
  restart(identity: ProducerIdentity): void {
    assert(this.inFlight.length === 0, 'sequence numbers restart while batches are under way');
    this.#begin(identity);
    this.#gapAt = Number.POSITIVE_INFINITY;
    for (const batch of this.closed) batch.sequence = -1;
  }

  /** Gives a batch that is about to be sent for the first time its number; adopts `current` where that is safe. */
  number(batch: PartitionBatch, current: ProducerIdentity): void {
    if (batch.sequence >= 0) return;
    if (
      current !== this.#identity &&
      this.inFlight.length === 0 &&
      !this.closed.some(({ sequence }) => sequence >= 0)
    ) {
      this.#begin(current);
    }
    batch.identity = this.#identity;
    batch.sequence = this.#nextSequence;
    batch.ordinal = this.#nextOrdinal++;
    // Sequence numbers are 31 bits and begin again at 0.
    this.#nextSequence = (this.#nextSequence + batch.recordCount) % 0x8000_0000;
  }

  /** Takes back the number of a batch that the broker refused for good, if no later one was given. */
  unnumber(batch: PartitionBatch): void {
    const following = (batch.sequence + batch.recordCount) % 0x8000_0000;
    if (batch.identity === this.#identity && following === this.#nextSequence) this.#nextSequence = batch.sequence;
  }

  #begin(identity: ProducerIdentity): void {
    this.#identity = identity;
    this.#nextSequence = 0;
    this.#established = undefined;
  }
}
