/**
 * Deletes what was read and committed of repartition topics, whose retention is without end: nobody else reads them.
 * What could not be deleted is the next time.
 */
import { isMillraceError } from '@millrace/base';
import type { Client, TopicPartitionOffset } from '@millrace/client';
import type { TaskRun } from './task-run.ts';

export interface PurgeOptions {
  readonly client: Client;
  readonly topics: ReadonlySet<string>;
  readonly intervalMs: number;
  readonly monotonic: () => number;
}

export class RepartitionPurge {
  readonly #options: PurgeOptions;
  /** Offsets up to which it was done, by topic and partition. */
  readonly #done = new Map<string, number>();
  #dueAt: number;
  #purging: Promise<void> | undefined;

  constructor(options: PurgeOptions) {
    this.#options = options;
    this.#dueAt = options.monotonic() + options.intervalMs;
  }

  /** What the tasks had read was committed. Work goes on meanwhile. */
  committed(runs: readonly TaskRun[]): void {
    const { topics, intervalMs, monotonic } = this.#options;
    if (topics.size === 0 || this.#purging !== undefined || monotonic() < this.#dueAt) return;
    this.#dueAt = monotonic() + intervalMs;
    const before: TopicPartitionOffset[] = [];
    for (const { topic, partition, base } of runs.flatMap(({ inputs }) => inputs)) {
      if (base === undefined || !topics.has(topic) || base <= (this.#done.get(`${topic} ${partition}`) ?? 0)) continue;
      before.push({ topic, partition, offset: base });
    }
    if (before.length === 0) return;
    this.#purging = this.#purge(before).finally(() => {
      this.#purging = undefined;
    });
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    await this.#purging;
  }

  async #purge(before: readonly TopicPartitionOffset[]): Promise<void> {
    try {
      await using admin = this.#options.client.admin();
      for (const each of await admin.deleteRecords(before)) {
        if (each.error === undefined) this.#done.set(`${each.topic} ${each.partition}`, each.lowWatermark);
      }
    } catch (error) {
      if (!isMillraceError(error)) throw error;
    }
  }
}
