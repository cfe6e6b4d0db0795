/** A cluster as it is known, with what the next look at it is compared with. */
import type { ObservedCluster } from '../inventory.ts';
import type { ClusterShape } from '../observe/observation.ts';

export interface KnownCluster {
  readonly observed: ObservedCluster;
  /** Undefined while it has never been reached. */
  readonly shape: ClusterShape | undefined;
  /** What rates are reckoned from. */
  readonly base: RateBase | undefined;
  /** Bytes of leaders' logs by topic, at the last look. */
  readonly leaderBytes: ReadonlyMap<string, number>;
}

export interface RateBase {
  /** Monotonic, in ms. */
  readonly at: number;
  readonly endOffsets: ReadonlyMap<string, readonly number[]>;
  readonly leaderBytes: ReadonlyMap<string, number>;
}

/** One that has never been seen. */
export function unknownCluster(name: string): KnownCluster {
  const empty = { brokers: [], topics: new Map(), groups: new Map(), producers: new Map() };
  const observed = { name, observedAt: null, stale: true, clusterId: null, controllerId: -1, ...empty };
  return { observed, shape: undefined, base: undefined, leaderBytes: new Map() };
}

/** The same after a look that failed: stale, with its problem. */
export function unreached(known: KnownCluster, problem: string): KnownCluster {
  return { ...known, observed: { ...known.observed, stale: true, problem }, base: undefined };
}
