/** The producer: the door to topics, batches, and the sender, and the clock that watches over their deadlines. */
import { isMillraceError, messageOf, type Timer } from '@millrace/base';
import type { Cluster } from '../cluster.ts';
import { BufferFullError, ClosedError, InvalidOptionError } from '../errors.ts';
import type {
  Producer,
  ProducerOptions,
  ProducerRecord,
  RecordPosition,
  Transaction,
  TransactionCallOptions,
  TransactionOptions,
} from '../producer.ts';
import { abortable } from '../retry.ts';
import { nameOf, type TopicLike } from '../topic.ts';
import { Accumulator } from './accumulator.ts';
import { BuilderPool } from './builder-pool.ts';
import { Deliveries } from './deliveries.ts';
import { FlushBarriers } from './flush-barriers.ts';
import { KafkaTransaction } from './kafka-transaction.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { SendWaiter } from './partition-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { type ProducerSettings, producerSettings } from './producer-settings.ts';
import { Sender } from './sender.ts';
import { TopicPartitions } from './topic-partitions.ts';
import { type AnyRecord, TopicWriter } from './topic-writer.ts';
import { type RunnerParts, runInTransaction } from './transaction-runner.ts';
import { Transactions } from './transactions.ts';
import { TurnClock } from './turn-clock.ts';

export class KafkaProducer implements Producer {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #budget: MemoryBudget;
  readonly #barriers = new FlushBarriers();
  readonly #deliveries: Deliveries;
  readonly #accumulator: Accumulator;
  readonly #sender: Sender;
  readonly #transactions: Transactions | undefined;
  /** The transaction that was begun last. */
  #transaction: KafkaTransaction | undefined;
  readonly #clock: TurnClock;
  readonly #abort = new AbortController();
  readonly #topics = new Map<string, TopicPartitions>();
  readonly #writers = new Map<TopicLike, TopicWriter>();
  readonly #stopListening: () => void;
  readonly #onClosed: () => void;
  #lastTopic: TopicLike | undefined;
  #lastWriter: TopicWriter | undefined;
  #sweepTimer: Timer | undefined;
  /** Sends that wait for room: the next ones must not overtake them. */
  #waitingSends = 0;
  #isClosing = false;
  #closed: Promise<void> | undefined;

