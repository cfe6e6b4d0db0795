/**
 * The coordinator of all transactional ids of a cluster (KIP-98, KIP-360, KIP-890). Its methods answer with Kafka's
 * error codes; that a request came to the right broker, and who may ask, is the handlers' business.
 *
 * Invariants
 * - A partition or group belongs to a transaction in the journal before anything of the transaction is in its log or
 *   among its offsets.
 * - Requests for an id that come while it is being changed, or its outcome carried out, are answered
 *   CONCURRENT_TRANSACTIONS.
 */
import type { Platform } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import type { ClusterFeatures } from '../features/cluster-features.ts';
import type { Journal } from '../journal/journal.ts';
import type { ProducerIds } from '../producer-ids.ts';
import type { TopicCatalog } from '../topics/topic-catalog.ts';
import { decideEnd } from './end-rules.ts';
import {
  afterFence,
  afterNewProducer,
  afterPrepare,
  afterRotation,
  mayContinue,
  newFacts,
  type ProducerIdentity,
  producerAfter,
} from './next-facts.ts';
import { type GroupOffsets, OutcomeTeller } from './outcome-teller.ts';
import { isExhausted, Transaction, type TransactionFacts } from './transaction.ts';
import { TransactionChanges } from './transaction-changes.ts';
import { type Participants, TransactionStore } from './transaction-store.ts';

export interface TransactionCoordinatorOptions {
  readonly platform: Platform;
  readonly configuration: ClusterConfiguration;
  readonly features: ClusterFeatures;
  /** Opened after the coordinator was made, and before `start`. */
  readonly journal: Journal;
  readonly topics: TopicCatalog;
  readonly groups: GroupOffsets;
  readonly producerIds: ProducerIds;
  readonly report: (event: { readonly level: 'info' | 'warn' | 'error'; readonly message: string }) => void;
}

/** The answer to a producer: its identity from now on, or the error code why it has none. */
export type ProducerAnswer = ({ readonly errorCode: 0 } & ProducerIdentity) | { readonly errorCode: number };

