/**
 * What compaction must know of transactions while it goes through a log from its start: which batches were aborted, and
 * which markers end a transaction of which nothing is left.
 */
import type { RecordBatch } from '@millrace/wire';
import type { AbortedTransaction } from '../aborted-transaction.ts';

export class TransactionView {
  readonly #aborted = new Map<number, AbortedTransaction[]>();
  /** Producers of transactional batches seen since their last marker. */
  readonly #begun = new Set<number>();

  constructor(aborted: Iterable<AbortedTransaction>) {
    for (const transaction of aborted) {
      const known = this.#aborted.get(transaction.producerId);
      if (known === undefined) this.#aborted.set(transaction.producerId, [transaction]);
      else known.push(transaction);
    }
  }

  /** Whether the records of a batch belong to an aborted transaction. */
  isAborted(batch: RecordBatch): boolean {
    if (!batch.isTransactional || batch.isControl) return false;
    const transactions = this.#aborted.get(batch.producerId);
    if (transactions === undefined) return false;
    const { baseOffset } = batch;
    return transactions.some(({ firstOffset, lastOffset }) => firstOffset <= baseOffset && baseOffset <= lastOffset);
  }

  /** Takes note of a batch of records that is there, whatever becomes of it now. */
  noteRecords(batch: RecordBatch): void {
    if (batch.isTransactional) this.#begun.add(batch.producerId);
  }

  /** Takes note of a marker, and answers whether nothing but it is left of its transaction. */
  noteMarker(batch: RecordBatch): boolean {
    return !this.#begun.delete(batch.producerId);
  }
}
