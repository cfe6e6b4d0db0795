/** What a seed of the relay is to be like. */
import { type Randomness, seededRandomness } from '@millrace/base';
import type { ClusterPlan } from '../oracle/sim-cluster.ts';

export type ClusterName = 'east' | 'west';

export interface RelayScenario {
  readonly seed: number;
  readonly clusters: Readonly<Record<ClusterName, ClusterPlan>>;
  readonly partitions: number;
  /** What lies before the group's first record on each cluster, by partition: so offsets differ. */
  readonly before: Readonly<Record<ClusterName, readonly number[]>>;
  /** Records that are written to a partition at once, at most. */
  readonly recordsMax: number;
  /** Mean time between two of the mover's deeds. */
  readonly pauseMs: number;
  /** How many of its deeds in a hundred move the topics. */
  readonly moveShare: number;
  /** How long the program lives, at most. */
  readonly lifeMsMax: number;
  readonly drainTimeoutMs: number;
  readonly troubleMs: number;
  readonly calmMs: number;
}

export function relayScenarioOf(seed: number): RelayScenario {
  const randomness = seededRandomness(seed);
  const partitions = 1 + randomness.integer(3);
  const before = (): number[] => Array.from({ length: partitions }, () => 1 + randomness.integer(30));
  return {
    seed,
    partitions,
    clusters: { east: clusterPlan(randomness), west: clusterPlan(randomness) },
    before: { east: before(), west: before() },
    recordsMax: 1 + randomness.integer(20),
    pauseMs: 20 + randomness.integer(400),
    moveShare: 10 + randomness.integer(50),
    lifeMsMax: 500 + randomness.integer(20_000),
    drainTimeoutMs: randomness.integer(2) === 0 ? 600_000 : 50 + randomness.integer(2000),
    troubleMs: 3000 + randomness.integer(6000),
    calmMs: 100 + randomness.integer(800),
  };
}

function clusterPlan(randomness: Randomness): ClusterPlan {
  return {
    durable: false,
    tailBytesMax: 2 ** (14 + randomness.integer(6)),
    openFilesMax: 8 + randomness.integer(24),
    configuration: { 'num.partitions': '1', 'group.initial.rebalance.delay.ms': '0' },
  };
}
