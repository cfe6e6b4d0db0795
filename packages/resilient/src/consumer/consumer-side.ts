/** A plain consumer on one cluster, as one of the two sides of a switch. It joins its group with the first loop. */
import { type Consumer, type GroupConsumerOptions, type TopicLike, unwrap } from '@millrace/client';
import type { ClientLease, ClusterClients } from '../clients/cluster-clients.ts';
import type { Target } from '../clients/target.ts';

const probeTimeoutMs = 5_000;

export class ConsumerSide<T extends TopicLike> {
  readonly target: Target;
  readonly consumer: Consumer<T>;
  readonly #lease: ClientLease;
  readonly #topics: readonly string[];
  #closed: Promise<void> | undefined;

  /** `own` is what the program says itself, which counts more than the answer. @throws InvalidOptionError */
  constructor(clients: ClusterClients, target: Target, topics: readonly string[], own: GroupConsumerOptions) {
    const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    this.target = target;
    this.#topics = topics;
    this.#lease = clients.acquire(target);
    try {
      const options = { ...target.consumer, ...given } as GroupConsumerOptions;
      this.consumer = this.#lease.client.consumer(options) as unknown as Consumer<T>;
    } catch (error) {
      void this.#lease.release();
      throw error;
    }
  }

  /** Resolves once the cluster answers and knows the topics. Rejects with what is in the way. */
  async reach(signal: AbortSignal): Promise<void> {
    const admin = this.#lease.client.admin();
    try {
      unwrap(await admin.describeTopics(this.#topics, { timeoutMs: probeTimeoutMs, signal }));
    } finally {
      await admin.close();
    }
  }

  /** Commits what is handled, leaves the group. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.consumer.close();
    } finally {
      await this.#lease.release();
    }
  }
}
