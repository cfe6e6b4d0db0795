/**
 * What a partition remembers of idempotent producers: enough to refuse a gap in their sequence numbers, to recognise a
 * batch that was sent twice, and to know where their open transactions begin (KIP-98). Numbers of the last five batches
 * are kept, as many as a producer may have in flight.
 *
 * A batch is staged when it is appended and committed when it is written. Staged state lives beside the committed one,
 * so that a failed write is undone by dropping it. What concerns readers (open transactions) is of committed batches.
 *
 * A producer that is not known may begin anywhere, because what was known may have expired. But one whose first batch
 * failed must come back with that: the batches which it sent behind would otherwise be taken before it.
 */
import { errorCodes } from '@millrace/wire';
import type { AbortedTransaction } from './aborted-transaction.ts';
import type { ProducerBatch } from './producer-batch.ts';

interface SequenceRange {
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

interface ProducerState {
  readonly epoch: number;
  /** Of the epoch, oldest first, at most five. */
  readonly batches: readonly SequenceRange[];
  readonly timestamp: number;
  /** Offset of the first record of the open transaction; -1 when there is none. */
  readonly transactionStart: number;
  /** Of the coordinator that ended its last transaction; -1 before. */
  readonly coordinatorEpoch: number;
}

/** A producer's state as a segment's sidecar file stores it. Files from before transactions lack what they need. */
export interface ProducerSnapshot
  extends Omit<ProducerState, 'transactionStart' | 'coordinatorEpoch'>,
    Partial<Pick<ProducerState, 'transactionStart' | 'coordinatorEpoch'>> {
  readonly producerId: number;
}

/** What is known of a producer in a partition, as it is written. */
export interface KnownProducer {
  readonly producerId: number;
  readonly epoch: number;
  /** -1 when it has written no batch in this epoch. */
  readonly lastSequence: number;
  /** Where the batch with that number begins; -1 likewise. */
  readonly lastBatchOffset: number;
  readonly timestamp: number;
  readonly transactionStart: number;
  readonly coordinatorEpoch: number;
}

/**
 * What a check finds: the batch is next in line, was appended before (at an offset), or is refused with an error code.
 */
export type SequenceCheck =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate'; readonly baseOffset: number }
  | { readonly kind: 'refused'; readonly errorCode: number };

const batchesKept = 5;
const next: SequenceCheck = { kind: 'next' };

export class ProducerStates {
  readonly #committed = new Map<number, ProducerState>();
  readonly #staged = new Map<number, ProducerState>();
  /** The first batch of producers of which none is committed. */
  readonly #firstStaged = new Map<number, ProducerBatch>();
  /** Where the open transaction of each producer begins, ascending, as they were begun. */
  readonly #open = new Map<number, number>();

  /** Offset of the first record of the oldest open transaction, or undefined when none is open. */
  get firstOpenOffset(): number | undefined {
    return this.#open.size === 0 ? undefined : this.#open.values().next().value;
  }

  /** The producers that have an open transaction. */
  open(): Iterable<number> {
    return this.#open.keys();
  }

  /** What is written of a producer, or on its way; undefined when nothing is known. */
  get(producerId: number): KnownProducer | undefined {
    const state = this.#staged.get(producerId) ?? this.#committed.get(producerId);
    return state && known(producerId, state);
  }

