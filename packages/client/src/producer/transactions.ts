/**
 * The transactions of one producer, one after the other: asks the coordinator for what `TransactionState` allows, and
 * tells the sender what may be sent.
 *
 * Ending a transaction goes on in the background until the coordinator has answered, however long its callers wait for
 * it: nobody but the coordinator knows whether it is committed. The next transaction begins after that.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { errorCodes, KafkaError } from '@millrace/wire';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';
import { Coordinator } from '../coordinator.ts';
import { DeliveryError } from '../errors.ts';
import { PartitionAdder } from './partition-adder.ts';
import { noIdentity, type PartitionBatch, type ProducerIdentity } from './partition-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { TransactionFailures } from './transaction-failures.ts';
import { type OffsetSource, type OffsetsRound, TransactionOffsets } from './transaction-offsets.ts';
import { addPartitions, end, init, type TransactionOwner, usesV2 } from './transaction-requests.ts';
import { TransactionState } from './transaction-state.ts';
import type { TransactionRequest } from './transaction-verdicts.ts';
import type { TransactionsHost, TransactionsOptions } from './transactions-host.ts';

/** The coordinator is busy with the transaction before for a few milliseconds as a rule. */
const firstPauseMs = 20;
const forever = Number.POSITIVE_INFINITY;

export class Transactions {
  readonly #cluster: Cluster;
  readonly #options: TransactionsOptions;
  readonly #host: TransactionsHost;
  readonly #coordinator: Coordinator;
  readonly #signal: AbortSignal;
  readonly #state = new TransactionState();
  #identity: ProducerIdentity = noIdentity;
  #isV2 = false;
  #ending: Promise<void> | undefined;
  #preparing: Promise<void> = Promise.resolve();
  /** Offsets that are being sent: the transaction does not end before. */
  readonly #sending = new Set<Promise<void>>();
  readonly #adder: PartitionAdder;
  readonly #offsets: TransactionOffsets;
  readonly #failures: TransactionFailures;

  constructor(cluster: Cluster, options: TransactionsOptions, signal: AbortSignal, host: TransactionsHost) {
    this.#cluster = cluster;
    this.#options = options;
    this.#signal = signal;
    this.#host = host;
    this.#failures = new TransactionFailures(cluster, options.transactionalId, this.#state, host.drop);
    const { retryBackoffMs, retryBackoffMaxMs } = cluster.settings;
    const backoff = { retryBackoffMs: Math.min(firstPauseMs, retryBackoffMs), retryBackoffMaxMs };
    this.#coordinator = new Coordinator(cluster, 'transactional id', options.transactionalId, backoff);
    this.#offsets = new TransactionOffsets(cluster, this.#coordinator);
    this.#adder = new PartitionAdder(cluster.settings.platform.timers, {
      add: (queues) =>
        this.#coordinator.call(this.#boundsOf({}), (connection, timeoutMs) =>
          addPartitions(connection, this.#owner, queues, timeoutMs),
        ),
      added: (queues) => {
        this.#state.started();
        for (const queue of queues) this.#host.offer(queue);
      },
      failed: (error) => {
        if (!this.#signal.aborted) this.#failures.fail('AddPartitionsToTxn', error);
      },
    });
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** Under which batches are numbered. */
  get identity(): ProducerIdentity {
    return this.#identity;
  }

  /** Whether brokers add partitions to the transaction as batches come. */
  get isV2(): boolean {
    return this.#isV2;
  }

  /** Why nothing may be sent any more of what was written; undefined while it may. */
  get dropReason(): Error | undefined {
    return this.#failures.dropReason;
  }

  /** Ends what the id's last process left open: groups wait for offsets in it. A failure is met again by `begin`. */
  prepare(): void {
    this.#preparing = this.#init({}).catch(() => undefined);
  }

