/**
 * How a partition's replicas change, by the rules of Apache Kafka's controller without eligible leader replicas: a
 * reassignment completes, a leader is elected, the leader epoch grows. Pure functions.
 */
import { noLeader, type ReplicaSet } from './partition-state.ts';

/**
 * `online` keeps a leader that can stay and else takes the first replica in sync; `preferred` takes the first replica
 * if that is in sync; `unclean` is `online`, but takes a replica out of sync before it leaves the partition offline.
 */
export type Election = 'online' | 'preferred' | 'unclean';

/** What is wanted of the replicas; what is absent stays. */
export type Wanted = Partial<Pick<ReplicaSet, 'replicas' | 'inSync' | 'adding' | 'removing'>>;

/** The replicas after a change. `isRunning` tells whose broker can lead and be in sync. */
export function changedReplicas(
  present: ReplicaSet,
  wanted: Wanted,
  election: Election,
  isRunning: (nodeId: number) => boolean,
): ReplicaSet {
  const set = completed({ ...present, ...wanted }, isRunning);
  const inSync = inOrder(set.replicas, set.inSync.filter(isRunning));
  const leader = electedLeader({ ...set, inSync }, present.leader, election, isRunning);
  const lost = present.replicas.some((nodeId) => !set.replicas.includes(nodeId));
  return {
    ...set,
    leader,
    leaderEpoch: present.leaderEpoch + (leader !== present.leader || lost ? 1 : 0),
    // Of a partition that went offline the last ones in sync stay known: they have all records.
    inSync: leader === noLeader ? lastInSync(set, present) : inSync.includes(leader) ? inSync : [leader],
  };
}

/**
 * The reassignment that leads to `target`. One that is under way is taken over: cancelling then still leads back to
 * the replicas before the first of them.
 */
export function reassignment(present: ReplicaSet, target: readonly number[]): Wanted {
  const removing = present.replicas.filter((nodeId) => !target.includes(nodeId)).sort((left, right) => left - right);
  const replicas = [...target, ...removing];
  const original = present.replicas.filter((nodeId) => !present.adding.includes(nodeId));
  const adding = replicas.filter((nodeId) => !original.includes(nodeId)).sort((left, right) => left - right);
  return { replicas, adding, removing };
}

/** What takes a reassignment back; undefined when only replicas that it added are in sync. */
export function revertedReassignment(present: ReplicaSet, allowUnclean: boolean): Wanted | undefined {
  const isOriginal = (nodeId: number): boolean => !present.adding.includes(nodeId);
  const replicas = present.replicas.filter(isOriginal);
  const inSync = present.inSync.filter(isOriginal);
  if (inSync.length === 0 && !allowUnclean) return undefined;
  return { replicas, inSync: inSync.length > 0 ? inSync : replicas.slice(0, 1), adding: [], removing: [] };
}

/** Finishes the reassignment, if one is under way and all replicas that stay are in sync. */
function completed(set: ReplicaSet, isRunning: (nodeId: number) => boolean): ReplicaSet {
  const { adding, removing } = set;
  if (adding.length === 0 && removing.length === 0) return set;
  const replicas = set.replicas.filter((nodeId) => !removing.includes(nodeId));
  const isDone = replicas.every((nodeId) => set.inSync.includes(nodeId) && isRunning(nodeId));
  if (!isDone || replicas.length === 0) return set;
  return { ...set, replicas, inSync: replicas, adding: [], removing: [] };
}

function electedLeader(
  { replicas, inSync }: ReplicaSet,
  current: number,
  election: Election,
  isRunning: (nodeId: number) => boolean,
): number {
  const [preferred] = replicas;
  if (election === 'preferred' && preferred !== undefined && inSync.includes(preferred)) return preferred;
  if (inSync.includes(current)) return current;
  const [first] = inSync;
  if (first !== undefined) return first;
  return (election === 'unclean' ? replicas.find(isRunning) : undefined) ?? noLeader;
}

function lastInSync(set: ReplicaSet, present: ReplicaSet): readonly number[] {
  const last = set.inSync.length > 0 ? set.inSync : present.inSync;
  const kept = inOrder(set.replicas, last);
  return kept.length > 0 ? kept : set.replicas.slice(0, 1);
}

/** `nodeIds` in the order of `replicas`; those that are no replicas are left out. */
function inOrder(replicas: readonly number[], nodeIds: readonly number[]): readonly number[] {
  const kept = replicas.filter((nodeId) => nodeIds.includes(nodeId));
  return kept.length === replicas.length ? replicas : kept;
}
