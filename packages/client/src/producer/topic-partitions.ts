/**
 * The partitions of one topic, shared by all descriptors of that name: which there are, who leads them, and where the
 * next record without a key goes (one partition a batch, then another at random: KIP-480). Until they are known,
 * records wait in their order.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import type { HeaderInput } from '@millrace/wire';
import type { Cluster } from '../cluster.ts';
import { DeliveryError, InvalidOptionError, RecordTooLargeError, UnknownPartitionError } from '../errors.ts';
import type { TopicMetadata } from '../metadata/topic-metadata.ts';
import type { Accumulator } from './accumulator.ts';
import type { Deliveries } from './deliveries.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { SendWaiter } from './partition-batch.ts';
import { PartitionQueue } from './partition-queue.ts';
import { anyPartition, keyPartitioner } from './partitioner.ts';
import { asRecords, PendingRecords, sizeOf } from './pending-records.ts';
import type { ProducerSettings } from './producer-settings.ts';

/** What a batch with one record takes besides its key and value, at least. */
const overheadBytesMin = 68;

export interface TopicPartitionsParts {
  readonly cluster: Cluster;
  readonly settings: ProducerSettings;
  readonly accumulator: Accumulator;
  readonly deliveries: Deliveries;
  readonly budget: MemoryBudget;
  readonly signal: AbortSignal;
}

export class TopicPartitions {
  readonly #parts: TopicPartitionsParts;
  readonly #topic: string;
  readonly queues: PartitionQueue[] = [];
  readonly #pending = new PendingRecords();
  readonly #isDefaultPartitioner: boolean;
  #sticky: PartitionQueue | undefined;
  #loading: Promise<void> | undefined;

  constructor(topic: string, parts: TopicPartitionsParts) {
    this.#topic = topic;
    this.#parts = parts;
    this.#isDefaultPartitioner = parts.settings.partitioner === keyPartitioner;
  }

  /** Whether records wait until the topic's partitions are known. */
  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  /** Resolves when the topic's partitions are known, or can't be: records that waited have then failed. */
  async loaded(): Promise<void> {
    await this.#loading;
  }

  /** Takes a record into its partition's batch, or (false) among those that wait. Throws when it can't be accepted. */
  append(
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly HeaderInput[],
    partition: number,
    waiter: SendWaiter | undefined,
  ): boolean {
    if (this.queues.length === 0 || this.#loading !== undefined) {
      const { batchBytesMax } = this.#parts.settings;
      if (sizeOf(key) + sizeOf(value) + overheadBytesMin > batchBytesMax) {
        throw new RecordTooLargeError(this.#topic, batchBytesMax);
      }
      this.#loading ??= this.#load();
      this.#parts.budget.add(this.#pending.add({ timestamp, key, value, headers, partition, waiter }));
      return false;
    }
    const chosen = partition === anyPartition ? this.#choose(key) : this.#checked(partition);
    const { accumulator } = this.#parts;
    for (;;) {
      const queue = chosen === anyPartition ? this.#stickyQueue() : this.queues[chosen]!;
      if (accumulator.append(queue, timestamp, key, value, headers, waiter)) return true;
    }
  }

  /** Takes over newer knowledge. */
  update(metadata: TopicMetadata): void {
    for (const { partition, leader } of metadata.partitions) {
      const queue = this.queues[partition] ?? new PartitionQueue(this.#topic, partition);
      this.queues[partition] = queue;
      if (leader >= 0) queue.leader = leader;
    }
  }

  /** Asks for the topic's metadata anew when what is known is old: partitions may have been added. */
  refreshIfOld(): void {
    if (this.queues.length > 0 && this.#parts.cluster.metadata.isOld(this.#topic)) this.#refresh();
  }

  #choose(key: Uint8Array | string | null): number {
    if (key === null && this.#isDefaultPartitioner) return anyPartition;
    const count = this.queues.length;
    const chosen = this.#parts.settings.partitioner.partition(this.#topic, key, count);
    if (chosen >= anyPartition && chosen < count && Number.isInteger(chosen)) return chosen;
    throw new InvalidOptionError('partitioner', `chose ${chosen} for topic ${this.#topic} with ${count} partitions`);
  }

  #checked(partition: number): number {
    if (this.queues[partition] !== undefined) return partition;
    // It may have been added since: the next try shall know.
    this.#refresh();
    throw new UnknownPartitionError(this.#topic, partition, this.queues.length);
  }

  #stickyQueue(): PartitionQueue {
    if (this.#sticky?.open !== undefined) return this.#sticky;
    const { platform } = this.#parts.cluster.settings;
    const led = this.queues.filter(({ leader }) => leader >= 0);
    const from = led.length > 0 ? led : this.queues;
    // Not the same one twice, so that a steady trickle reaches all partitions.
    const others = from.length > 1 ? from.filter((queue) => queue !== this.#sticky) : from;
    this.#sticky = others[platform.randomness.integer(others.length)] as PartitionQueue;
    return this.#sticky;
  }

  #refresh(): void {
    const { cluster } = this.#parts;
    cluster.metadata.refresh([this.#topic]).catch((error: unknown) => {
      if (!isMillraceError(error)) throw error;
      cluster.settings.report({ level: 'warn', event: 'metadata_failed', message: messageOf(error), error });
    });
  }

  async #load(): Promise<void> {
    const { cluster, settings, signal } = this.#parts;
    try {
      const query = { timeoutMs: settings.deliveryTimeoutMs, signal };
      this.update(await cluster.metadata.topic(this.#topic, true, query));
      this.#loading = undefined;
      this.#release();
    } catch (error) {
      this.#loading = undefined;
      if (!isMillraceError(error)) throw error;
      this.#failPending(error);
    }
  }

  #release(): void {
    this.#parts.budget.release(this.#pending.bytes);
    for (const { timestamp, key, value, headers, partition, waiter } of this.#pending.take()) {
      try {
        this.append(timestamp, key, value, headers, partition, waiter);
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        const where = { topic: this.#topic, partition, recordCount: 1, maybeStored: false };
        const failure = new DeliveryError('delivery_failed', where, messageOf(error), error);
        this.#parts.deliveries.failedEarly(failure, waiter !== undefined);
        waiter?.reject(failure);
      }
    }
  }

  #failPending(error: Error): void {
    const { budget, settings, deliveries, cluster } = this.#parts;
    budget.release(this.#pending.bytes);
    const records = this.#pending.take();
    const where = { topic: this.#topic, partition: anyPartition, recordCount: records.length, maybeStored: false };
    const failure = new DeliveryError('delivery_failed', where, messageOf(error), error);
    const isTold = settings.onDelivery !== undefined || records.every(({ waiter }) => waiter !== undefined);
    deliveries.failedEarly(failure, isTold);
    for (const { waiter } of records) waiter?.reject(failure);
    deliveries.tell(() => ({
      topic: this.#topic,
      partition: anyPartition,
      baseOffset: -1,
      recordCount: records.length,
      sizeInBytes: 0,
      error: failure,
      begunAtMs: cluster.settings.platform.clock.monotonic(),
      records: () => asRecords(records),
    }));
  }
}
