/**
 * What a partition's replicas are at: who leads, who is in sync, what a reassignment adds and removes. Most partitions
 * are as they were created, with all replicas in sync and the first one leading; they keep no state at all.
 *
 * Invariants
 * - `leader` is -1 or one of `inSync`, and its broker runs.
 * - `inSync` is a subset of the replicas and never empty. While a partition is offline it is the last one it had.
 * - `leaderEpoch` grows with every change of leader, when a replica is taken away, and with each start of the cluster,
 *   which may have lost the ends of logs: all partitions together then.
 */

/** Nobody leads. */
export const noLeader = -1;

/** A partition's replicas and what they are at. */
export interface ReplicaSet {
  /** Node ids, the preferred leader first; those that a reassignment removes last. */
  readonly replicas: readonly number[];
  readonly leader: number;
  readonly leaderEpoch: number;
  /** In the order of the replicas. */
  readonly inSync: readonly number[];
  /** Replicas that were not there before the reassignment under way. */
  readonly adding: readonly number[];
  /** Replicas that go when the reassignment under way is done. */
  readonly removing: readonly number[];
}

export interface PartitionState extends Omit<ReplicaSet, 'replicas'> {
  /**
   * How far each replica that is not in sync has the log, by node id: the offset it continues at, with fractions,
   * since it progresses by bytes. Moves between entries of the journal, which therefore may know an older place.
   */
  readonly positions: Map<number, number>;
}

/**
 * Replicas as they are at when a partition is new, with the leader epoch that all begin with. `isDown` tells brokers
 * that can't take part.
 */
export function newReplicaSet(
  replicas: readonly number[],
  leaderEpoch: number,
  isDown: (nodeId: number) => boolean,
): ReplicaSet {
  const up = replicas.filter((nodeId) => !isDown(nodeId));
  const inSync = up.length === replicas.length || up.length === 0 ? replicas : up;
  return { replicas, leader: up[0] ?? noLeader, leaderEpoch, inSync, adding: [], removing: [] };
}

/** Whether this is what a partition without state means, of which all have the same leader epoch. */
export function isAsCreated(
  { replicas, leader, leaderEpoch, inSync, adding, removing }: ReplicaSet,
  firstEpoch: number,
): boolean {
  return (
    leaderEpoch === firstEpoch &&
    leader === (replicas[0] ?? noLeader) &&
    inSync.length === replicas.length &&
    adding.length === 0 &&
    removing.length === 0
  );
}
