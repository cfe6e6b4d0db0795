/**
 * Changes of transactional ids, written and carried out. What an id becomes is the coordinator's decision.
 *
 * Invariants
 * - One change of an id at a time: `isChanging` is set until it is written, and `adding` counts what is being added.
 * - Once an outcome is in the journal it is carried out, by this process or the next: every partition gets its marker
 *   and every group its answer before the id begins another transaction.
 */
import { type Clock, isMillraceError, messageOf } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import { afterCompletion } from './next-facts.ts';
import type { OutcomeTeller } from './outcome-teller.ts';
import type { Transaction, TransactionFacts } from './transaction.ts';
import type { Participants, TransactionStore } from './transaction-store.ts';

export interface TransactionChangesOptions {
  readonly clock: Clock;
  readonly store: TransactionStore;
  readonly teller: OutcomeTeller;
  readonly report: (event: { readonly level: 'error'; readonly message: string }) => void;
}

/** How long after a failure an outcome is told again, at first and at most. */
const retryMsMin = 100;
const retryMsMax = 5_000;

export class TransactionChanges {
  readonly #options: TransactionChangesOptions;
  readonly #store: TransactionStore;
  readonly #teller: OutcomeTeller;
  #closed = false;

  constructor(options: TransactionChangesOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#teller = options.teller;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Tries nothing again from now on, and reports no failure. */
  close(): void {
    this.#closed = true;
  }

  /** Adds to the transaction under way, or begins one; answers the error code. */
  async add(transaction: Transaction, participants: Participants, bumpsEpoch: boolean): Promise<number> {
    transaction.adding += 1;
    try {
      await this.#store.add(transaction.id, participants, this.#options.clock.now(), bumpsEpoch);
      return errorCodes.NONE;
    } catch (error) {
      return this.#failure(transaction, error);
    } finally {
      transaction.adding -= 1;
    }
  }

  /** Decides the outcome of a transaction, and carries it out as far as that goes now. */
  async decide(transaction: Transaction, prepare: () => Promise<TransactionFacts>): Promise<number> {
    const errorCode = await this.change(transaction, prepare);
    if (errorCode !== errorCodes.NONE) return errorCode;
    await this.complete(transaction);
    return errorCodes.NONE;
  }

  /** Changes an id while nothing else may; `next` answers what it becomes, or the error code that refuses it. */
  async change(transaction: Transaction, next: () => Promise<TransactionFacts | number>): Promise<number> {
    transaction.isChanging = true;
    try {
      const facts = await next();
      if (typeof facts === 'number') return facts;
      await this.#store.change(transaction.id, facts);
      return errorCodes.NONE;
    } catch (error) {
      return this.#failure(transaction, error);
    } finally {
      // One that is decided stays closed to others until it is carried out.
      transaction.isChanging = transaction.isEnding;
    }
  }

  /** Forgets ids that are in no transaction. Rejects with the journal's errors. */
  async forget(transactions: readonly Transaction[]): Promise<void> {
    for (const transaction of transactions) transaction.isChanging = true;
    try {
      await this.#store.forget(transactions.map(({ id }) => id));
    } finally {
      for (const transaction of transactions) transaction.isChanging = false;
    }
  }

  /** Tells everybody the outcome; what fails is tried again later, and the id is free only then. */
  complete(transaction: Transaction): Promise<void> {
    transaction.isChanging = true;
    return this.#attempt(transaction, retryMsMin);
  }

  async #attempt(transaction: Transaction, retryMs: number): Promise<void> {
    if (await this.#tryToComplete(transaction)) {
      transaction.isChanging = false;
      return;
    }
    if (this.#closed) return;
    this.#teller.later(retryMs, () => void this.#attempt(transaction, Math.min(2 * retryMs, retryMsMax)));
  }

  async #tryToComplete(transaction: Transaction): Promise<boolean> {
    if (!(await this.#teller.tell(transaction))) return false;
    try {
      await this.#store.change(transaction.id, afterCompletion(transaction.facts, this.#options.clock.now()));
      return true;
    } catch (error) {
      this.#failure(transaction, error);
      return false;
    }
  }

  /** What a client is told when the journal could not be written: to try again, and the coordinator may have moved. */
  #failure(transaction: Transaction, error: unknown): number {
    if (!isMillraceError(error)) throw error;
    const message = `could not store the transaction of ${transaction.id}: ${messageOf(error)}`;
    if (!this.#closed) this.#options.report({ level: 'error', message });
    return errorCodes.COORDINATOR_NOT_AVAILABLE;
  }
}
