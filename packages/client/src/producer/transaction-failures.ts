/**
 * What follows from an error that is not to be repeated: the transaction breaks, or the producer is of no use any more;
 * what has not been sent fails either way.
 */
import { isMillraceError, type MillraceError, messageOf } from '@millrace/base';
import { KafkaError } from '@millrace/wire';
import type { ClientEvent } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import { ProducerFencedError, TransactionAbortableError } from './transaction-errors.ts';
import type { Doubts, TransactionState } from './transaction-state.ts';
import { isRepeatable, type TransactionRequest, transactionVerdict } from './transaction-verdicts.ts';

export class TransactionFailures {
  readonly #cluster: Cluster;
  readonly #transactionalId: string;
  readonly #state: TransactionState;
  readonly #drop: (error: Error) => void;
  #dropReason: Error | undefined;

  /** `drop` fails all records that have not been sent. */
  constructor(cluster: Cluster, transactionalId: string, state: TransactionState, drop: (error: Error) => void) {
    this.#cluster = cluster;
    this.#transactionalId = transactionalId;
    this.#state = state;
    this.#drop = drop;
  }

  /** Why nothing may be sent any more; undefined while it may. */
  get dropReason(): Error | undefined {
    return this.#dropReason;
  }

  /** Another transaction has begun. */
  begin(): void {
    this.#dropReason = undefined;
  }

  /** Draws the consequences of an error that is not to be repeated. */
  fail(request: TransactionRequest, error: MillraceError, doubts: Doubts = {}): void {
    const errorCode = error instanceof KafkaError ? error.errorCode : undefined;
    const verdict = errorCode === undefined ? 'again' : transactionVerdict(request, errorCode);
    if (verdict === 'fenced') return this.condemn(new ProducerFencedError(this.#transactionalId, error));
    if (verdict === 'fatal' || isMillraceError(error, 'unsupported_api')) return this.condemn(error);
    // The coordinator can't be reached any more (a login that is refused, say), and what it did is unknown.
    if (request === 'EndTxn' && errorCode === undefined) return this.condemn(error);
    const repeatable = errorCode === undefined ? error.retriable : isRepeatable(errorCode);
    this.break(repeatable, messageOf(error), error, {
      renew: verdict === 'renew' || doubts.renew === true,
      forgotten: verdict === 'forgotten',
    });
  }

  break(repeatable: boolean, detail: string, cause: Error, doubts: Doubts): void {
    const error = this.abortable(repeatable, detail, cause);
    this.#state.fail(error, doubts);
    const { failure } = this.#state;
    if (failure !== error) return;
    this.#report('warn', 'transaction_aborted', error.message, error);
    this.drop(error);
  }

  abortable(repeatable: boolean, detail: string, cause: Error): TransactionAbortableError {
    return new TransactionAbortableError(this.#transactionalId, repeatable, detail, cause);
  }

  /** The producer is of no use any more. */
  condemn(error: MillraceError): void {
    this.#state.condemn(error);
    this.#report('error', 'producer_fenced', error.message, error);
    this.drop(error);
  }

  /** Nothing more is sent; what waits fails, once whoever called is done with the queues. */
  drop(error: Error): void {
    this.#dropReason ??= error;
    const reason = this.#dropReason;
    queueMicrotask(() => this.#drop(reason));
  }

  #report(level: ClientEvent['level'], event: ClientEvent['event'], message: string, error: Error): void {
    this.#cluster.settings.report({ level, event, message, error });
  }
}
