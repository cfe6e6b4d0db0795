/**
 * The consumer: the loop that users write over it, and between two batches everything else: partitions come and go,
 * positions are found, offsets are committed.
 */
import { isMillraceError } from '@millrace/base';
import type { Cluster } from '../cluster.ts';
import type {
  Consumer,
  ConsumerBatch,
  ConsumerOptions,
  ConsumerRecord,
  GroupOffsets,
  OffsetQuery,
  TransactionOutcome,
} from '../consumer.ts';
import { ClosedError, ConsumerBusyError } from '../errors.ts';
import { GroupCoordinator } from '../group-coordinator.ts';
import { integerOption } from '../settings.ts';
import type { ConsumerFigures } from '../telemetry/metric-window.ts';
import { nameOf, type TopicLike, type TopicPartition, type TopicPartitionOffset } from '../topic.ts';
import { Arrivals } from './arrivals.ts';
import { BatchSupply } from './batch-supply.ts';
import { Committer } from './committer.ts';
import { BatchLoop, type LoopOptions, RecordLoop } from './consumer-loops.ts';
import { type ConsumerSettings, checkedStart, consumerSettings } from './consumer-settings.ts';
import { Failures } from './failures.ts';
import { FetchBudget } from './fetch-budget.ts';
import { Fetcher } from './fetcher.ts';
import { GroupProgress } from './group-progress.ts';
import { LoopGate } from './loop-gate.ts';
import { makeMembership } from './make-membership.ts';
import type { Membership } from './membership.ts';
import { OwnPartitions } from './own-partitions.ts';
import { Ownership } from './ownership.ts';
import { PartitionSet } from './partition-set.ts';
import type { PartitionState } from './partition-state.ts';
import { Positions } from './positions.ts';
import { TopicReaders } from './topic-reader.ts';

export class KafkaConsumer<T extends TopicLike> implements Consumer<T> {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #onClosed: () => void;
  readonly #partitions = new PartitionSet();
  readonly #budget: FetchBudget;
  readonly #arrivals: Arrivals;
  readonly #gate: LoopGate;
  readonly #supply: BatchSupply;
  readonly #fetcher: Fetcher;
  readonly #positions: Positions;
  readonly #membership: Membership | undefined;
  readonly #committer: Committer | undefined;
  readonly #progress: GroupProgress;
  readonly #ownership: Ownership;
  readonly #own: OwnPartitions | undefined;
  readonly #abort = new AbortController();
  readonly #stopListening: () => void;
  readonly #failures = new Failures();
  #isLooping = false;
  #closed: Promise<void> | undefined;

