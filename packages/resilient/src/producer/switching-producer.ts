/** A producer behind which sides are exchanged; `ProducerSwitch` says how, and what holds all the while. */
import { isMillraceError, sleep } from '@millrace/base';
import {
  ClosedError,
  type GroupOffsets,
  InvalidOptionError,
  type OffsetsInTransaction,
  type Producer,
  type ProducerRecord,
  type RecordPosition,
  type TopicLike,
  type Transaction,
  type TransactionCallOptions,
  type TransactionOptions,
  TransactionStateError,
} from '@millrace/client';
import { abortable, type SendWaiter } from '@millrace/client/protocol';
import { clusterKey, type Target } from '../clients/target.ts';
import { SwitchingConsumer } from '../consumer/switching-consumer.ts';
import { ClustersApartError } from '../errors.ts';
import { ProducerSwitch, type ProducerSwitchOptions } from './producer-switch.ts';
import { BoundTransaction } from './transaction-door.ts';
import { Turns } from './turns.ts';
import { UnreportedFailures } from './unreported-failures.ts';

/** How often, and how many times at most, a transaction whose consumer has gone ahead is tried again. */
const apartLookMs = 20;
const apartLooksMax = 1_500;

export interface SwitchingProducerOptions extends ProducerSwitchOptions {
  readonly transactionalId: string | undefined;
  /** Told whose offsets become part of a transaction. */
  readonly joined: (from: OffsetsInTransaction | GroupOffsets) => void;
  /** Called once it is closed. */
  readonly closed: () => Promise<void>;
}

type Signalled = { readonly signal?: AbortSignal | undefined };

