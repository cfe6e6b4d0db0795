/**
 * Where a transactional producer stands in its transaction. Pure: it talks to nobody, `Transactions` does.
 *
 *     idle --beginning--> starting --begun--> open --commit--> committing --ended--> idle
 *                                              |                   |
 *                                             fail                fail
 *                                              v                   |
 *                                            broken <--------------+
 *                                              |
 *     open ---------abort----------------------+--abort--> aborting --ended--> idle
 *     any phase --condemn--> dead
 *
 * Invariants:
 * 1. Records and offsets are accepted in `open` alone.
 * 2. A commit is asked for in `committing` alone, which only `open` leads to; a record or an offset that fails before
 *    leads to `broken`. So what is committed is whole.
 * 3. `broken` leads to `aborting` alone, and the first failure is the one that is told.
 * 4. `dead` is for ever: each call throws the error that led there.
 * 5. The coordinator is asked to end only what it may know of (`isStarted`), and not what it has forgotten
 *    (`isForgotten`).
 * 6. Where it is in doubt how many batches of the transaction a broker has stored (`mustRenew`), the producer's epoch
 *    is renewed before the next transaction: sequence numbers begin again.
 */
import { type TransactionAbortableError, TransactionStateError } from './transaction-errors.ts';

export type TransactionPhase = 'idle' | 'starting' | 'open' | 'broken' | 'committing' | 'aborting' | 'dead';

/** What a failure says besides that the transaction is over. */
export interface Doubts {
  /** Brokers may have stored an unknown part of what was numbered. */
  readonly renew?: boolean | undefined;
  /** The coordinator knows the producer id no more: there is nothing to end there. */
  readonly forgotten?: boolean | undefined;
}

export class TransactionState {
  #phase: TransactionPhase = 'idle';
  #failure: TransactionAbortableError | undefined;
  #death: Error | undefined;
  #isStarted = false;
  #mustRenew = false;
  #isForgotten = false;

  get phase(): TransactionPhase {
    return this.#phase;
  }

  /** Why the transaction can't be committed; undefined while it can. */
  get failure(): TransactionAbortableError | undefined {
    return this.#failure;
  }

  /** Whether the coordinator may know of the transaction. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  get mustRenew(): boolean {
    return this.#mustRenew;
  }

  get isForgotten(): boolean {
    return this.#isForgotten;
  }

  /** Throws unless a transaction can begin now. */
  beginning(): void {
    this.checkAlive();
    if (this.#phase !== 'idle') {
      throw new TransactionStateError(
        'a transaction of this producer is running already; commit or abort it first, or use another producer with a ' +
          'transactional id of its own',
      );
    }
    this.#phase = 'starting';
  }

  /** The transaction could not begin. */
  notBegun(): void {
    if (this.#phase === 'starting') this.#phase = 'idle';
  }

  begun(): void {
    this.checkAlive();
    this.#require('starting');
    this.#phase = 'open';
    this.#failure = undefined;
    this.#isStarted = false;
  }

  /** Throws what keeps a record or an offset from joining the transaction. */
  checkOpen(): void {
    if (this.#phase === 'open') return;
    this.checkAlive();
    if (this.#failure !== undefined) throw this.#failure;
    throw new TransactionStateError(
      this.#phase === 'committing' || this.#phase === 'aborting'
        ? `the transaction is ${this.#phase}: nothing can join it any more; begin another`
        : 'no transaction is open; begin one with producer.transaction() or producer.begin()',
    );
  }

  /** The coordinator will hear, or may have heard, of the transaction. */
  started(): void {
    if (this.#phase === 'open' || this.#phase === 'committing') this.#isStarted = true;
  }

  /** Something of the transaction failed. Where it is ending in an abort, or not there, only the doubts count. */
  fail(error: TransactionAbortableError, doubts: Doubts = {}): void {
    if (doubts.renew) this.#mustRenew = true;
    if (doubts.forgotten) {
      this.#mustRenew = true;
      this.#isForgotten = true;
    }
    if (this.#phase !== 'open' && this.#phase !== 'committing') return;
    this.#phase = 'broken';
    this.#failure = error;
  }

  /** No way leads on from here; the first reason is kept. */
  condemn(error: Error): void {
    this.#death ??= error;
    this.#phase = 'dead';
  }

  /** Throws unless the transaction can be committed. */
  commit(): void {
    this.checkOpen();
    this.#phase = 'committing';
  }

  /** Throws unless there is a transaction to abort. */
  abort(): void {
    this.checkAlive();
    if (this.#phase !== 'open' && this.#phase !== 'broken') this.#require('open');
    this.#phase = 'aborting';
  }

  /** The coordinator has ended it, or there was nothing to end. */
  ended(): void {
    if (this.#phase === 'dead') return;
    if (this.#phase !== 'committing') this.#require('aborting');
    this.#phase = 'idle';
    this.#failure = undefined;
    this.#isStarted = false;
  }

  /** The producer has a new epoch: old numbers are of no account. */
  renewed(): void {
    this.#mustRenew = false;
    this.#isForgotten = false;
  }

  checkAlive(): void {
    if (this.#death !== undefined) throw this.#death;
  }

  #require(phase: TransactionPhase): void {
    if (this.#phase === phase) return;
    throw new TransactionStateError(`the producer's transaction is ${this.#phase}, which does not allow this call`);
  }
}
