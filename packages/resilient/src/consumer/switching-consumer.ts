/**
 * A consumer that goes on while what is below it is exchanged: settings, credentials, and, where its group's offsets
 * were translated, the cluster.
 *
 * There is one side, a plain member of the group. When another target is wanted, a new side is made, which has to reach
 * its cluster and find the topics there; until then this one reads on. Then
 *
 * 1. the loop gives way between two batches: what is in hand is the program's, for as long as it takes;
 * 2. the old side commits what is handled (with `commit: 'auto'`) and leaves the group;
 * 3. the new side joins the group when the loop goes on, and begins at the group's offsets.
 *
 * So a switch is to the program what a rebalance is: `onRevoked` and `onAssigned` are called, pauses are forgotten,
 * what was handed out and not committed comes again, and nothing is passed over.
 *
 * Another cluster has other offsets. So a group goes there only once the answers of all its topics say that its offsets
 * were translated for just that move; until then it stays where it is, however the clusters do. And offsets of before
 * the move that a program commits or seeks late are refused (see `OwnOffsets`).
 */
import { isMillraceError, messageOf, type Platform } from '@millrace/base';
import {
  ClosedError,
  CommitError,
  type Consumer,
  type ConsumerBatch,
  ConsumerBusyError,
  type ConsumerRecord,
  type GroupOffsets,
  type OffsetQuery,
  type TopicLike,
  type TopicPartition,
  type TopicPartitionOffset,
  type TransactionOutcome,
} from '@millrace/client';
import { abortable } from '@millrace/client/protocol';
import { type ClusterPlace, isElsewhere, type Target, wayText } from '../clients/target.ts';
import type { Report } from '../report.ts';
import { TargetFollower } from '../target-follower.ts';
import type { Wanted } from '../wanted.ts';
import type { ConsumerSide } from './consumer-side.ts';
import { OwnOffsets } from './own-offsets.ts';
import { type LoopHost, SwitchingLoop } from './switching-loop.ts';

export interface SwitchingConsumerOptions<T extends TopicLike> {
  readonly platform: Platform;
  readonly group: string;
  readonly wanted: Wanted;
  readonly first: ConsumerSide<T>;
  readonly makeSide: (target: Target) => ConsumerSide<T>;
  /** Whether the group's offsets are on a cluster, translated for the move there. */
  readonly isTranslated: (place: ClusterPlace) => boolean;
  /** Whether others that have to come along are ready to go to a cluster. */
  readonly agrees: (place: ClusterPlace) => boolean;
  /** Told of each batch that is handed out. */
  readonly handedOut: (batch: ConsumerBatch<T>) => void;
  /** Likewise of each record, by loops over records. */
  readonly handedOutRecord: (record: ConsumerRecord<T>) => void;
  readonly switched: (what: { readonly pauseMs: number }) => void;
  readonly report: Report;
  /** Called once it is closed. */
  readonly closed: () => Promise<void>;
}

/** The reason with which loops are asked to give way. */
class GiveWay extends Error {}

type Signalled = { readonly signal?: AbortSignal | undefined };

