/**
 * Tells the coordinator of a transaction's partitions before their first batches go out, where brokers don't add them
 * by themselves (transactions of the first kind): those that are wanted in one turn of the event loop together, one
 * request at a time.
 */
import { isMillraceError, type MillraceError, type Timer, type Timers } from '@millrace/base';
import type { PartitionQueue } from './partition-queue.ts';

export interface PartitionAdderHost {
  /** Adds partitions to the transaction that is open. */
  readonly add: (queues: readonly PartitionQueue[]) => Promise<void>;
  /** These may be sent to now. */
  readonly added: (queues: readonly PartitionQueue[]) => void;
  readonly failed: (error: MillraceError) => void;
}

export class PartitionAdder {
  readonly #timers: Timers;
  readonly #host: PartitionAdderHost;
  readonly #added = new Set<PartitionQueue>();
  readonly #wanted = new Set<PartitionQueue>();
  #timer: Timer | undefined;
  #adding: Promise<void> | undefined;

  constructor(timers: Timers, host: PartitionAdderHost) {
    this.#timers = timers;
    this.#host = host;
  }

  /** Whether the partition is in the transaction; if not it will be. */
  require(queue: PartitionQueue): boolean {
    if (this.#added.has(queue)) return true;
    this.#wanted.add(queue);
    this.#timer ??= this.#timers.after(0, () => {
      this.#timer = undefined;
      this.#go();
    });
    return false;
  }

  /** Wants nothing more, and resolves when no request is under way. */
  async stop(): Promise<void> {
    this.#wanted.clear();
    await this.#adding;
  }

  /** Another transaction begins: nothing is in it. */
  begin(): void {
    this.#wanted.clear();
    this.#added.clear();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#wanted.clear();
  }

  #go(): void {
    if (this.#adding !== undefined || this.#wanted.size === 0) return;
    const queues = [...this.#wanted];
    this.#wanted.clear();
    this.#adding = this.#host.add(queues).then(
      () => {
        this.#adding = undefined;
        for (const queue of queues) this.#added.add(queue);
        this.#host.added(queues);
        this.#go();
      },
      (error: unknown) => {
        this.#adding = undefined;
        if (!isMillraceError(error)) throw error;
        this.#host.failed(error);
      },
    );
  }
}
