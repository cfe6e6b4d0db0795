/**
 * Lets replicas that are out of sync come nearer to their leaders as time passes. What binds is the broker's rate of
 * catching up and, for throttled replicas, the throttles of follower and leader (KIP-73); each is shared evenly by the
 * replicas that draw on it.
 */
import type { Partition } from '../topics/partition.ts';
import { bytesFrom, offsetAfter } from './log-distance.ts';
import { noLeader } from './partition-state.ts';
import type { ReplicaTable } from './replica-table.ts';

/** Bytes a second. */
export interface CatchUpRates {
  /** Of one broker, for all its replicas. */
  readonly broker: number;
  /** Of one broker's throttled followers together. */
  readonly follower: number;
  /** Of what one broker sends to throttled followers. */
  readonly leader: number;
}

/** Whether the replication of a partition to a follower is throttled, at each of its ends. */
export type ThrottleQuestion = (
  partition: Partition,
  leader: number,
  follower: number,
) => { readonly leader: boolean; readonly follower: boolean };

/** A replica on its way. */
interface Lagging {
  readonly partition: Partition;
  readonly nodeId: number;
  readonly budgets: readonly Budget[];
}

/** Bytes that may still be sent, and how many replicas still want some. */
interface Budget {
  left: number;
  claimants: number;
}

/** Replicas whose brokers run and that can follow a leader, but are not in sync. */
export function* laggingReplicas(table: ReplicaTable): Generator<{ partition: Partition; nodeId: number }> {
  for (const partition of table.unusual) {
    const { replicas, inSync, leader } = partition;
    if (leader === noLeader || inSync.length === replicas.length) continue;
    for (const nodeId of replicas) {
      if (!inSync.includes(nodeId) && table.isRunning(nodeId)) yield { partition, nodeId };
    }
  }
}

/** Where a replica is in its log: the high watermark if it is in sync, else the offset that it continues at. */
export function positionOf(partition: Partition, nodeId: number): number {
  const position = partition.state?.positions.get(nodeId);
  if (position === undefined) return partition.inSync.includes(nodeId) ? partition.highWatermark : 0;
  return Math.min(partition.highWatermark, Math.max(partition.startOffset, position));
}

/** Moves all replicas that lag on by `elapsedMs`. Answers those that have arrived, by partition. */
export function catchUp(
  table: ReplicaTable,
  elapsedMs: number,
  rates: CatchUpRates,
  throttled: ThrottleQuestion,
): Map<Partition, number[]> {
  const arrived = new Map<Partition, number[]>();
  for (const { partition, nodeId, budgets } of claims(table, elapsedMs / 1000, rates, throttled)) {
    let allowed = Number.POSITIVE_INFINITY;
    for (const budget of budgets) allowed = Math.min(allowed, budget.left / budget.claimants);
    const used = move(partition, nodeId, allowed);
    for (const budget of budgets) {
      budget.left = Math.max(0, budget.left - used);
      budget.claimants -= 1;
    }
    if (positionOf(partition, nodeId) < partition.highWatermark) continue;
    const known = arrived.get(partition);
    if (known === undefined) arrived.set(partition, [nodeId]);
    else known.push(nodeId);
  }
  return arrived;
}

function claims(table: ReplicaTable, seconds: number, rates: CatchUpRates, throttled: ThrottleQuestion): Lagging[] {
  const all = new Map<string, Budget>();
  const claim = (key: string, rate: number): Budget => {
    const budget = all.get(key) ?? { left: rate * seconds, claimants: 0 };
    budget.claimants += 1;
    all.set(key, budget);
    return budget;
  };
  return [...laggingReplicas(table)].map(({ partition, nodeId }) => {
    const { leader } = partition;
    const at = throttled(partition, leader, nodeId);
    const budgets = [claim(`broker ${nodeId}`, rates.broker)];
    if (at.follower) budgets.push(claim(`follower ${nodeId}`, rates.follower));
    if (at.leader) budgets.push(claim(`leader ${leader}`, rates.leader));
    return { partition, nodeId, budgets };
  });
}

/** Moves one replica on; answers the bytes that took. */
function move(partition: Partition, nodeId: number, bytesMax: number): number {
  const { log, state } = partition;
  if (log === undefined || state === undefined) return 0;
  const from = positionOf(partition, nodeId);
  const behind = bytesFrom(log, from);
  // Rounding must not leave it a fraction short.
  state.positions.set(nodeId, bytesMax >= behind ? log.highWatermark : offsetAfter(log, from, bytesMax));
  return Math.min(bytesMax, behind);
}
