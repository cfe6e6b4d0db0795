/**
 * Lets batches of transactions into partitions once their partition belongs to the transaction, in the order in which
 * they came: a later batch never overtakes one for which the coordinator is still writing.
 */
import { errorCodes } from '@millrace/wire';
import type { Partition } from '../topics/partition.ts';

/** What a batch needs before it may be appended. Each answers an error code, 0 for none. */
export interface Admission {
  /** Makes the partition part of the transaction, or asks whether it is. */
  admit(): number | Promise<number>;
  /** Asks again after a wait, in the turn in which the batch is appended. */
  confirm(): number;
}

export class ProducerGate {
  /** The last batch of each producer that waits before a partition; the promises never reject. */
  readonly #waiting = new Map<Partition, Map<number, Promise<void>>>();

  /** Calls `append` with the error code that refuses the batch or 0; at once if nothing must be waited for. */
  enter<T>(
    partition: Partition,
    producerId: number,
    admission: Admission,
    append: (errorCode: number) => T,
  ): T | Promise<T> {
    const before = this.#waiting.get(partition)?.get(producerId);
    const admitted = before === undefined ? admission.admit() : before.then(() => admission.admit());
    if (typeof admitted === 'number') return append(admitted);
    const entered = admitted.then((code) => append(code === errorCodes.NONE ? admission.confirm() : code));
    this.#wait(partition, producerId, entered);
    return entered;
  }

  #wait(partition: Partition, producerId: number, entered: Promise<unknown>): void {
    const producers = this.#waiting.get(partition) ?? new Map<number, Promise<void>>();
    this.#waiting.set(partition, producers);
    const leave = (): void => {
      if (producers.get(producerId) !== waiting) return;
      producers.delete(producerId);
      if (producers.size === 0) this.#waiting.delete(partition);
    };
    const waiting = entered.then(leave, leave);
    producers.set(producerId, waiting);
  }
}