  /** `onClosed` is called once it is closed. Throws `InvalidOptionError`. */
  constructor(cluster: Cluster, options: ConsumerOptions, onClosed: () => void) {
    const settings = consumerSettings(options, options.rack ?? cluster.settings.rack);
    const { platform } = cluster.settings;
    this.#cluster = cluster;
    this.#settings = settings;
    this.#onClosed = onClosed;
    const readers = new TopicReaders(settings.topics);
    this.#budget = new FetchBudget(settings.bufferBytesMax);
    this.#arrivals = new Arrivals(this.#budget);
    this.#gate = new LoopGate(platform.clock);
    const states = (): Iterable<PartitionState> => this.#partitions;
    const failed = (error: Error, state?: PartitionState): void => {
      this.#failures.add(error, state);
      this.#gate.wake();
    };
    const dropFetched = (state: PartitionState): void => this.#dropFetched(state);
    const coordinator = settings.group === undefined ? undefined : new GroupCoordinator(cluster, settings.group);
    this.#supply = new BatchSupply(platform, this.#gate, this.#arrivals, {
      readerOf: (topic) => readers.of(topic),
      takeFailure: () => this.#failures.take(),
      isOver: () => this.#isOver(),
      memoryFreed: () => this.#fetcher.memoryFreed(),
      dropFetched,
      checkCrc: settings.checkCrc,
    });
    this.#fetcher = new Fetcher(cluster, settings, this.#budget, {
      states,
      arrived: (chunks) => {
        this.#arrivals.add(chunks);
        this.#gate.wake();
      },
      starved: () => this.#relieve(),
      outOfRange: (state) => this.#positions.outOfRange(state),
      failed,
    });
    const { signal } = this.#abort;
    const changed = (): void => {
      this.#positions.poke();
      this.#fetcher.poke();
      this.#gate.wake();
    };
    const host = { states, resolved: changed, dropFetched, failed };
    this.#positions = new Positions(cluster, settings, coordinator, signal, host);
    if (coordinator !== undefined) {
      this.#committer = new Committer(cluster, settings, coordinator, () => this.#membership?.member, states);
    }
    const [partitions, arrivals] = [this.#partitions, this.#arrivals];
    this.#ownership = new Ownership(cluster, partitions, arrivals, this.#committer, { changed, failed });
    if (settings.membership === undefined) {
      this.#own = new OwnPartitions(cluster, settings, signal, {
        take: (states) => this.#ownership.take(states),
        failed,
      });
    } else if (coordinator !== undefined) {
      const parts = { gate: this.#gate, partitions, ownership: this.#ownership, failed };
      this.#membership = makeMembership(cluster, settings.membership, settings.topics.map(nameOf), coordinator, parts);
    }
    this.#progress = new GroupProgress({
      group: settings.group,
      partitions,
      committer: this.#committer,
      member: () => this.#membership?.member,
      drop: (state) => arrivals.drop(state),
    });
    this.#stopListening = cluster.metadata.onLearnt((topic) => this.#learnt(topic));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerBatch<T>, undefined> {
    return this.batches();
  }

  batches(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncIterableIterator<ConsumerBatch<T>, undefined> {
    const loop: unknown = new BatchLoop(this.#loopOptions(options.signal));
    return loop as AsyncIterableIterator<ConsumerBatch<T>, undefined>;
  }

  records(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncIterableIterator<ConsumerRecord<T>, undefined> {
    const loop: unknown = new RecordLoop(this.#loopOptions(options.signal));
    return loop as AsyncIterableIterator<ConsumerRecord<T>, undefined>;
  }

  async commit(
    offsets?: readonly TopicPartitionOffset[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    this.#checkOpen();
    await this.#progress.commit(offsets, options);
  }

  position(partition: TopicPartition): number | undefined {
    const state = this.#partitions.require(partition);
    return state.isPositioned ? state.position : undefined;
  }

  seek(partition: TopicPartition, offset: number | OffsetQuery): void {
    const state = this.#partitions.require(partition);
    if (typeof offset === 'number') integerOption('offset', offset, 0, 0, Number.MAX_SAFE_INTEGER);
    else checkedStart(offset);
    this.#arrivals.drop(state);
    if (typeof offset === 'number') state.moveTo(offset, -1);
    else state.ask(offset);
    this.#positions.poke();
    this.#fetcher.poke();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const state of partitions.map((partition) => this.#partitions.require(partition))) state.isPaused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const state of partitions.map((partition) => this.#partitions.require(partition))) state.isPaused = false;
    this.#fetcher.poke();
    this.#gate.wake();
  }

  paused(): TopicPartition[] {
    return this.#partitions.names().filter((partition) => this.#partitions.get(partition)?.isPaused);
  }

  /** For telemetry. */
  figures(): ConsumerFigures {
    const { idleMs, busyMs } = this.#gate;
    return { assignedPartitions: this.assignment().length, idleMs, busyMs };
  }

  assignment(): TopicPartition[] {
    return this.#partitions.names();
  }

  rebalance(reason: string): void {
    this.#membership?.shareAnew?.(reason);
  }

  groupOffsets(): GroupOffsets {
    return this.#progress.offsets();
  }

  offsetsSettled(offsets: readonly TopicPartitionOffset[], outcome: TransactionOutcome): void {
    this.#progress.settled(offsets, outcome);
    this.#positions.poke();
    this.#fetcher.poke();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #loopOptions(signal: AbortSignal | undefined): LoopOptions {
    return {
      supply: this.#supply,
      signal,
      begin: () => {
        this.#checkOpen();
        if (this.#isLooping) throw new ConsumerBusyError();
        this.#isLooping = true;
        this.#membership?.start();
        this.#own?.start();
        this.#committer?.start();
        if (this.#failures.pending !== undefined) return;
        this.#fetcher.goOn();
        this.#positions.goOn();
      },
      end: () => {
        this.#isLooping = false;
      },
    };
  }

  #learnt(topic: string): void {
    const known = this.#cluster.metadata.peek(topic);
    if (known === undefined) return;
    for (const state of this.#partitions.ofTopic(topic)) {
      const { topicId } = state;
      if (topicId !== null && known.id !== null && topicId !== known.id) this.#positions.topicReplaced(state);
      state.learn(known);
    }
    this.#positions.poke();
    this.#fetcher.poke();
  }

  #dropFetched(state: PartitionState): void {
    this.#arrivals.drop(state);
    state.seekCount++;
    state.isStuck = false;
    state.fetchPosition = state.position;
    state.fetchEpoch = state.positionEpoch;
    this.#fetcher.poke();
  }

  /** When all memory is held for paused partitions, it is given to the others. */
  #relieve(): void {
    if (this.#gate.hasBatch || this.#arrivals.peek() !== undefined) return;
    for (const state of this.#partitions) if (state.isPaused && state.chunks.length > 0) this.#dropFetched(state);
  }

  #isOver(): boolean {
    if (this.#closed !== undefined) return true;
    if (this.#settings.until === undefined || !this.#own?.isTaken) return false;
    for (const state of this.#partitions) if (!state.isFinished) return false;
    return true;
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new ClosedError('consumer');
  }

  async #close(): Promise<void> {
    // The loop must see at once that it is over.
    await Promise.resolve();
    this.#gate.wake();
    this.#committer?.stop();
    this.#stopListening();
    try {
      const owned = this.#partitions.names();
      if (this.#settings.membership !== undefined && owned.length > 0) {
        await this.#ownership.revoke(owned, this.#settings.membership.onRevoked);
      } else await this.#committer?.tryCommitHandled(this.#partitions);
      await this.#membership?.close();
    } finally {
      this.#abort.abort(new ClosedError('consumer'));
      this.#fetcher.close();
      this.#own?.stop();
      this.#arrivals.clear();
      this.#onClosed();
    }
    const failure = this.#failures.take();
    if (failure !== undefined && !isMillraceError(failure)) throw failure;
  }
}
