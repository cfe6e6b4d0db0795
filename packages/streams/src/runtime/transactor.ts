/**
 * Everything that a process of a job writes to Kafka, and the transactions that it belongs to. With `at_least_once`
 * there are none: a commit waits until all is stored, then commits the offsets.
 *
 * A producer that is of no use any more is replaced by one of the same transactional id, which fences the first.
 */
import { isMillraceError } from '@millrace/base';
import type {
  Client,
  Consumer,
  Delivery,
  GroupOffsets,
  Producer,
  ProducerOptions,
  ProducerRecord,
  Transaction,
} from '@millrace/client';
import type { OutgoingRecord } from '../task/operator-context.ts';

export interface TransactorOptions {
  readonly client: Client;
  /** Undefined: no transactions. */
  readonly transactionalId: string | undefined;
  readonly producer: ProducerOptions;
}

export class Transactor {
  readonly #options: TransactorOptions;
  /** The offset behind what was last stored, by topic and partition, of topics that `watches` names. */
  readonly #ends = new Map<string, number>();
  #watches: (topic: string) => boolean = () => false;
  #producer: Producer;
  #transaction: Transaction | undefined;
  #isOpen = false;
  #isFull = false;
  #isInDoubt = false;
  #failure: Error | undefined;
  #hasWritten = false;

  constructor(options: TransactorOptions) {
    this.#options = options;
    this.#producer = this.#makeProducer();
  }

  /** Whether something may have been written or read that is not committed. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether whoever writes should wait for `whenRoom` now. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether records were written since the last commit. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Whether the cluster was asked to commit what is open, and nobody knows whether it did. Until `abort`. */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /** Remembers the ends of the topics for which this answers true. */
  watch(watches: (topic: string) => boolean): void {
    this.#watches = watches;
  }

  /** The offset behind what was last stored in a watched partition; undefined when nothing was. */
  endOf(topic: string, partition: number): number | undefined {
    return this.#ends.get(`${topic} ${partition}`);
  }

  /** Begins a transaction, unless one is open. */
  async begin(): Promise<void> {
    if (this.#isOpen) return;
    if (this.#options.transactionalId !== undefined) this.#transaction = await this.#producer.begin();
    this.#isOpen = true;
  }

  /** Writes a record, in the open transaction. Throws as the producer's `write` does. */
  write(record: OutgoingRecord): void {
    this.#hasWritten = true;
    if (!this.#producer.write(record as ProducerRecord)) this.#isFull = true;
  }

  async whenRoom(): Promise<void> {
    await this.#producer.ready();
    this.#isFull = false;
  }

  /**
   * Makes visible what was written, together with the offsets, by which the group refuses what an expelled member has
   * made: some belong to all that is written. Rejects when nothing of it is visible, or nobody knows (`isInDoubt`).
   */
  async commit(consumer: Consumer, offsets: GroupOffsets['offsets']): Promise<void> {
    if (this.#transaction === undefined) {
      await this.#producer.flush();
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure !== undefined) throw failure;
      if (offsets.length > 0) await consumer.commit(offsets);
    } else {
      const groupOffsets = (): GroupOffsets => ({ ...consumer.groupOffsets(), offsets });
      if (offsets.length > 0) {
        await this.#transaction.sendOffsets({ groupOffsets, offsetsSettled: () => undefined });
      }
      this.#isInDoubt = true;
      // By then the cluster has aborted what it was not asked to commit.
      await this.#transaction.commit({ timeoutMs: this.#options.producer.transactionTimeoutMs });
    }
    this.#ended();
  }

  /**
   * Drops what was written since the last commit; replaces the producer where that is the only way. What was in doubt
   * is committed or not, as the coordinator has decided: the group's stable offsets tell.
   */
  async abort(): Promise<void> {
    const transaction = this.#transaction;
    this.#ended();
    this.#failure = undefined;
    if (this.#options.transactionalId === undefined) return;
    try {
      await transaction?.abort();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      if (error.code === 'transaction_abortable') return;
      await this.#producer.close({ signal: AbortSignal.abort() }).catch(() => undefined);
      this.#producer = this.#makeProducer();
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  /** Has nobody wait for the cluster any longer: what is under way fails. */
  async letGo(): Promise<void> {
    await this.#producer.close({ signal: AbortSignal.abort() }).catch(() => undefined);
  }

  #ended(): void {
    this.#transaction = undefined;
    this.#isOpen = false;
    this.#isFull = false;
    this.#isInDoubt = false;
    this.#hasWritten = false;
  }

  #makeProducer(): Producer {
    const { client, transactionalId, producer } = this.#options;
    return client.producer({ ...producer, transactionalId, observe: (delivery) => this.#delivered(delivery) });
  }

  #delivered({ topic, partition, baseOffset, recordCount, error }: Delivery): void {
    if (error !== undefined) this.#failure ??= error;
    else if (!this.#watches(topic)) return;
    // The broker knows it to be stored, and not where: the position on disk stays where it was.
    else if (baseOffset < 0) this.#ends.delete(`${topic} ${partition}`);
    else this.#ends.set(`${topic} ${partition}`, baseOffset + recordCount);
  }
}
