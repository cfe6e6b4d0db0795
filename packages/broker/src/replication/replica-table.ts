/**
 * The brokers of a cluster, which of them are down, and the partitions whose replicas are not as they were created.
 * Only the replication changes it.
 */
import type { Partition } from '../topics/partition.ts';
import { isAsCreated, newReplicaSet, type PartitionState, type ReplicaSet } from './partition-state.ts';

/** A broker as the replicas know it. */
export interface ReplicaBroker {
  readonly nodeId: number;
  readonly rack: string | null;
}

/** Why a broker is down: it was stopped, or the cluster was started without it. */
export type DownReason = 'stopped' | 'absent';

export class ReplicaTable {
  /** All brokers of the cluster by ascending node id, those that are down included. */
  readonly brokers: readonly ReplicaBroker[];
  /** Brokers that are down, by node id. */
  readonly down = new Map<number, DownReason>();
  /** Partitions that have a state. */
  readonly unusual = new Set<Partition>();
  #firstEpoch = 0;

  constructor(brokers: readonly ReplicaBroker[]) {
    this.brokers = [...brokers].sort((left, right) => left.nodeId - right.nodeId);
  }

  /** Leader epoch of the partitions without a state. */
  get firstEpoch(): number {
    return this.#firstEpoch;
  }

  /** Raises the leader epochs of all partitions by as much as the first one is to rise. */
  raiseEpochs(firstEpoch: number): void {
    const rise = firstEpoch - this.#firstEpoch;
    this.#firstEpoch = firstEpoch;
    for (const partition of this.unusual) {
      const { state } = partition;
      if (state !== undefined) partition.state = { ...state, leaderEpoch: state.leaderEpoch + rise };
    }
  }

  readonly isDown = (nodeId: number): boolean => this.down.has(nodeId);

  readonly isRunning = (nodeId: number): boolean => !this.down.has(nodeId);

  rackOf(nodeId: number): string | null {
    return this.brokers.find((broker) => broker.nodeId === nodeId)?.rack ?? null;
  }

  has(nodeId: number): boolean {
    return this.brokers.some((broker) => broker.nodeId === nodeId);
  }

  /** The state of a partition that is made with these replicas. */
  newState(partition: Partition, replicas: readonly number[]): PartitionState | undefined {
    if (this.down.size === 0) return undefined;
    const set = newReplicaSet(replicas, this.#firstEpoch, this.isDown);
    if (isAsCreated(set, this.#firstEpoch)) return undefined;
    this.unusual.add(partition);
    const behind = replicas.filter((nodeId) => !set.inSync.includes(nodeId));
    return stateOf(set, new Map(behind.map((nodeId) => [nodeId, 0])));
  }

  /** Gives a partition other replicas, or the same in another state. */
  set(partition: Partition, set: ReplicaSet, positions: Map<number, number>): void {
    const { leaderEpoch } = partition;
    partition.replicas = set.replicas;
    if (isAsCreated(set, this.#firstEpoch)) {
      partition.state = undefined;
      this.unusual.delete(partition);
    } else {
      partition.state = stateOf(set, positions);
      this.unusual.add(partition);
    }
    // Who waits for records is told to look for the new leader.
    if (partition.leaderEpoch !== leaderEpoch) partition.wake();
  }

  /** Forgets a partition whose topic is gone. */
  forget(partition: Partition): void {
    this.unusual.delete(partition);
  }
}

function stateOf(set: ReplicaSet, positions: Map<number, number>): PartitionState {
  const { leader, leaderEpoch, inSync, adding, removing } = set;
  return { leader, leaderEpoch, inSync, adding, removing, positions };
}
