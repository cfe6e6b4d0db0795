/** Gives up what a queue holds and has not sent: all of it, or what has waited too long. */
import type { Accumulator } from './accumulator.ts';
import type { Deliveries } from './deliveries.ts';
import { given, timedOut } from './delivery-failures.ts';
import type { PartitionBatch } from './partition-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { lastAttemptMs } from './producer-settings.ts';

export class QueueFailures {
  readonly #accumulator: Accumulator;
  readonly #deliveries: Deliveries;

  constructor(accumulator: Accumulator, deliveries: Deliveries) {
    this.#accumulator = accumulator;
    this.#deliveries = deliveries;
  }

  /**
   * What has too little left of its time to be worth sending: it would fail all the same, and then nobody could tell
   * whether it is stored. `now`: monotonic, in ms.
   */
  expire(queue: PartitionQueue, now: number, deliveryTimeoutMs: number): void {
    const expired = now - deliveryTimeoutMs + lastAttemptMs(deliveryTimeoutMs) / 2;
    // Older ones come first, and those that are open last.
    if (((queue.closed[0] ?? queue.open)?.createdAt ?? now) > expired) return;
    // A batch that no broker has ever taken is still open.
    if (queue.open !== undefined && queue.open.createdAt <= expired) this.#accumulator.close(queue);
    for (let i = queue.closed.length - 1; i >= 0; i--) {
      const batch = queue.closed[i] as PartitionBatch;
      if (batch.createdAt > expired || batch.compressing) continue;
      queue.closed.splice(i, 1);
      this.#deliveries.failed(batch, timedOut(batch, deliveryTimeoutMs));
    }
  }

  /** Everything; batches that are being compressed are offered once that is done, and fail then. */
  failAll(queue: PartitionQueue, error: Error): void {
    this.#accumulator.close(queue);
    for (const batch of queue.closed.filter(({ compressing }) => !compressing)) {
      queue.closed.splice(queue.closed.indexOf(batch), 1);
      this.#deliveries.failed(batch, given(batch, error));
    }
  }
}