  /** All producers of which something is written. */
  *all(): Iterable<KnownProducer> {
    for (const [producerId, state] of this.#committed) yield known(producerId, state);
  }

  check(batch: ProducerBatch): SequenceCheck {
    const { producerId, producerEpoch, baseSequence } = batch;
    const state = this.#staged.get(producerId) ?? this.#committed.get(producerId);
    if (state === undefined) return this.#checkFirst(batch);
    if (producerEpoch < state.epoch) return { kind: 'refused', errorCode: errorCodes.INVALID_PRODUCER_EPOCH };
    if (!batch.isTransactional && state.transactionStart >= 0) {
      return { kind: 'refused', errorCode: errorCodes.INVALID_TXN_STATE };
    }
    if (producerEpoch > state.epoch) {
      return baseSequence === 0 ? next : { kind: 'refused', errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    const lastSequence = sequenceAfter(baseSequence, batch.recordCount - 1);
    for (const range of state.batches) {
      if (range.baseSequence === baseSequence && range.lastSequence === lastSequence) {
        return { kind: 'duplicate', baseOffset: range.baseOffset };
      }
    }
    // A marker of a new epoch leaves no batches, and the epoch's first number is 0.
    if (baseSequence !== sequenceAfter(state.batches.at(-1)?.lastSequence ?? -1, 1)) {
      return { kind: 'refused', errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    return next;
  }

  /** The error code for a marker that may not be appended: one of an older producer or coordinator. 0 when it may. */
  checkMarker(producerId: number, producerEpoch: number, coordinatorEpoch: number): number {
    const state = this.#staged.get(producerId) ?? this.#committed.get(producerId);
    if (state === undefined) return errorCodes.NONE;
    if (producerEpoch < state.epoch) return errorCodes.INVALID_PRODUCER_EPOCH;
    if (coordinatorEpoch < state.coordinatorEpoch) return errorCodes.TRANSACTION_COORDINATOR_FENCED;
    return errorCodes.NONE;
  }

  /** Counts a batch that was appended and is not yet written. */
  stage(batch: ProducerBatch): void {
    const state = this.#staged.get(batch.producerId) ?? this.#committed.get(batch.producerId);
    if (state === undefined && batch.baseSequence >= 0) this.#firstStaged.set(batch.producerId, batch);
    this.#staged.set(batch.producerId, withBatch(state, batch));
  }

  /** Counts a batch that is written; answers the transaction that it aborts, if it does. */
  commit(batch: ProducerBatch): AbortedTransaction | undefined {
    const { producerId, marker, baseOffset } = batch;
    this.#firstStaged.delete(producerId);
    const state = withBatch(this.#committed.get(producerId), batch);
    this.#committed.set(producerId, state);
    const firstOffset = this.#open.get(producerId);
    if (firstOffset === undefined) {
      if (state.transactionStart >= 0) this.#open.set(producerId, state.transactionStart);
      return undefined;
    }
    if (marker === undefined) return undefined;
    this.#open.delete(producerId);
    if (marker.type === 'commit') return undefined;
    const lastStableOffset = this.firstOpenOffset ?? baseOffset + 1;
    return { producerId, firstOffset, lastOffset: baseOffset, lastStableOffset };
  }

  /** Forgets what is staged: because all of it is committed, or because its write failed. */
  dropStaged(): void {
    this.#staged.clear();
  }

  /** Forgets producers silent since before `timestamp`, unless they have an open transaction. */
  expire(timestamp: number): void {
    for (const [producerId, state] of this.#committed) {
      if (state.timestamp < timestamp && state.transactionStart < 0) this.#committed.delete(producerId);
    }
    for (const [producerId, batch] of this.#firstStaged) {
      if (batch.timestamp < timestamp) this.#firstStaged.delete(producerId);
    }
  }

  snapshot(): ProducerSnapshot[] {
    return [...this.#committed].map(([producerId, state]) => ({ producerId, ...state }));
  }

  restore(snapshots: readonly ProducerSnapshot[]): void {
    this.#committed.clear();
    this.#open.clear();
    const open: (readonly [number, number])[] = [];
    for (const { producerId, transactionStart = -1, coordinatorEpoch = -1, ...state } of snapshots) {
      this.#committed.set(producerId, { ...state, transactionStart, coordinatorEpoch });
      if (transactionStart >= 0) open.push([producerId, transactionStart]);
    }
    for (const [producerId, start] of open.sort((left, right) => left[1] - right[1])) this.#open.set(producerId, start);
  }

  #checkFirst(batch: ProducerBatch): SequenceCheck {
    const first = this.#firstStaged.get(batch.producerId);
    if (first === undefined || first.producerEpoch !== batch.producerEpoch) return next;
    if (first.baseSequence === batch.baseSequence) return next;
    return { kind: 'refused', errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };
  }
}

function known(producerId: number, state: ProducerState): KnownProducer {
  const { epoch, batches, timestamp, transactionStart, coordinatorEpoch } = state;
  const last = batches.at(-1);
  const { lastSequence = -1, baseOffset: lastBatchOffset = -1 } = last ?? {};
  return { producerId, epoch, lastSequence, lastBatchOffset, timestamp, transactionStart, coordinatorEpoch };
}

function withBatch(state: ProducerState | undefined, batch: ProducerBatch): ProducerState {
  const { baseSequence, baseOffset, producerEpoch: epoch, timestamp, marker } = batch;
  const before = state !== undefined && state.epoch === epoch ? state.batches : [];
  if (marker !== undefined) {
    return { epoch, batches: before, timestamp, transactionStart: -1, coordinatorEpoch: marker.coordinatorEpoch };
  }
  const { transactionStart = -1, coordinatorEpoch = -1 } = state ?? {};
  // A control batch that ends no transaction has no sequence number.
  if (baseSequence < 0) return { epoch, batches: before, timestamp, transactionStart, coordinatorEpoch };
  const range = { baseSequence, lastSequence: sequenceAfter(baseSequence, batch.recordCount - 1), baseOffset };
  const batches = before.length < batchesKept ? [...before, range] : [...before.slice(1), range];
  const start = transactionStart < 0 && batch.isTransactional ? baseOffset : transactionStart;
  return { epoch, batches, timestamp, transactionStart: start, coordinatorEpoch };
}

/** Sequence numbers go from 0 to 2^31-1 and begin again. */
function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31;
}
