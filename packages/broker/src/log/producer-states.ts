/**
 * What a partition remembers of idempotent producers: enough to refuse a gap in their sequence numbers and to recognise
 * a batch that was sent twice (KIP-98). Numbers of the last five batches are kept, as many as a producer may have in
 * flight.
 *
 * A batch is staged when it is appended and committed when it is written. Staged state lives beside the committed one,
 * so that a failed write is undone by dropping it.
 *
 * A producer that is not known may begin anywhere, because what was known may have expired. But one whose first batch
 * failed must come back with that: the batches which it sent behind would otherwise be taken before it.
 */
import { batchHeader, errorCodes } from '@millrace/wire';

/** The producer's part of a batch's header. */
export interface ProducerBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
  readonly baseOffset: number;
  /** Largest timestamp of the batch, in milliseconds. */
  readonly timestamp: number;
}

interface SequenceRange {
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

interface ProducerState {
  readonly epoch: number;
  /** Oldest first, at most five. */
  readonly batches: readonly SequenceRange[];
  readonly timestamp: number;
}

/** A producer's state as a segment's sidecar file stores it. */
export interface ProducerSnapshot extends ProducerState {
  readonly producerId: number;
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

  check(batch: ProducerBatch): SequenceCheck {
    const { producerId, producerEpoch, baseSequence } = batch;
    const state = this.#staged.get(producerId) ?? this.#committed.get(producerId);
    if (state === undefined) return this.#checkFirst(batch);
    if (producerEpoch < state.epoch) return { kind: 'refused', errorCode: errorCodes.INVALID_PRODUCER_EPOCH };
    if (producerEpoch > state.epoch) {
      return baseSequence === 0 ? next : { kind: 'refused', errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    const lastSequence = sequenceAfter(baseSequence, batch.recordCount - 1);
    for (const range of state.batches) {
      if (range.baseSequence === baseSequence && range.lastSequence === lastSequence) {
        return { kind: 'duplicate', baseOffset: range.baseOffset };
      }
    }
    const last = state.batches.at(-1);
    if (last === undefined || baseSequence === sequenceAfter(last.lastSequence, 1)) return next;
    return { kind: 'refused', errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };
  }

  /** Counts a batch that was appended and is not yet written. */
  stage(batch: ProducerBatch): void {
    const state = this.#staged.get(batch.producerId) ?? this.#committed.get(batch.producerId);
    if (state === undefined) this.#firstStaged.set(batch.producerId, batch);
    this.#staged.set(batch.producerId, withBatch(state, batch));
  }

  /** Counts a batch that is written. */
  commit(batch: ProducerBatch): void {
    this.#firstStaged.delete(batch.producerId);
    this.#committed.set(batch.producerId, withBatch(this.#committed.get(batch.producerId), batch));
  }

  /** Forgets what is staged: because all of it is committed, or because its write failed. */
  dropStaged(): void {
    this.#staged.clear();
  }

  /** Forgets producers silent since before `timestamp`. */
  expire(timestamp: number): void {
    for (const [producerId, state] of this.#committed) {
      if (state.timestamp < timestamp) this.#committed.delete(producerId);
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
    for (const { producerId, ...state } of snapshots) this.#committed.set(producerId, state);
  }

  #checkFirst(batch: ProducerBatch): SequenceCheck {
    const first = this.#firstStaged.get(batch.producerId);
    if (first === undefined || first.producerEpoch !== batch.producerEpoch) return next;
    if (first.baseSequence === batch.baseSequence) return next;
    return { kind: 'refused', errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER };
  }
}

/**
 * The producer's part of the batch whose header lies at `position`, or undefined when it has no idempotent producer.
 */
export function producerBatchAt(bytes: Uint8Array, position: number): ProducerBatch | undefined {
  const producerId = batchHeader.producerId(bytes, position);
  if (producerId < 0) return undefined;
  return {
    producerId,
    producerEpoch: batchHeader.producerEpoch(bytes, position),
    baseSequence: batchHeader.baseSequence(bytes, position),
    recordCount: batchHeader.recordCount(bytes, position),
    baseOffset: batchHeader.baseOffset(bytes, position),
    timestamp: batchHeader.maxTimestamp(bytes, position),
  };
}

function withBatch(state: ProducerState | undefined, batch: ProducerBatch): ProducerState {
  const { baseSequence, baseOffset } = batch;
  const range = { baseSequence, lastSequence: sequenceAfter(baseSequence, batch.recordCount - 1), baseOffset };
  const before = state !== undefined && state.epoch === batch.producerEpoch ? state.batches : [];
  const batches = before.length < batchesKept ? [...before, range] : [...before.slice(1), range];
  return { epoch: batch.producerEpoch, batches, timestamp: batch.timestamp };
}

/** Sequence numbers go from 0 to 2^31-1 and begin again. */
function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31;
}
