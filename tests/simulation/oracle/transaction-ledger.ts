/**
 * What transactional producers did and were told, and what a consumer that reads committed records may therefore see.
 * A record's value names its transaction, so that every record that is seen can be judged.
 */
import type { KnownPartition } from './actor.ts';
import { InvariantViolation, parseValue } from './history.ts';

/**
 * `committing` and `aborting`: asked for and not answered yet. `unknown`: a commit was sent, and the producer never
 * learnt what became of it.
 */
export type Outcome = 'open' | 'committing' | 'committed' | 'aborting' | 'aborted' | 'unknown';

export interface Transaction {
  /** The first part of its records' values. */
  readonly name: string;
  /** The broker may abort it before anybody asks. */
  readonly mayExpire: boolean;
  outcome: Outcome;
  /** How many records of it each partition has acknowledged, and the offset of the first. */
  readonly written: Map<KnownPartition, { records: number; readonly firstOffset: number }>;
}

const visible: ReadonlySet<Outcome> = new Set(['committing', 'committed', 'unknown']);
const mark = 'transaction-';

export class TransactionLedger {
  readonly #fail: (error: Error) => void;
  readonly #transactions = new Map<string, Transaction>();
  readonly #unfinished = new Set<Transaction>();

  constructor(fail: (error: Error) => void) {
    this.#fail = fail;
  }

  begin(producer: string, number: number, mayExpire: boolean): Transaction {
    const name = `${mark}${producer}-${number}`;
    const transaction: Transaction = { name, mayExpire, outcome: 'open', written: new Map() };
    this.#transactions.set(transaction.name, transaction);
    this.#unfinished.add(transaction);
    return transaction;
  }

  end(transaction: Transaction, outcome: 'committed' | 'aborted' | 'unknown'): void {
    transaction.outcome = outcome;
    this.#unfinished.delete(transaction);
  }

  /** How many transactions came to this end. */
  count(outcome: Outcome): number {
    return [...this.#transactions.values()].filter((transaction) => transaction.outcome === outcome).length;
  }

  acknowledge(transaction: Transaction, partition: KnownPartition, baseOffset: number, records: number): void {
    const written = transaction.written.get(partition);
    if (written === undefined) transaction.written.set(partition, { records, firstOffset: baseOffset });
    else written.records += records;
  }

  /** The least offset of a transaction that nobody may have ended: the last stable offset is no larger. */
  stableMax(partition: KnownPartition): { readonly offset: number; readonly holder: Transaction | undefined } {
    let offset = Number.POSITIVE_INFINITY;
    let holder: Transaction | undefined;
    for (const transaction of this.#unfinished) {
      const first = transaction.written.get(partition)?.firstOffset;
      if (transaction.outcome !== 'open' || transaction.mayExpire || first === undefined || first >= offset) continue;
      offset = first;
      holder = transaction;
    }
    return { offset, holder };
  }

  /** A consumer of committed records was given this one. */
  seen(partition: KnownPartition, offset: number, value: string): void {
    const transaction = this.#transactions.get(parseValue(value).producer);
    if (transaction === undefined || visible.has(transaction.outcome)) return;
    const message = `offset ${offset} of ${transaction.name}, which is ${transaction.outcome}, was given as committed`;
    this.#fail(new InvariantViolation(`${partition.history.name}: ${message}`));
  }

  /** All partitions were read to their ends as committed: each transaction is there whole, or not at all. */
  complete(committed: ReadonlyMap<KnownPartition, ReadonlyMap<number, string>>): void {
    const found = new Map<Transaction, Map<KnownPartition, number>>();
    for (const [partition, records] of committed) {
      for (const [offset, value] of records) {
        this.seen(partition, offset, value);
        const transaction = this.#transactions.get(parseValue(value).producer);
        if (transaction === undefined) continue;
        const counts = found.get(transaction) ?? new Map<KnownPartition, number>();
        found.set(transaction, counts.set(partition, (counts.get(partition) ?? 0) + 1));
      }
    }
    for (const transaction of this.#transactions.values()) {
      const counts = found.get(transaction);
      if (transaction.outcome !== 'committed' && counts === undefined) continue;
      for (const [partition, { records }] of transaction.written) {
        const count = counts?.get(partition) ?? 0;
        if (count === records) continue;
        const message = `${count} of ${records} records of ${transaction.name}, which is ${transaction.outcome}`;
        this.#fail(new InvariantViolation(`${partition.history.name} gives ${message}`));
      }
    }
  }
}
