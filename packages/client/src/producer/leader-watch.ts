/**
 * Queues whose partition's leader is unknown: asks for metadata, again and again with pauses, until it tells one. A
 * topic whose leader was told and could not be reached is not asked for again without a pause either.
 */
import { isMillraceError, messageOf, sleep } from '@millrace/base';
import { backoffMs } from '../backoff.ts';
import type { Cluster } from '../cluster.ts';
import type { TopicPartition } from '../topic.ts';

/** What is sent to a partition's leader. */
export interface LedQueue extends TopicPartition {
  /** Node id; -1 while unknown. */
  leader: number;
}

export class LeaderWatch<Queue extends LedQueue> {
  readonly #cluster: Cluster;
  readonly #signal: AbortSignal;
  readonly #found: (queue: Queue) => void;
  /** Waiting queues by topic; a topic is in it while it is asked for, and for a pause afterwards. */
  readonly #waiting = new Map<string, Set<Queue>>();

  /** `found` is called with each waiting queue once it has a leader. */
  constructor(cluster: Cluster, signal: AbortSignal, found: (queue: Queue) => void) {
    this.#cluster = cluster;
    this.#signal = signal;
    this.#found = found;
  }

  /** Looks for the leader of a queue that has something to send. */
  wait(queue: Queue): void {
    const queues = this.#waiting.get(queue.topic);
    if (queues !== undefined) {
      queues.add(queue);
      return;
    }
    this.#waiting.set(queue.topic, new Set([queue]));
    this.#look(queue.topic).catch((error: unknown) => {
      if (!this.#signal.aborted) throw error;
    });
  }

  async #look(topic: string): Promise<void> {
    const { platform, report } = this.#cluster.settings;
    const queues = this.#waiting.get(topic) as Set<Queue>;
    for (let attempts = 1; !this.#signal.aborted; attempts++) {
      try {
        await this.#cluster.metadata.refresh([topic]);
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        report({ level: 'warn', event: 'metadata_failed', message: messageOf(error), error });
      }
      const partitions = this.#cluster.metadata.peek(topic)?.partitions ?? [];
      const found: Queue[] = [];
      for (const queue of queues) {
        queue.leader = partitions[queue.partition]?.leader ?? -1;
        if (queue.leader >= 0) found.push(queue);
      }
      for (const queue of found) queues.delete(queue);
      for (const queue of found) this.#found(queue);
      await sleep(platform.timers, backoffMs(this.#cluster.settings, attempts, platform.randomness), this.#signal);
      if (queues.size === 0) {
        this.#waiting.delete(topic);
        return;
      }
    }
  }
}
