/** One transaction as its user sees it: records go through the producer, the rest through `Transactions`. */
import type { GroupOffsets, OffsetsInTransaction } from '../consumer.ts';
import type { Producer, ProducerRecord, RecordPosition, Transaction, TransactionCallOptions } from '../producer.ts';
import type { TopicLike, TopicPartitionOffset } from '../topic.ts';
import { TransactionStateError } from './transaction-errors.ts';
import type { Transactions } from './transactions.ts';

export class KafkaTransaction implements Transaction {
  readonly #producer: Producer;
  readonly #transactions: Transactions;
  /** Offsets taken over, by the consumer to be told of their fate. */
  readonly #taken = new Map<OffsetsInTransaction, TopicPartitionOffset[]>();
  /** Ended, or ending: known, or asked for. */
  #outcome: 'committed' | 'aborted' | undefined;

  readonly #isManaged: boolean;

  /** With `isManaged` the consumers hear of an abort from `giveUp` alone: before that the work may be done again. */
  constructor(producer: Producer, transactions: Transactions, isManaged: boolean) {
    this.#isManaged = isManaged;
    this.#producer = producer;
    this.#transactions = transactions;
  }

  /** Whether it broke by itself, and doing its work again may help. */
  get isRepeatable(): boolean {
    return this.#transactions.state.failure?.retriable === true;
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  write<const T extends TopicLike>(record: ProducerRecord<T>): boolean {
    this.#checkCurrent();
    return this.#producer.write(record);
  }

  ready(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#producer.ready(options);
  }

  async send<const T extends TopicLike>(
    record: ProducerRecord<T>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RecordPosition> {
    this.#checkCurrent();
    return this.#producer.send(record, options);
  }

  async sendOffsets(from: OffsetsInTransaction | GroupOffsets, options: TransactionCallOptions = {}): Promise<void> {
    this.#checkCurrent();
    if (!('groupOffsets' in from)) return this.#transactions.sendOffsets({ read: () => from, isLive: false }, options);
    const { offsets } = from.groupOffsets();
    this.#taken.set(from, [...(this.#taken.get(from) ?? []), ...offsets]);
    // The same offsets each time, and as the member that the consumer is by then.
    const read = (): GroupOffsets => ({ ...from.groupOffsets(), offsets });
    await this.#transactions.sendOffsets({ read, isLive: true }, options);
  }

  async commit(options: TransactionCallOptions = {}): Promise<void> {
    if (this.#outcome === 'aborted') this.#checkCurrent();
    if (this.#outcome === 'committed') return;
    try {
      await this.#transactions.commit(options);
      this.#settle('committed');
    } catch (error) {
      // Still being committed: it may be asked again.
      if (this.#transactions.state.phase !== 'committing') this.#settle('aborted');
      throw error;
    }
  }

  async abort(options: TransactionCallOptions = {}): Promise<void> {
    if (this.#outcome === 'aborted') return;
    this.#checkCurrent();
    try {
      await this.#transactions.abort(options);
    } finally {
      if (this.#transactions.state.phase !== 'committing') this.#settle('aborted');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#outcome === undefined && this.#transactions.state.phase !== 'committing') await this.abort();
  }

  #checkCurrent(): void {
    if (this.#outcome === undefined) return;
    throw new TransactionStateError(`this transaction was ${this.#outcome} before; begin another`);
  }

  #settle(outcome: 'committed' | 'aborted'): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    if (outcome === 'committed' || !this.#isManaged) this.#tell(outcome);
  }

  /** The work will not be done again. */
  giveUp(): void {
    this.#tell('aborted');
  }

  #tell(outcome: 'committed' | 'aborted'): void {
    const { phase } = this.#transactions.state;
    // Nobody but the coordinator knows what it did with a commit that it did not answer.
    const isUnknown = outcome === 'aborted' && (phase === 'committing' || phase === 'dead');
    for (const [consumer, offsets] of this.#taken) consumer.offsetsSettled(offsets, isUnknown ? 'unknown' : outcome);
  }
}