export class SwitchingConsumer<T extends TopicLike> implements Consumer<T> {
  readonly #options: SwitchingConsumerOptions<T>;
  readonly #follower: TargetFollower<ConsumerSide<T>>;
  #side: ConsumerSide<T>;
  #giveWay = new AbortController();
  /** While sides are exchanged: resolves when that is done. */
  #exchange: PromiseWithResolvers<void> | undefined;
  #isLooping = false;
  readonly #offsets = new OwnOffsets();
  /** Resolves when no loop has anything of the side's. */
  #yielded: PromiseWithResolvers<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: SwitchingConsumerOptions<T>) {
    this.#options = options;
    this.#side = options.first;
    const { platform, wanted, report, makeSide } = options;
    this.#follower = new TargetFollower({
      ...{ platform, wanted, report, makeSide },
      present: () => this.#side.target,
      mayGoTo: (target) => this.#mayGoTo(target),
      switchTo: (next) => this.#switchTo(next),
    });
  }

  /** What the side that reads was made for. */
  get target(): Target {
    return this.#side.target;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerBatch<T>, undefined> {
    return this.batches();
  }

  batches({ signal }: Signalled = {}): AsyncIterableIterator<ConsumerBatch<T>, undefined> {
    const open = (consumer: Consumer<T>, own: AbortSignal) => consumer.batches({ signal: own });
    const handedOut = (batch: ConsumerBatch<T>): void => {
      this.#offsets.handedOut(batch, batch.firstOffset, batch.nextOffset);
      this.#options.handedOut(batch);
    };
    return new SwitchingLoop<T, ConsumerBatch<T>>(this.#host(), open, handedOut, signal);
  }

  records({ signal }: Signalled = {}): AsyncIterableIterator<ConsumerRecord<T>, undefined> {
    const open = (consumer: Consumer<T>, own: AbortSignal) => consumer.records({ signal: own });
    const handedOut = (record: ConsumerRecord<T>): void => {
      this.#offsets.handedOut(record, record.offset, record.offset + 1);
      this.#options.handedOutRecord(record);
    };
    return new SwitchingLoop<T, ConsumerRecord<T>>(this.#host(), open, handedOut, signal);
  }

  async commit(offsets?: readonly TopicPartitionOffset[], options?: Signalled): Promise<void> {
    const { consumer } = this.#side;
    try {
      for (const place of offsets ?? []) this.#offsets.check(place);
    } catch (error) {
      throw new CommitError(this.#options.group, offsets ?? [], messageOf(error), error);
    }
    await consumer.commit(offsets, options);
    if (consumer === this.#side.consumer) this.#offsets.committed(offsets);
  }

  position(partition: TopicPartition): number | undefined {
    return this.#side.consumer.position(partition);
  }

  seek(partition: TopicPartition, offset: number | OffsetQuery): void {
    if (typeof offset === 'number') this.#offsets.check({ ...partition, offset });
    this.#side.consumer.seek(partition, offset);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#side.consumer.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#side.consumer.resume(partitions);
  }

  paused(): TopicPartition[] {
    return this.#side.consumer.paused();
  }

  assignment(): TopicPartition[] {
    return this.#side.consumer.assignment();
  }

  rebalance(reason: string): void {
    this.#side.consumer.rebalance(reason);
  }

  groupOffsets(): GroupOffsets {
    return this.#side.consumer.groupOffsets();
  }

  offsetsSettled(offsets: readonly TopicPartitionOffset[], outcome: TransactionOutcome): void {
    this.#side.consumer.offsetsSettled(offsets, outcome);
    if (outcome === 'committed') this.#offsets.committed(offsets);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #host(): LoopHost<T> {
    return {
      begin: () => {
        if (this.#closed !== undefined) throw new ClosedError('consumer');
        if (this.#isLooping) throw new ConsumerBusyError();
        this.#isLooping = true;
      },
      end: () => {
        this.#isLooping = false;
        this.#yielded?.resolve();
      },
      side: async (signal) => {
        while (this.#exchange !== undefined) await abortable(this.#exchange.promise, signal);
        if (this.#closed !== undefined) throw new ClosedError('consumer');
        return { consumer: this.#side.consumer, giveWay: this.#giveWay.signal };
      },
      gaveWay: () => this.#yielded?.resolve(),
    };
  }

  #mayGoTo({ cluster }: Target): boolean {
    if (!isElsewhere(cluster, this.#side.target.cluster)) return true;
    const { group, report, isTranslated, agrees } = this.#options;
    if (isTranslated(cluster)) return agrees(cluster);
    const message =
      `group ${group} stays on cluster ${this.#side.target.cluster.name}: its offsets are not translated to ` +
      `${cluster.name} yet`;
    report({ level: 'info', event: 'switch_waits', message });
    return false;
  }

  async #switchTo(next: ConsumerSide<T>): Promise<boolean> {
    const { platform, report, group, switched } = this.#options;
    const old = this.#side;
    this.#exchange = Promise.withResolvers();
    this.#yielded = Promise.withResolvers();
    if (!this.#isLooping) this.#yielded.resolve();
    this.#giveWay.abort(new GiveWay('another side reads on'));
    await this.#yielded.promise;
    const begunAt = platform.clock.monotonic();
    await this.#leave(old);
    this.#side = next;
    if (isElsewhere(old.target.cluster, next.target.cluster)) this.#offsets.moved();
    this.#giveWay = new AbortController();
    this.#yielded = undefined;
    this.#exchange.resolve();
    this.#exchange = undefined;
    const pauseMs = platform.clock.monotonic() - begunAt;
    const [from, to] = [old.target.cluster, next.target.cluster];
    const went = `${wayText(from, to)} within ${Math.round(pauseMs)} ms`;
    const message = `group ${group}: this member went ${went}, and joins anew`;
    report({ level: 'info', event: 'switched', message });
    switched({ pauseMs });
    return true;
  }

  /** Where it can't commit any more, what it did not commit comes again. */
  async #leave(old: ConsumerSide<T>): Promise<void> {
    try {
      await old.close();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      const message = `what was handled last may come again: ${messageOf(error)}`;
      this.#options.report({ level: 'warn', event: 'switch_failed', message, error });
    }
  }

  async #close(): Promise<void> {
    const ended = this.#follower.end(new ClosedError('consumer'));
    // A loop that keeps its batch must not keep a switch from ending.
    this.#yielded?.resolve();
    await ended;
    try {
      await this.#side.close();
    } finally {
      await this.#options.closed();
    }
  }
}
