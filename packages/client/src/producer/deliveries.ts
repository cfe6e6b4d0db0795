/**
 * What happens when a batch is finished: promises of `send` settle, `onDelivery` is told, memory becomes free, flushes
 * go on. A failure that neither of them took is kept for the next `flush` or `close`.
 */
import type { DeliveryError } from '../errors.ts';
import type { Delivery } from '../producer.ts';
import type { BuilderPool } from './builder-pool.ts';
import type { FlushBarriers } from './flush-barriers.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PartitionBatch } from './partition-batch.ts';
import type { ProducerSettings } from './producer-settings.ts';

export class Deliveries {
  readonly #settings: ProducerSettings;
  readonly #budget: MemoryBudget;
  readonly #builders: BuilderPool;
  readonly #barriers: FlushBarriers;
  readonly #onFailed: ((batch: PartitionBatch | undefined, error: DeliveryError) => void) | undefined;
  #unreported: DeliveryError | undefined;

  /**
   * `onFailed` is told of each batch that fails, and (undefined) of records that never came into one; then whoever it
   * tells reports failures, and `flush` does not.
   */
  constructor(
    settings: ProducerSettings,
    budget: MemoryBudget,
    builders: BuilderPool,
    barriers: FlushBarriers,
    onFailed?: (batch: PartitionBatch | undefined, error: DeliveryError) => void,
  ) {
    this.#onFailed = onFailed;
    this.#settings = settings;
    this.#budget = budget;
    this.#builders = builders;
    this.#barriers = barriers;
  }

  /** `baseOffset` is -1 when nobody told it; `appendedAt` the broker's time (ms since 1970), or -1. */
  succeeded(batch: PartitionBatch, baseOffset: number, appendedAt: number): void {
    const { topic, partition } = batch.queue;
    for (const { index, timestamp, resolve } of batch.waiters ?? []) {
      const offset = baseOffset < 0 ? -1 : baseOffset + index;
      resolve({ topic, partition, offset, timestamp: appendedAt < 0 ? timestamp : appendedAt });
    }
    this.#finish(batch, baseOffset, undefined);
  }

  failed(batch: PartitionBatch, error: DeliveryError): void {
    const waiters = batch.waiters ?? [];
    this.#onFailed?.(batch, error);
    for (const { reject } of waiters) reject(error);
    if (this.#settings.onDelivery === undefined && waiters.length < batch.recordCount) this.#noteUnreported(error);
    this.#finish(batch, -1, error);
  }

  /** Records failed before they came into a batch. `isTold`: promises or `onDelivery` told of all of them. */
  failedEarly(error: DeliveryError, isTold: boolean): void {
    this.#onFailed?.(undefined, error);
    if (!isTold) this.#noteUnreported(error);
  }

  /** Keeps a failure that nobody was told of; only the first one, since the rest mostly has the same reason. */
  #noteUnreported(error: DeliveryError): void {
    if (this.#onFailed !== undefined) return;
    this.#unreported ??= error;
  }

  /** Throws the failure that nobody was told of, once. */
  throwUnreported(): void {
    const error = this.#unreported;
    this.#unreported = undefined;
    if (error !== undefined) throw error;
  }

  #finish(batch: PartitionBatch, baseOffset: number, error: DeliveryError | undefined): void {
    this.tell(() => ({
      topic: batch.queue.topic,
      partition: batch.queue.partition,
      baseOffset,
      recordCount: batch.recordCount,
      sizeInBytes: batch.sizeInBytes,
      error,
      begunAtMs: batch.createdAt,
      records: () => batch.records(),
    }));
    this.discard(batch);
  }

  /** Tells who wants to know; the delivery is made only for them. */
  tell(make: () => Delivery): void {
    const { observe, onDelivery } = this.#settings;
    if (observe === undefined && onDelivery === undefined) return;
    const delivery = make();
    observe?.(delivery);
    onDelivery?.(delivery);
  }

  /** Lets go of a batch without a word: it was empty, or its halves took its place. */
  discard(batch: PartitionBatch): void {
    const { builder } = batch;
    batch.builder = undefined;
    batch.encoded = undefined;
    if (builder !== undefined) this.#builders.give(builder);
    this.#barriers.finish(batch.serial);
    this.#budget.release(batch.countedBytes);
    batch.countedBytes = 0;
  }
}
