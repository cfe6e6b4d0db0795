/**
 * A broker's log of one topic that keeps producers' sequence numbers as Kafka does (KIP-98, KIP-360), for scripted
 * brokers.
 */
import { errorCodes, RecordBatch } from '@millrace/wire';

/** Batches that the log remembers of a producer, to tell repetitions. */
const remembered = 5;

interface ProducerState {
  epoch: number;
  nextSequence: number;
  readonly last: { readonly sequence: number; readonly count: number; readonly offset: number }[];
}

interface PartitionLog {
  readonly values: string[];
  readonly producers: Map<number, ProducerState>;
}

export interface Appended {
  readonly errorCode: number;
  readonly baseOffset: number;
}

export class IdempotentLog {
  readonly #partitions: PartitionLog[];

  constructor(partitionCount: number) {
    this.#partitions = Array.from({ length: partitionCount }, () => ({ values: [], producers: new Map() }));
  }

  /** Values as text, in order. */
  values(partition: number): readonly string[] {
    return this.#of(partition).values;
  }

  append(partition: number, bytes: Uint8Array): Appended {
    const batch = new RecordBatch(bytes);
    batch.verifyCrc();
    const log = this.#of(partition);
    const { producerId, producerEpoch: epoch, baseSequence: sequence, recordCount: count } = batch;
    const state = producerId < 0 ? undefined : log.producers.get(producerId);
    if (state !== undefined) {
      const repeated = state.epoch === epoch && state.last.find((b) => b.sequence === sequence && b.count === count);
      if (repeated) return { errorCode: errorCodes.NONE, baseOffset: repeated.offset };
      if (epoch < state.epoch) return refused(errorCodes.INVALID_PRODUCER_EPOCH);
      const expected = epoch > state.epoch ? 0 : state.nextSequence;
      if (sequence !== expected) return refused(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    const offset = log.values.length;
    for (const record of batch.records()) log.values.push(record.valueText() ?? '');
    const last = state === undefined || state.epoch !== epoch ? [] : state.last.slice(1 - remembered);
    last.push({ sequence, count, offset });
    if (producerId >= 0) log.producers.set(producerId, { epoch, nextSequence: (sequence + count) % 0x8000_0000, last });
    return { errorCode: errorCodes.NONE, baseOffset: offset };
  }

  /**
   * The last records are lost, as in an election of a replica that lagged; what producers had done goes back with them.
   */
  truncate(partition: number, count: number): void {
    const log = this.#of(partition);
    const end = Math.max(0, log.values.length - count);
    log.values.length = end;
    for (const [id, state] of log.producers) {
      const last = state.last.filter(({ offset, count: size }) => offset + size <= end);
      const newest = last.at(-1);
      if (newest === undefined) log.producers.delete(id);
      else {
        const nextSequence = newest.sequence + newest.count;
        log.values.length = Math.max(newest.offset + newest.count, 0);
        log.producers.set(id, { epoch: state.epoch, nextSequence, last });
      }
    }
  }

  /**
   * Nothing is known of producers any more, and any sequence is taken: so Apache Kafka is after a start where the
   * records are older than `producer.id.expiration.ms`.
   */
  forgetProducers(): void {
    for (const { producers } of this.#partitions) producers.clear();
  }

  #of(partition: number): PartitionLog {
    return this.#partitions[partition] as PartitionLog;
  }
}

function refused(errorCode: number): Appended {
  return { errorCode, baseOffset: -1 };
}