  /** `onClosed` is called once it is closed. Throws `InvalidOptionError`. */
  constructor(cluster: Cluster, options: ProducerOptions, onClosed: () => void) {
    const settings = producerSettings(options);
    const { platform } = cluster.settings;
    this.#cluster = cluster;
    this.#settings = settings;
    this.#onClosed = onClosed;
    this.#budget = new MemoryBudget(settings.bufferBytesMax);
    const builders = new BuilderPool(settings.bufferBytesMax / 2);
    const [budget, barriers] = [this.#budget, this.#barriers];
    this.#transactions = this.#makeTransactions();
    const { transactions } = { transactions: this.#transactions };
    this.#deliveries = new Deliveries(
      settings,
      budget,
      builders,
      barriers,
      transactions && ((batch, error) => transactions.batchFailed(batch, error)),
    );
    const deliveries = this.#deliveries;
    const offer = (queue: PartitionQueue): void => this.#sender.offer(queue);
    this.#accumulator = new Accumulator({ platform, settings, budget, builders, barriers, deliveries, offer });
    this.#sender = new Sender(cluster, settings, this.#accumulator, deliveries, transactions);
    this.#clock = new TurnClock(platform);
    this.#stopListening = cluster.metadata.onLearnt((topic) => {
      const metadata = cluster.metadata.peek(topic);
      if (metadata !== undefined) this.#topics.get(topic)?.update(metadata);
    });
    this.#transactions?.prepare();
  }

  get bufferedBytes(): number {
    return this.#budget.usedBytes;
  }

  write<const T extends TopicLike>(record: ProducerRecord<T>): boolean {
    const writer = record.topic === this.#lastTopic ? this.#lastWriter! : this.#writerOf(record.topic);
    return this.#accept(writer, record, undefined);
  }

  async ready(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.#isClosing) throw new ClosedError('producer');
    const loading = [...this.#topics.values()].filter(({ isLoading }) => isLoading);
    if (loading.length > 0) await abortable(Promise.all(loading.map((topic) => topic.loaded())), options.signal);
    await this.#budget.whenRoom(options.signal);
  }

  async send<const T extends TopicLike>(
    record: ProducerRecord<T>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<RecordPosition> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (!this.#budget.hasRoom || this.#waitingSends > 0) {
      this.#waitingSends++;
      try {
        // Looked at again each time, in the turn in which the record is accepted: others were woken too.
        do await this.#budget.whenRoom(signal);
        while (!this.#budget.hasRoom);
      } finally {
        this.#waitingSends--;
      }
    }
    return new Promise((resolve, reject) => {
      this.#accept(this.#writerOf(record.topic), record, { index: 0, timestamp: 0, resolve, reject });
    });
  }

  async flush(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    await abortable(this.#flush(), options.signal);
    this.#deliveries.throwUnreported();
    const failure = this.#transactions?.state.failure;
    if (failure !== undefined) throw failure;
  }

  async transaction<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    options: TransactionOptions = {},
  ): Promise<Result> {
    const { settings } = this.#cluster;
    const parts: RunnerParts = {
      platform: settings.platform,
      backoff: settings,
      begin: (bounds) => this.#begin(bounds, true),
      isCommitting: () => this.#transactions?.state.phase === 'committing',
    };
    return runInTransaction(parts, work, options);
  }

  begin(options: TransactionCallOptions = {}): Promise<Transaction> {
    return this.#begin(options, false);
  }

  close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.#closed ??= this.#close(options.signal);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(writer: TopicWriter, record: AnyRecord, waiter: SendWaiter | undefined): boolean {
    if (this.#isClosing) throw new ClosedError('producer');
    this.#transactions?.state.checkOpen();
    if (this.#budget.isExhausted) {
      throw new BufferFullError(this.#budget.usedBytes, this.#settings.bufferBytesMax);
    }
    const taken = writer.write(record, waiter);
    if (this.#sweepTimer === undefined) this.#scheduleSweep();
    if (this.#budget.hasRoom) return taken;
    // The open batches hold memory that may be all there is.
    this.#accumulator.hurry();
    return false;
  }

  #writerOf(topic: TopicLike): TopicWriter {
    let writer = this.#writers.get(topic);
    if (writer === undefined) {
      writer = new TopicWriter(topic, this.#partitionsOf(nameOf(topic)), this.#clock);
      this.#writers.set(topic, writer);
    }
    this.#lastTopic = topic;
    this.#lastWriter = writer;
    return writer;
  }

  #partitionsOf(topic: string): TopicPartitions {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) {
      partitions = new TopicPartitions(topic, {
        cluster: this.#cluster,
        settings: this.#settings,
        accumulator: this.#accumulator,
        deliveries: this.#deliveries,
        budget: this.#budget,
        signal: this.#abort.signal,
      });
      const known = this.#cluster.metadata.peek(topic);
      if (known !== undefined) partitions.update(known);
      this.#topics.set(topic, partitions);
    }
    return partitions;
  }

  #makeTransactions(): Transactions | undefined {
    const { transactionalId, transactionTimeoutMs, deliveryTimeoutMs } = this.#settings;
    if (transactionalId === undefined) return undefined;
    const options = { transactionalId, transactionTimeoutMs, deliveryTimeoutMs };
    return new Transactions(this.#cluster, options, this.#abort.signal, {
      flush: () => this.#flush(),
      drop: (error) => this.#sender.drop(this.#queues(), error),
      offer: (queue) => this.#sender.offer(queue),
    });
  }

  async #begin(options: TransactionCallOptions, isManaged: boolean): Promise<KafkaTransaction> {
    if (this.#isClosing) throw new ClosedError('producer');
    const transactions = this.#transactions;
    if (transactions === undefined) {
      throw new InvalidOptionError('transactionalId', 'is not given; make the producer with one to begin transactions');
    }
    await transactions.begin(options);
    this.#transaction = new KafkaTransaction(this, transactions, isManaged);
    return this.#transaction;
  }

  async #flush(): Promise<void> {
    for (const topic of this.#topics.values()) await topic.loaded();
    this.#accumulator.hurry();
    await this.#barriers.passed();
  }

  *#queues(): Iterable<PartitionQueue> {
    for (const { queues } of this.#topics.values()) yield* queues;
  }

  #scheduleSweep(): void {
    const intervalMs = Math.min(1_000, Math.max(10, Math.floor(this.#settings.deliveryTimeoutMs / 10)));
    this.#sweepTimer = this.#cluster.settings.platform.timers.after(intervalMs, () => {
      this.#sweepTimer = undefined;
      for (const queue of this.#queues()) this.#sender.expire(queue);
      for (const topic of this.#topics.values()) topic.refreshIfOld();
      // Records of a topic that is being loaded are in no batch yet.
      const isLoading = [...this.#topics.values()].some((topic) => topic.isLoading);
      if (isLoading || this.#barriers.unfinished > 0) this.#scheduleSweep();
    });
  }

  /** A transaction that is left open holds up its readers until it times out. */
  async #abortOpen(): Promise<void> {
    const transactions = this.#transactions;
    if (transactions === undefined || this.#transaction === undefined) return;
    try {
      if (transactions.state.phase === 'committing') await this.#transaction.commit();
      else if (!this.#transaction.isOver) await this.#transaction.abort();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      const message = `${messageOf(error)}; the cluster ends the transaction when it times out`;
      this.#cluster.settings.report({ level: 'warn', event: 'transaction_aborted', message, error });
    }
  }

  async #finish(): Promise<void> {
    await this.#abortOpen();
    await this.#flush();
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    this.#isClosing = true;
    this.#budget.abandon(new ClosedError('producer'));
    const givenUp = signal && aborted(signal);
    try {
      await Promise.race([this.#finish(), ...(givenUp === undefined ? [] : [givenUp])]);
    } finally {
      this.#abort.abort(new ClosedError('producer'));
      this.#stopListening();
      this.#sweepTimer?.cancel();
      this.#transactions?.close();
      this.#accumulator.stop();
      this.#sender.close(this.#queues());
      this.#onClosed();
    }
    // Requests that were broken off come back, and topics that were asked for fail, in turns to come.
    if (signal?.aborted) await this.#flush();
    this.#deliveries.throwUnreported();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
