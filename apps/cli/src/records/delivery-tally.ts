/** What became of records written: counts and offsets by partition, and the first failure. */
import type { Delivery } from '@millrace/client';

export interface PartitionTally {
  readonly partition: number;
  records: number;
  /** -1 while nothing was acknowledged with an offset. */
  firstOffset: number;
  lastOffset: number;
}

export class DeliveryTally {
  records = 0;
  failedRecords = 0;
  /** Why the first batch that failed did. */
  failure: Error | undefined;
  readonly #partitions = new Map<number, PartitionTally>();

  /** For the producer's `onDelivery`. */
  readonly add = ({ partition, baseOffset, recordCount, error }: Delivery): void => {
    if (error !== undefined) {
      this.failedRecords += recordCount;
      this.failure ??= error;
      return;
    }
    this.records += recordCount;
    let tally = this.#partitions.get(partition);
    if (tally === undefined) {
      tally = { partition, records: 0, firstOffset: baseOffset, lastOffset: baseOffset };
      this.#partitions.set(partition, tally);
    }
    tally.records += recordCount;
    if (baseOffset >= 0) tally.lastOffset = baseOffset + recordCount - 1;
  };

  /** By partition ascending. */
  partitions(): PartitionTally[] {
    return [...this.#partitions.values()].sort((left, right) => left.partition - right.partition);
  }
}