export class SwitchingProducer implements Producer {
  readonly #options: SwitchingProducerOptions;
  readonly #topics: ReadonlySet<string>;
  readonly #turns = new Turns();
  readonly #unreported = new UnreportedFailures();
  readonly #switch: ProducerSwitch;
  #lastTopic: TopicLike | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: SwitchingProducerOptions) {
    this.#options = options;
    this.#topics = new Set(options.topics);
    this.#switch = new ProducerSwitch(options, this.#unreported);
  }

  get bufferedBytes(): number {
    return this.#switch.side.producer.bufferedBytes + (this.#switch.held?.bytes ?? 0);
  }

  /** What the side that takes records was made for. */
  get target(): Target {
    return this.#switch.side.target;
  }

  /** Whether records are held just now. */
  get isHolding(): boolean {
    return this.#switch.held !== undefined;
  }

  write<const T extends TopicLike>(record: ProducerRecord<T>): boolean {
    if (record.topic !== this.#lastTopic) this.#checkTopic(record.topic);
    if (this.#switch.held !== undefined || this.#closed !== undefined) return this.#hold(record, undefined);
    return this.#switch.side.producer.write(record);
  }

  async ready({ signal }: Signalled = {}): Promise<void> {
    for (;;) {
      if (this.#closed !== undefined) throw new ClosedError('producer');
      if (this.#switch.held !== undefined) {
        await abortable(this.#switch.held.over, signal);
        continue;
      }
      const { producer } = this.#switch.side;
      try {
        await producer.ready({ signal });
        if (this.#switch.held === undefined) return;
      } catch (error) {
        // The side is closed in a switch; the next one may have room.
        const isLeft = this.#switch.held !== undefined || this.#switch.side.producer !== producer;
        if (!isMillraceError(error, 'closed') || !isLeft) throw error;
      }
    }
  }

  async send<const T extends TopicLike>(record: ProducerRecord<T>, options: Signalled = {}): Promise<RecordPosition> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (record.topic !== this.#lastTopic) this.#checkTopic(record.topic);
    if (this.#hasRoom && !this.#turns.isBusy) return this.#sendNow(record);
    const room = { isThere: () => this.#hasRoom, comes: () => this.ready({ signal }) };
    return this.#turns.take(room, () => this.#sendNow(record), signal);
  }

  async flush({ signal }: Signalled = {}): Promise<void> {
    signal?.throwIfAborted();
    await abortable(this.#flush(), signal);
    this.#unreported.throw();
  }

  async transaction<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    options: TransactionOptions = {},
  ): Promise<Result> {
    const bound = (transaction: Transaction): Transaction =>
      new BoundTransaction(
        transaction,
        () => undefined,
        (from) => this.#join(from),
      );
    for (let attempts = 1; ; attempts++) {
      const leave = await this.#enter(options.signal);
      try {
        return await this.#switch.side.producer.transaction((transaction) => work(bound(transaction)), options);
      } catch (error) {
        if (!(error instanceof ClustersApartError) || attempts > apartLooksMax) throw error;
      } finally {
        leave();
      }
      // The consumer has gone ahead; the producer goes now that no transaction is open.
      await sleep(this.#options.platform.timers, apartLookMs, options.signal);
    }
  }

  async begin(options: TransactionCallOptions = {}): Promise<Transaction> {
    const leave = await this.#enter(options.signal);
    try {
      return new BoundTransaction(await this.#switch.side.producer.begin(options), leave, (from) => this.#join(from));
    } catch (error) {
      leave();
      throw error;
    }
  }

  close({ signal }: Signalled = {}): Promise<void> {
    this.#closed ??= this.#close(signal);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #hasRoom(): boolean {
    return this.bufferedBytes < this.#switch.side.bufferBytesMax;
  }

  #checkTopic(topic: TopicLike): void {
    const name = typeof topic === 'string' ? topic : topic.name;
    if (!this.#topics.has(name)) {
      const problem = `is ${name}, which this producer was not made for; name it in topics, or make another producer`;
      throw new InvalidOptionError('topic', problem);
    }
    this.#lastTopic = topic;
  }

  #hold(record: ProducerRecord, waiter: SendWaiter | undefined): boolean {
    const { held, side } = this.#switch;
    if (this.#closed !== undefined || held === undefined) throw new ClosedError('producer');
    if (this.#options.transactionalId !== undefined) {
      throw new TransactionStateError('no transaction is open; begin one before records are written');
    }
    const { topic } = record as { readonly topic: TopicLike };
    held.add(typeof topic === 'string' ? topic : topic.name, record, side.producer.bufferedBytes, waiter);
    return false;
  }

  /** Hands a record on, in this turn of the event loop. */
  #sendNow(record: ProducerRecord): Promise<RecordPosition> {
    if (this.#switch.held === undefined && this.#closed === undefined) return this.#switch.side.send(record);
    return new Promise((resolve, reject) => {
      this.#hold(record, { index: 0, timestamp: 0, resolve, reject });
    });
  }

  /** A transaction lies on one cluster, with the offsets in it. */
  #join(from: OffsetsInTransaction | GroupOffsets): void {
    this.#options.joined(from);
    if (!(from instanceof SwitchingConsumer)) return;
    const [theirs, ours] = [from.target.cluster, this.target.cluster];
    if (clusterKey(theirs) === clusterKey(ours)) return;
    throw new ClustersApartError(this.#options.transactionalId ?? '', ours.name, theirs.name);
  }

  async #flush(): Promise<void> {
    while (this.#switch.held !== undefined) await this.#switch.held.over;
    const { side } = this.#switch;
    await this.#unreported.keep(side.producer.flush(), side);
  }

  /** A transaction begins on the side of now: answers what to call when it is over. */
  async #enter(signal: AbortSignal | undefined): Promise<() => void> {
    const { door } = this.#switch;
    for (;;) {
      if (this.#closed !== undefined) throw new ClosedError('producer');
      if (door.isOpen) return door.enter();
      await abortable(door.opened, signal);
    }
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    await this.#switch.end(signal);
    const { side } = this.#switch;
    try {
      await this.#unreported.keep(side.close(signal), side);
    } finally {
      await this.#options.closed();
    }
    this.#unreported.throw();
  }
}
