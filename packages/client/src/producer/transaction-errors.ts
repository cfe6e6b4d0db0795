/** What can go wrong with transactions, as their users are told. */
import { MillraceError } from '@millrace/base';

/**
 * Another producer with the same transactional id has begun, or a transaction outlived its timeout. Final: this
 * producer writes nothing any more.
 */
export class ProducerFencedError extends MillraceError {
  readonly code = 'producer_fenced';
  readonly transactionalId: string;

  constructor(transactionalId: string, cause: Error) {
    super(
      `the producer of transactional id ${transactionalId} is fenced (${cause.message}): another producer with ` +
        'this id has begun, or the transaction outlived transactionTimeoutMs and was aborted; close it, and make ' +
        'a new one if no other is meant to run',
      { cause },
    );
    this.transactionalId = transactionalId;
  }
}

/**
 * A transaction that can't be committed any more: nothing of it will be seen by `read_committed` consumers. When it is
 * `retriable`, the same work may succeed in a new transaction of the same producer.
 */
export class TransactionAbortableError extends MillraceError {
  readonly code = 'transaction_abortable';
  override readonly retriable: boolean;
  readonly transactionalId: string;

  constructor(transactionalId: string, retriable: boolean, detail: string, cause?: unknown) {
    super(
      `the transaction of ${transactionalId} can only be aborted: ${detail}; ` +
        (retriable ? 'do its work again in a new one' : 'remove the cause before doing its work again'),
      { cause },
    );
    this.retriable = retriable;
    this.transactionalId = transactionalId;
  }
}

/** A call that does not fit what the producer's transaction is doing: a mistake of the caller's. */
export class TransactionStateError extends MillraceError {
  readonly code = 'transaction_state';
}