  /** Begins a transaction, once the one before has ended. */
  async begin(bounds: CallBounds): Promise<void> {
    await this.#bounded(this.#preparing, bounds);
    this.#state.checkAlive();
    if (this.#ending !== undefined) {
      const settled = this.#ending.then(
        () => undefined,
        () => undefined,
      );
      await this.#bounded(settled, bounds);
    }
    this.#state.beginning();
    try {
      if (this.#identity === noIdentity || this.#state.mustRenew) await this.#init(bounds);
      const call = (connection: Connection): Promise<boolean> => Promise.resolve(usesV2(connection));
      this.#isV2 = await this.#coordinator.call(this.#boundsOf(bounds), call);
      this.#state.begun();
      this.#failures.begin();
      this.#adder.begin();
      this.#offsets.begin();
    } finally {
      this.#state.notBegun();
    }
  }

  /** Commits the transaction, or aborts it where something of it failed, and rejects with that. */
  commit(bounds: CallBounds): Promise<void> {
    // A commit that fails aborts by itself: whoever asks meanwhile waits for it.
    if (this.#ending === undefined || this.#state.phase === 'aborting') {
      if (this.#state.phase !== 'broken') this.#state.commit();
      this.#endWith(() => this.#commit());
    }
    return this.#bounded(this.#ending as Promise<void>, bounds);
  }

  abort(bounds: CallBounds): Promise<void> {
    if (this.#state.phase === 'broken' && this.#ending !== undefined) {
      const aborted = this.#ending.catch((error: unknown) => {
        if (!isMillraceError(error, 'transaction_abortable')) throw error;
      });
      return this.#bounded(aborted, bounds);
    }
    if (this.#state.phase !== 'aborting') {
      this.#state.abort();
      this.#endWith(() => this.#abort());
    }
    return this.#bounded(this.#ending as Promise<void>, bounds);
  }

  /** Makes a group's offsets part of the transaction. */
  sendOffsets(source: OffsetSource, bounds: CallBounds): Promise<void> {
    this.#state.checkOpen();
    const work = this.#sendOffsets(source, bounds);
    this.#sending.add(work);
    const done = (): boolean => this.#sending.delete(work);
    work.then(done, done);
    return work;
  }

  /** Whether a queue may send a batch now; it is offered again when it may. */
  maySend(queue: PartitionQueue): boolean {
    if (this.#failures.dropReason !== undefined) return false;
    return this.#isV2 || this.#adder.require(queue);
  }

  /** A batch of the transaction is being sent. */
  sending(): void {
    this.#state.started();
  }

  /** The broker misses batches before the queue's oldest one, which no repetition brings. */
  gap(queue: PartitionQueue): void {
    const where = `${queue.topic} [${queue.partition}]`;
    this.#failures.fail('Produce', new KafkaError(errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, `produce to ${where}`));
  }

  /** A batch of the transaction was given up, or (undefined) records that never came into one. */
  batchFailed(batch: PartitionBatch | undefined, error: DeliveryError): void {
    const { cause } = error;
    // What was numbered and is not sent again leaves a gap.
    const doubts = { renew: batch !== undefined && batch.sequence >= 0 };
    if (cause instanceof KafkaError && error.code === 'delivery_failed') this.#failures.fail('Produce', cause, doubts);
    else this.#failures.break(error.retriable, messageOf(error), error, doubts);
  }

  close(): void {
    this.#adder.close();
  }

  async #init(bounds: CallBounds): Promise<void> {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    try {
      this.#identity = await this.#coordinator.call(this.#boundsOf(bounds), (connection, timeoutMs) =>
        init(connection, transactionalId, transactionTimeoutMs, this.#identity, timeoutMs),
      );
      this.#state.renewed();
    } catch (error) {
      // Time being over is no reason to despair.
      if (error instanceof KafkaError && !error.retriable) this.#failures.fail('InitProducerId', error);
      // An abort that can't be finished: no other transaction may begin.
      else if (this.#state.phase === 'aborting' && isMillraceError(error) && !this.#signal.aborted) {
        this.#failures.condemn(error);
      }
      this.#state.checkAlive();
      throw error;
    }
  }

  #endWith(work: () => Promise<void>): void {
    const ending = work().finally(() => {
      this.#ending = undefined;
    });
    // Those who wait hear of it; when nobody does, the next call tells.
    ending.catch(() => undefined);
    this.#ending = ending;
  }

  async #commit(): Promise<void> {
    await Promise.allSettled([...this.#sending]);
    if (this.#state.phase === 'committing') await this.#host.flush();
    if (this.#state.phase === 'committing') {
      await this.#end(true);
      if (this.#state.phase === 'committing') return this.#state.ended();
    }
    this.#state.checkAlive();
    const { failure } = this.#state;
    this.#state.abort();
    await this.#abort();
    throw failure;
  }

  async #abort(): Promise<void> {
    const { transactionalId } = this.#options;
    this.#failures.drop(
      new DeliveryError('delivery_failed', nowhere, `the transaction of ${transactionalId} was aborted`),
    );
    await Promise.allSettled([...this.#sending, this.#adder.stop()]);
    await this.#host.flush();
    if (!this.#state.isForgotten) await this.#end(false);
    // Where the coordinator would not end it, a new epoch does.
    if (this.#state.mustRenew && this.#state.phase === 'aborting') await this.#init({ timeoutMs: forever });
    this.#state.checkAlive();
    this.#state.ended();
  }

  /** Has the coordinator end the transaction. What keeps it from that is in the state afterwards. */
  async #end(isCommit: boolean): Promise<void> {
    if (!this.#state.isStarted) return;
    try {
      const bounds = { timeoutMs: forever, signal: this.#signal };
      const next = await this.#coordinator.call(bounds, (connection, timeoutMs) =>
        end(connection, this.#owner, isCommit, this.#isV2, timeoutMs),
      );
      if (next !== this.#identity) this.#state.renewed();
      this.#identity = next;
    } catch (error) {
      if (!isMillraceError(error) || this.#signal.aborted) throw error;
      this.#failures.fail('EndTxn', error);
      if (!isCommit) this.#state.fail(this.#failures.abortable(true, messageOf(error), error), { renew: true });
    }
  }

  async #sendOffsets(source: OffsetSource, bounds: CallBounds): Promise<void> {
    let asked: TransactionRequest = 'TxnOffsetCommit';
    try {
      const round: OffsetsRound = {
        owner: this.#owner,
        isV2: this.#isV2,
        started: () => this.#state.started(),
        asking: (request) => {
          asked = request;
        },
      };
      await this.#offsets.send(source, round, this.#boundsOf(bounds));
    } catch (error) {
      if (this.#signal.aborted) throw error;
      // What was asked for may happen yet, so that the transaction can't go on without knowing.
      if (isMillraceError(error)) this.#failures.fail(asked, error);
      else this.#failures.break(true, messageOf(error), error as Error, {});
      this.#state.checkAlive();
      throw this.#state.failure ?? error;
    }
  }

  get #owner(): TransactionOwner {
    return { transactionalId: this.#options.transactionalId, identity: this.#identity };
  }

  #boundsOf({ timeoutMs, signal }: CallBounds): CallBounds {
    const signals = signal === undefined ? this.#signal : AbortSignal.any([signal, this.#signal]);
    return { timeoutMs: timeoutMs ?? this.#options.deliveryTimeoutMs, signal: signals };
  }

  /** As `work`, for no longer than the bounds allow. */
  #bounded(work: Promise<void>, bounds: CallBounds): Promise<void> {
    const { signal, timeoutMs = this.#options.deliveryTimeoutMs } = bounds;
    return this.#cluster.retrying({ timeoutMs, signal }, () => work, { mayRepeat: () => false });
  }
}

const nowhere = { topic: '', partition: -1, recordCount: 0, maybeStored: false };
