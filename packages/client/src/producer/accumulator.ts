/**
 * Collects records into batches, directly in their final bytes, and decides when a batch has waited long enough. A
 * batch that is due stays open while its broker is busy, so batches grow under load.
 */
import { messageOf, type Platform, type Timer } from '@millrace/base';
import type { HeaderInput } from '@millrace/wire';
import { DeliveryError, RecordTooLargeError } from '../errors.ts';
import type { BuilderPool } from './builder-pool.ts';
import type { Deliveries } from './deliveries.ts';
import type { FlushBarriers } from './flush-barriers.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { PartitionBatch, type SendWaiter } from './partition-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { ProducerSettings } from './producer-settings.ts';

export interface AccumulatorParts {
  readonly platform: Platform;
  readonly settings: ProducerSettings;
  readonly budget: MemoryBudget;
  readonly builders: BuilderPool;
  readonly barriers: FlushBarriers;
  readonly deliveries: Deliveries;
  /** Told that a queue has something to send. */
  readonly offer: (queue: PartitionQueue) => void;
}

export class Accumulator {
  readonly #parts: AccumulatorParts;
  /** With more than one record a batch ends a little early, so that its buffer need not grow for the last one. */
  readonly #severalBytesMax: number;
  /** Open batches by age; some have been closed since. */
  #lingering: PartitionBatch[] = [];
  #soon = false;
  #timer: Timer | undefined;

  constructor(parts: AccumulatorParts) {
    this.#parts = parts;
    const { batchBytesMax } = parts.settings;
    this.#severalBytesMax = batchBytesMax - (batchBytesMax >>> 5);
  }

  /**
   * Appends a record to the queue's open batch, or answers false when that was full: it is then closed, and the next
   * call will find room. Throws `RecordTooLargeError` for a record that no batch can hold.
   */
  append(
    queue: PartitionQueue,
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly HeaderInput[],
    waiter: SendWaiter | undefined,
  ): boolean {
    const batch = queue.open ?? this.#open(queue);
    const builder = batch.builder!;
    const index = builder.recordCount;
    if (index > 0) {
      if (!builder.tryAppend(this.#severalBytesMax, timestamp, key, value, headers)) {
        this.close(queue);
        this.#parts.offer(queue);
        return false;
      }
    } else this.#appendFirst(batch, timestamp, key, value, headers);
    if (builder.capacity !== batch.countedBytes) this.#count(batch, builder.capacity);
    if (waiter !== undefined) {
      waiter.index = index;
      if (batch.waiters === undefined) batch.waiters = [waiter];
      else batch.waiters.push(waiter);
    }
    return true;
  }

  /** Ends the queue's open batch, if it has one; compressing begins. */
  close(queue: PartitionQueue): void {
    const batch = queue.open;
    if (batch === undefined) return;
    const builder = batch.builder!;
    queue.open = undefined;
    queue.openIsDue = false;
    queue.capacityHint = Math.min(builder.capacity, this.#parts.settings.batchBytesMax);
    queue.closed.push(batch);
    if (this.#parts.settings.compression !== 'none') this.#compress(batch);
  }

  /** Makes all open batches due at once. */
  hurry(): void {
    const lingering = this.#lingering;
    this.#lingering = [];
    for (const batch of lingering) this.#makeDue(batch);
  }

  /** Splits a batch that was too large for the broker into two, which take its place in the queue. */
  split(batch: PartitionBatch): void {
    const { queue } = batch;
    const half = Math.ceil(batch.recordCount / 2);
    const parts = [
      this.#part(batch, batch.order),
      this.#part(batch, batch.order + 0.5 ** (batch.splitDepth + 1)),
    ] as const;
    let index = 0;
    for (const record of batch.records()) {
      const part = index < half ? parts[0] : parts[1];
      part.builder!.append(record.timestamp, record.key, record.value, record.headers);
      index++;
    }
    for (const waiter of batch.waiters ?? []) {
      const part = waiter.index < half ? parts[0] : parts[1];
      if (waiter.index >= half) waiter.index -= half;
      part.waiters ??= [];
      part.waiters.push(waiter);
    }
    for (const part of parts) {
      part.maybeStored = batch.maybeStored;
      this.#count(part, part.builder!.capacity);
      queue.putBack(part);
      if (this.#parts.settings.compression !== 'none') this.#compress(part);
    }
    this.#parts.deliveries.discard(batch);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#lingering = [];
  }

  #appendFirst(
    batch: PartitionBatch,
    timestamp: number,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    headers: readonly HeaderInput[],
  ): void {
    const { batchBytesMax } = this.#parts.settings;
    let appended = false;
    try {
      appended = batch.builder!.tryAppend(batchBytesMax, timestamp, key, value, headers);
      if (!appended) throw new RecordTooLargeError(batch.queue.topic, batchBytesMax);
    } finally {
      if (!appended) {
        batch.queue.open = undefined;
        this.#parts.deliveries.discard(batch);
      }
    }
  }

  #part(whole: PartitionBatch, order: number): PartitionBatch {
    const { serial, createdAt, queue } = whole;
    const splitDepth = whole.splitDepth + 1;
    this.#parts.barriers.split(serial);
    return new PartitionBatch(
      queue,
      { serial, order, splitDepth, createdAt },
      this.#parts.builders.take(whole.sizeInBytes),
    );
  }

  #open(queue: PartitionQueue): PartitionBatch {
    const { platform, barriers, builders, settings } = this.#parts;
    const serial = barriers.begin();
    const createdAt = platform.clock.monotonic();
    // Where many partitions share the memory, each begins small: what a batch reserves and does not fill, others lack.
    const share = settings.bufferBytesMax / (4 * barriers.unfinished);
    const builder = builders.take(Math.min(queue.capacityHint, share));
    const batch = new PartitionBatch(queue, { serial, order: serial, splitDepth: 0, createdAt }, builder);
    this.#count(batch, batch.builder!.capacity);
    queue.open = batch;
    queue.openIsDue = false;
    this.#lingering.push(batch);
    if (settings.lingerMs > 0) this.#scheduleLinger();
    else if (!this.#soon) {
      this.#soon = true;
      platform.timers.soon(() => {
        this.#soon = false;
        this.hurry();
      });
    }
    return batch;
  }

  #scheduleLinger(): void {
    if (this.#timer !== undefined) return;
    // Closed batches are dropped here, so that the list does not grow.
    let gone = 0;
    while (gone < this.#lingering.length && !this.#isOpen(this.#lingering[gone] as PartitionBatch)) gone++;
    if (gone > 0) this.#lingering.splice(0, gone);
    const oldest = this.#lingering[0];
    if (oldest === undefined) return;
    const { platform, settings } = this.#parts;
    const waitMs = oldest.createdAt + settings.lingerMs - platform.clock.monotonic();
    this.#timer = platform.timers.after(Math.max(0, Math.ceil(waitMs)), () => {
      this.#timer = undefined;
      this.#linger();
    });
  }

