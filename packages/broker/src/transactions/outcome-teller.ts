/** Tells partitions and groups how transactions ended. */
import { isMillraceError, messageOf, type Platform, type Timer } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import type { Partition } from '../topics/partition.ts';
import type { TopicCatalog } from '../topics/topic-catalog.ts';
import { type Marker, writeMarker } from './marker-writer.ts';
import type { Transaction } from './transaction.ts';

/** Groups, as far as they keep offsets that wait for the end of a transaction. */
export interface GroupOffsets {
  /** Makes a producer's waiting offsets the group's, or drops them. Resolves once that is written. */
  endTransaction(group: string, producerId: number, commit: boolean): Promise<void>;
}

export interface OutcomeTellerOptions {
  readonly platform: Platform;
  readonly topics: TopicCatalog;
  readonly groups: GroupOffsets;
  readonly report: (event: { readonly level: 'info' | 'warn' | 'error'; readonly message: string }) => void;
}

export class OutcomeTeller {
  readonly #options: OutcomeTellerOptions;
  readonly #timers = new Set<Timer>();
  /** Who has been told, of transactions of which not all could be. */
  readonly #told = new WeakMap<Transaction, Set<Partition | string>>();
  #closed = false;

  constructor(options: OutcomeTellerOptions) {
    this.#options = options;
  }

  /** From now on nobody is told anything: logs are being closed. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** Calls back once, unless it is closed before. */
  later(delayMs: number, callback: () => void): void {
    const timer = this.#options.platform.timers
      .after(delayMs, () => {
        this.#timers.delete(timer);
        callback();
      })
      .unref();
    this.#timers.add(timer);
  }

  /** Tells the outcome to all that do not know it yet. False when not all could be told; they are the next time. */
  async tell(transaction: Transaction): Promise<boolean> {
    if (this.#closed) return false;
    const { producerId, epoch, state } = transaction.facts;
    const commit = state === 'PrepareCommit';
    const marker = { producerId, producerEpoch: epoch, commit };
    const told = this.#told.get(transaction) ?? new Set();
    this.#told.set(transaction, told);
    const work: Promise<boolean>[] = [];
    for (const partition of this.#partitions(transaction)) {
      // Nobody leads it: it is told once somebody does.
      if (partition.leader < 0) work.push(Promise.resolve(false));
      else if (!told.has(partition)) work.push(this.#attempt(partition, told, () => this.#mark(partition, marker)));
    }
    for (const group of transaction.groups) {
      const settle = (): Promise<void> => this.#options.groups.endTransaction(group, producerId, commit);
      if (!told.has(group)) work.push(this.#attempt(group, told, settle));
    }
    const done = (await Promise.all(work)).every(Boolean);
    if (done) this.#told.delete(transaction);
    return done;
  }

  /**
   * Aborts what is open in a log and in no transaction that the coordinator knows: a loss of power took the journal's
   * end, or an older version took records without a coordinator. Readers would wait for it forever.
   */
  async abortForgotten(transactions: Iterable<Transaction>): Promise<void> {
    const open = new Map<number, Transaction>();
    for (const transaction of transactions) {
      if (transaction.isOpen || transaction.isEnding) open.set(transaction.facts.producerId, transaction);
    }
    for (const partition of [...this.#options.topics.logged()]) {
      const { producers } = partition.openLog();
      for (const producerId of [...producers.open()]) {
        const { id, name } = partition.owner;
        if (open.get(producerId)?.has(id, partition.index)) continue;
        const producerEpoch = producers.get(producerId)?.epoch ?? 0;
        const message = `aborted a transaction of producer ${producerId} in ${name}-${partition.index}`;
        this.#options.report({ level: 'warn', message: `${message}: no coordinator knows of it` });
        const marker = { producerId, producerEpoch, commit: false };
        await this.#attempt(partition, new Set(), () => this.#mark(partition, marker));
      }
    }
  }

  /** The transaction's partitions that are still there. */
  *#partitions(transaction: Transaction): Iterable<Partition> {
    for (const [topicId, indexes] of transaction.partitions) {
      const topic = this.#options.topics.byId(topicId);
      for (const index of indexes) {
        const partition = topic?.partitions[index];
        if (partition !== undefined) yield partition;
      }
    }
  }

  async #mark(partition: Partition, marker: Marker): Promise<void> {
    const errorCode = await writeMarker(partition, marker, this.#options.platform.clock.now());
    if (errorCode === errorCodes.NONE) return;
    // Somebody ended it by hand with a newer epoch of the producer: there is nothing left to end.
    const { name } = partition.owner;
    const where = `${name}-${partition.index}`;
    const message = `producer ${marker.producerId} was fenced in ${where} before its transaction ended`;
    this.#options.report({ level: 'warn', message });
  }

  async #attempt<T extends Partition | string>(
    receiver: T,
    told: Set<Partition | string>,
    work: () => Promise<void>,
  ): Promise<boolean> {
    try {
      await work();
      told.add(receiver);
      return true;
    } catch (error) {
      if (typeof receiver !== 'string' && receiver.owner.deleted) return true;
      if (!isMillraceError(error)) throw error;
      const who = typeof receiver === 'string' ? `group ${receiver}` : `${receiver.owner.name}-${receiver.index}`;
      const message = `could not end a transaction in ${who}: ${messageOf(error)}; it is tried again`;
      this.#options.report({ level: 'warn', message });
      return false;
    }
  }
}