export class TransactionCoordinator {
  readonly #options: TransactionCoordinatorOptions;
  readonly #store: TransactionStore;
  readonly #teller: OutcomeTeller;
  readonly #changes: TransactionChanges;

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options;
    this.#store = new TransactionStore(options.journal);
    this.#teller = new OutcomeTeller(options);
    const { platform, report } = options;
    this.#changes = new TransactionChanges({ clock: platform.clock, store: this.#store, teller: this.#teller, report });
  }

  /** Ends what a crash interrupted. What can't be ended yet is tried again while the cluster runs. */
  async start(): Promise<void> {
    const ending = [...this.#store.all()].filter((transaction) => transaction.isEnding);
    await Promise.all(ending.map((transaction) => this.#changes.complete(transaction)));
    await this.#teller.abortForgotten(this.#store.all());
  }

  /** Tries nothing again from now on; the next start does. */
  close(): void {
    this.#changes.close();
    this.#teller.close();
  }

  get(id: string): Transaction | undefined {
    const transaction = this.#store.get(id);
    // Nothing was given out yet.
    return transaction === undefined || transaction.facts.epoch < 0 ? undefined : transaction;
  }

  *all(): Iterable<Transaction> {
    for (const transaction of this.#store.all()) if (transaction.facts.epoch >= 0) yield transaction;
  }

  /**
   * Gives a producer its identity and fences those that had one before; a transaction that is open is aborted first.
   * `expected` is the identity which the producer says it has, if it has one.
   */
  async initialize(id: string, timeoutMs: number, expected: ProducerIdentity | undefined): Promise<ProducerAnswer> {
    if (id === '') return { errorCode: errorCodes.INVALID_REQUEST };
    if (timeoutMs <= 0 || timeoutMs > this.#options.configuration.number('transaction.max.timeout.ms')) {
      return { errorCode: errorCodes.INVALID_TRANSACTION_TIMEOUT };
    }
    const known = this.#store.get(id);
    if (known === undefined) return this.#create(id, timeoutMs, expected);
    if (known.isChanging || known.adding > 0) return { errorCode: errorCodes.CONCURRENT_TRANSACTIONS };
    if (expected !== undefined && !mayContinue(known.facts, expected)) return { errorCode: errorCodes.PRODUCER_FENCED };
    if (known.isOpen) {
      // One that was fenced must not abort what its successor is at.
      if (expected !== undefined && expected.epoch !== known.facts.epoch)
        return { errorCode: errorCodes.PRODUCER_FENCED };
      const errorCode = await this.#fence(known);
      return { errorCode: errorCode === errorCodes.NONE ? errorCodes.CONCURRENT_TRANSACTIONS : errorCode };
    }
    return this.#renew(known, timeoutMs, expected);
  }

  /**
   * Adds to the transaction under way, or begins one; answers the error code, at once when there is nothing to write.
   * `bumpsEpoch`: the client works with version 2 of transactions.
   */
  add(
    id: string,
    producer: ProducerIdentity,
    participants: Participants,
    bumpsEpoch: boolean,
  ): number | Promise<number> {
    const transaction = this.#of(id, producer);
    if (typeof transaction === 'number') return transaction;
    if (transaction.isChanging || transaction.isEnding) return errorCodes.CONCURRENT_TRANSACTIONS;
    if (transaction.isOpen && includes(transaction, participants)) return errorCodes.NONE;
    return this.#changes.add(transaction, participants, bumpsEpoch);
  }

  /** The error code for a producer that may not write to a partition now, or 0. */
  checkPartition(id: string, producer: ProducerIdentity, topicId: string, partition: number): number {
    return this.#check(id, producer, (transaction) => transaction.has(topicId, partition));
  }

  /** The error code for a producer that may not commit a group's offsets now, or 0. */
  checkGroup(id: string, producer: ProducerIdentity, group: string): number {
    return this.#check(id, producer, (transaction) => transaction.groups.has(group));
  }

  /** Commits or aborts; answers once that is decided and, unless the disk fails, readers see it. */
  async end(id: string, producer: ProducerIdentity, commit: boolean, bumpsEpoch: boolean): Promise<ProducerAnswer> {
    if (id === '') return { errorCode: errorCodes.INVALID_REQUEST };
    const transaction = this.get(id);
    if (transaction === undefined) return { errorCode: errorCodes.INVALID_PRODUCER_ID_MAPPING };
    const decision = decideEnd(transaction, producer, commit, bumpsEpoch);
    if (decision === errorCodes.NONE) return answerOf(transaction.facts);
    if (typeof decision === 'number') return { errorCode: decision };
    const errorCode = await this.#changes.decide(transaction, async () => {
      const needsId = bumpsEpoch && isExhausted(transaction.facts.epoch);
      const nextProducerId = needsId ? await this.#options.producerIds.allocate() : -1;
      return afterPrepare(transaction.facts, commit, bumpsEpoch, nextProducerId, this.#now());
    });
    return errorCode === errorCodes.NONE ? answerOf(transaction.facts) : { errorCode };
  }

  /** Aborts transactions that have been open for longer than their producers asked for. */
  async abortTimedOut(): Promise<void> {
    for (const transaction of [...this.#store.all()]) {
      if (this.#changes.isClosed) return;
      const { isOpen, isChanging, adding, facts } = transaction;
      if (!isOpen || isChanging || adding > 0 || facts.startedAt + facts.timeoutMs >= this.#now()) continue;
      const message = `aborted the transaction of ${transaction.id}, open for longer than ${facts.timeoutMs} ms`;
      if ((await this.#fence(transaction)) === errorCodes.NONE) this.#options.report({ level: 'info', message });
    }
  }

  /** Forgets ids that nobody has used for `transactional.id.expiration.ms`. */
  async expire(): Promise<void> {
    const since = this.#now() - this.#options.configuration.number('transactional.id.expiration.ms');
    const due = [...this.all()].filter(
      ({ isOpen, isEnding, isChanging, adding, facts }) =>
        !isOpen && !isEnding && !isChanging && adding === 0 && facts.updatedAt <= since,
    );
    if (due.length > 0) await this.#changes.forget(due);
  }

  #now(): number {
    return this.#options.platform.clock.now();
  }

  #of(id: string, producer: ProducerIdentity): Transaction | number {
    if (id === '') return errorCodes.INVALID_REQUEST;
    const transaction = this.get(id);
    if (transaction === undefined || transaction.facts.producerId !== producer.producerId) {
      return errorCodes.INVALID_PRODUCER_ID_MAPPING;
    }
    return transaction.facts.epoch === producer.epoch ? transaction : errorCodes.PRODUCER_FENCED;
  }

  #check(id: string, producer: ProducerIdentity, belongs: (transaction: Transaction) => boolean): number {
    if (this.#changes.isClosed) return errorCodes.COORDINATOR_NOT_AVAILABLE;
    const transaction = this.#of(id, producer);
    if (typeof transaction === 'number') return transaction;
    if (transaction.isChanging || transaction.isEnding) return errorCodes.CONCURRENT_TRANSACTIONS;
    return transaction.isOpen && belongs(transaction) ? errorCodes.NONE : errorCodes.TRANSACTION_ABORTABLE;
  }

  async #create(id: string, timeoutMs: number, expected: ProducerIdentity | undefined): Promise<ProducerAnswer> {
    const transaction = new Transaction(id, newFacts(-1, timeoutMs, this.#now()));
    this.#store.reserve(transaction);
    const errorCode = await this.#changes.change(transaction, async () => {
      const facts = newFacts(await this.#options.producerIds.allocate(), timeoutMs, this.#now());
      return afterNewProducer(facts, expected?.epoch, timeoutMs, this.#now());
    });
    if (errorCode === errorCodes.NONE) return answerOf(transaction.facts);
    this.#store.release(id);
    return { errorCode };
  }

  async #renew(
    transaction: Transaction,
    timeoutMs: number,
    expected: ProducerIdentity | undefined,
  ): Promise<ProducerAnswer> {
    const errorCode = await this.#changes.change(transaction, async () => {
      const { facts } = transaction;
      const matches = expected === undefined || expected.epoch === facts.epoch;
      if (!isExhausted(facts.epoch) || !matches) {
        return afterNewProducer(facts, expected?.epoch, timeoutMs, this.#now());
      }
      const producerId = await this.#options.producerIds.allocate();
      return afterRotation(facts, producerId, timeoutMs, this.#now(), expected !== undefined);
    });
    return errorCode === errorCodes.NONE ? answerOf(transaction.facts) : { errorCode };
  }

  #fence(transaction: Transaction): Promise<number> {
    const bumpsEpoch = this.#options.features.level('transaction.version') >= 2;
    return this.#changes.decide(transaction, async () => afterFence(transaction.facts, bumpsEpoch, this.#now()));
  }
}

function answerOf(facts: TransactionFacts): ProducerAnswer {
  return { errorCode: errorCodes.NONE, ...producerAfter(facts) };
}

function includes(transaction: Transaction, { topics, groups }: Participants): boolean {
  return (
    topics.every(([topicId, indexes]) => indexes.every((index) => transaction.has(topicId, index))) &&
    groups.every((group) => transaction.groups.has(group))
  );
}
