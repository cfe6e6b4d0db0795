/**
 * Which batches of one fetched chunk belong to aborted transactions. A fetch answers with the aborted transactions that
 * reach into its records, each by its producer and first offset; one ends with the abort marker of its producer. Goes
 * through the chunk's batches once, in order, and looks at their headers alone.
 */
import { type RecordBatch, readControlRecord } from '@millrace/wire';

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export class AbortedRanges {
  /** By first offset ascending. */
  readonly #transactions: readonly AbortedTransaction[];
  #next = 0;
  /** Producers in whose aborted transaction the batches are just now. */
  readonly #aborting = new Set<number>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#transactions = [...transactions].sort((left, right) => left.firstOffset - right.firstOffset);
  }

  /**
   * Whether the next batch holds nothing for readers of committed records: it was aborted, or is a marker. Throws
   * `CorruptRecordError` for a marker that can't be read.
   */
  hides(batch: RecordBatch): boolean {
    if (this.#next < this.#transactions.length) this.#reach(batch.lastOffset);
    if (batch.isControl) {
      if (this.#aborting.has(batch.producerId) && readControlRecord(batch).type === 'abort') {
        this.#aborting.delete(batch.producerId);
      }
      return true;
    }
    return this.#aborting.size > 0 && batch.isTransactional && this.#aborting.has(batch.producerId);
  }

  #reach(offset: number): void {
    for (; this.#next < this.#transactions.length; this.#next++) {
      const { firstOffset, producerId } = this.#transactions[this.#next] as AbortedTransaction;
      if (firstOffset > offset) return;
      this.#aborting.add(producerId);
    }
  }
}
