/** What a seed of the switching producer is to be like. */
import { type Randomness, seededRandomness } from '@millrace/base';
import type { ClusterPlan } from '../oracle/sim-cluster.ts';

export interface SwitchScenario {
  readonly seed: number;
  readonly clusters: Readonly<Record<'east' | 'west', ClusterPlan>>;
  readonly partitions: number;
  readonly keys: number;
  readonly records: number;
  readonly valueBytesMax: number;
  /** Mean time between two records. */
  readonly pauseMs: number;
  /** So small that writers have to wait now and then. */
  readonly bufferBytesMax: number;
  /** The share of records whose writer waits for their promise. */
  readonly sendShare: number;
  /** Mean time between two answers. */
  readonly answerMs: number;
  /** How many answers in a hundred name the other cluster. */
  readonly moveShare: number;
  readonly drainTimeoutMs: number;
  readonly troubleMs: number;
  readonly calmMs: number;
}

export function switchScenarioOf(seed: number): SwitchScenario {
  const randomness = seededRandomness(seed);
  const troubleMs = 4000 + randomness.integer(8000);
  const records = 300 + randomness.integer(900);
  return {
    seed,
    clusters: { east: clusterPlan(randomness), west: clusterPlan(randomness) },
    partitions: 1 + randomness.integer(3),
    keys: 1 + randomness.integer(6),
    records,
    valueBytesMax: 2 ** (5 + randomness.integer(8)),
    pauseMs: troubleMs / records,
    bufferBytesMax: 2 ** (12 + randomness.integer(5)),
    sendShare: randomness.integer(101) / 100,
    answerMs: 50 + randomness.integer(1500),
    moveShare: 20 + randomness.integer(81),
    drainTimeoutMs: randomness.integer(3) === 0 ? 600_000 : 50 + randomness.integer(2000),
    troubleMs,
    calmMs: 60 + randomness.integer(500),
  };
}

function clusterPlan(randomness: Randomness): ClusterPlan {
  return {
    durable: false,
    tailBytesMax: 2 ** (14 + randomness.integer(6)),
    openFilesMax: 8 + randomness.integer(24),
    configuration: { 'num.partitions': '1' },
  };
}