  #linger(): void {
    const { platform, settings } = this.#parts;
    const dueBefore = platform.clock.monotonic() - settings.lingerMs;
    let count = 0;
    while (count < this.#lingering.length && (this.#lingering[count] as PartitionBatch).createdAt <= dueBefore) count++;
    for (const batch of this.#lingering.splice(0, count)) this.#makeDue(batch);
    this.#scheduleLinger();
  }

  #makeDue(batch: PartitionBatch): void {
    if (!this.#isOpen(batch)) return;
    batch.queue.openIsDue = true;
    this.#parts.offer(batch.queue);
  }

  #isOpen(batch: PartitionBatch): boolean {
    return batch.queue.open === batch;
  }

  #count(batch: PartitionBatch, bytes: number): void {
    this.#parts.budget.add(bytes - batch.countedBytes);
    batch.countedBytes = bytes;
  }

  #compress(batch: PartitionBatch): void {
    const { settings, builders, budget, deliveries, offer } = this.#parts;
    const { compression, compressionLevel } = settings;
    const transactional = settings.transactionalId !== undefined;
    batch.compressing = true;
    batch.builder!.buildAsync({ compression, level: compressionLevel, transactional }).then(
      (encoded) => {
        builders.give(batch.setEncoded(encoded));
        const freed = batch.countedBytes - encoded.length;
        batch.countedBytes = encoded.length;
        budget.release(freed);
        offer(batch.queue);
      },
      (error: unknown) => {
        batch.compressing = false;
        const { queue, recordCount } = batch;
        queue.closed.splice(queue.closed.indexOf(batch), 1);
        const where = { topic: queue.topic, partition: queue.partition, recordCount, maybeStored: false };
        deliveries.failed(batch, new DeliveryError('delivery_failed', where, messageOf(error), error));
        offer(queue);
      },
    );
  }
}
