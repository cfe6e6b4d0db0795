/** Partitions come to a consumer and go, and the user is told before or after. */
import type { Cluster } from '../cluster.ts';
import type { TopicPartition } from '../topic.ts';
import type { Arrivals } from './arrivals.ts';
import type { Committer } from './committer.ts';
import type { PartitionSet } from './partition-set.ts';
import { PartitionState } from './partition-state.ts';

export type PartitionsCallback = ((partitions: readonly TopicPartition[]) => void | Promise<void>) | undefined;

export interface OwnershipHost {
  /** Partitions were added or removed. */
  readonly changed: () => void;
  /** A callback of the user failed: that ends the user's loop, not the membership. */
  readonly failed: (error: Error) => void;
}

export class Ownership {
  readonly #cluster: Cluster;
  readonly #partitions: PartitionSet;
  readonly #arrivals: Arrivals;
  readonly #committer: Committer | undefined;
  readonly #host: OwnershipHost;

  constructor(
    cluster: Cluster,
    partitions: PartitionSet,
    arrivals: Arrivals,
    committer: Committer | undefined,
    host: OwnershipHost,
  ) {
    this.#cluster = cluster;
    this.#partitions = partitions;
    this.#arrivals = arrivals;
    this.#committer = committer;
    this.#host = host;
  }

  /** Takes partitions on as they are: they are read from now on. */
  take(states: readonly PartitionState[]): void {
    for (const state of states) {
      const known = this.#cluster.metadata.peek(state.topic);
      if (known !== undefined) state.learn(known);
    }
    this.#partitions.add(states);
    this.#host.changed();
  }

  /** Takes partitions on that the group gave, from where the group is in them. */
  async assign(partitions: readonly TopicPartition[], onAssigned: PartitionsCallback): Promise<void> {
    this.take(partitions.map(({ topic, partition }) => new PartitionState(topic, partition, 'committed')));
    await this.#tell(onAssigned, partitions);
  }

  /** Gives partitions up that are still owned, after the user was told and what is handled was committed. */
  async revoke(partitions: readonly TopicPartition[], onRevoked: PartitionsCallback): Promise<void> {
    await this.#tell(onRevoked, partitions);
    const states = partitions.flatMap((partition) => this.#partitions.get(partition) ?? []);
    await this.#committer?.tryCommitHandled(states);
    this.#remove(states);
  }

  /** Drops partitions that others may own already. */
  async lose(partitions: readonly TopicPartition[], onLost: PartitionsCallback): Promise<void> {
    await this.#tell(onLost, partitions);
    this.#remove(partitions.flatMap((partition) => this.#partitions.get(partition) ?? []));
  }

  #remove(states: readonly PartitionState[]): void {
    for (const state of states) {
      state.isOwned = false;
      this.#partitions.remove(state);
      this.#arrivals.drop(state);
    }
    this.#host.changed();
  }

  async #tell(callback: PartitionsCallback, partitions: readonly TopicPartition[]): Promise<void> {
    try {
      await callback?.(partitions);
    } catch (error) {
      this.#host.failed(error as Error);
    }
  }
}
