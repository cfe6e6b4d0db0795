/** What a seed of a streams job is to be like. */
import { type Randomness, seededRandomness } from '@millrace/base';
import type { ClusterPlan } from '../oracle/sim-cluster.ts';

export interface MemberPlan {
  readonly sessionTimeoutMs: number;
  readonly commitIntervalMs: number;
  /** What a packet takes longer between it and the cluster, in ms. */
  readonly distanceMs: number;
  /** Of each store of each task: so little that rows are read from the disk again, or more than there are. */
  readonly cacheBytesMax: number;
}

export interface StreamsScenario {
  readonly seed: number;
  readonly cluster: ClusterPlan;
  /** Of the timed topic and the windows. */
  readonly partitions: number;
  /** Of the topic of words, and so of their repartition topic. */
  readonly wordPartitions: number;
  readonly replicationFactor: number;
  readonly members: readonly MemberPlan[];
  readonly transactionTimeoutMs: number;
  readonly standbys: number;
  /** Records of either input, and the mean pause between two of them, in virtual ms. */
  readonly records: number;
  readonly pauseMs: number;
  /** How many keys there are, by how much event time goes on, and how far records are behind it, at most, in ms. */
  readonly keys: number;
  readonly paceMsMax: number;
  readonly behindMsMax: number;
  /** For how long things go wrong, in virtual ms, and the mean time between two of them. */
  readonly troubleMs: number;
  readonly calmMs: number;
  /** Transactions of the first kind: the coordinator is told of each partition and group (before KIP-890). */
  readonly isFirstKind: boolean;
}

const sessionTimeoutMsMin = 1000;

export function streamsScenarioOf(seed: number): StreamsScenario {
  const randomness = seededRandomness(seed);
  const troubleMs = 4000 + randomness.integer(8000);
  const records = 60 + randomness.integer(200);
  // Members that outlast their transactions, and such that do not.
  const sessionTimeoutMs = sessionTimeoutMsMin + (randomness.integer(3) === 0 ? 12_000 : randomness.integer(2000));
  return {
    seed,
    cluster: clusterPlan(randomness),
    partitions: 1 + randomness.integer(3),
    wordPartitions: 1 + randomness.integer(3),
    replicationFactor: 1 + randomness.integer(3),
    members: Array.from({ length: 1 + randomness.integer(4) }, () => ({
      sessionTimeoutMs,
      commitIntervalMs: 10 + randomness.integer(200),
      distanceMs: randomness.integer(2) === 0 ? randomness.integer(150) : 0,
      cacheBytesMax: randomness.integer(2) === 0 ? 1000 : 2 ** 20,
    })),
    transactionTimeoutMs: 1000 + randomness.integer(4000),
    standbys: randomness.integer(2),
    records,
    pauseMs: (troubleMs / records) * (0.5 + randomness.float()),
    keys: 1 + randomness.integer(6),
    paceMsMax: 1 + randomness.integer(30),
    behindMsMax: 1 + randomness.integer(120),
    troubleMs,
    calmMs: 200 + randomness.integer(800),
    isFirstKind: randomness.integer(3) === 0,
  };
}

function clusterPlan(randomness: Randomness): ClusterPlan {
  return {
    durable: false,
    tailBytesMax: 2 ** (10 + randomness.integer(10)),
    openFilesMax: 1 + randomness.integer(8),
    configuration: {
      'leader.imbalance.check.interval.seconds': '1',
      'group.min.session.timeout.ms': String(sessionTimeoutMsMin),
      'group.initial.rebalance.delay.ms': String(randomness.integer(500)),
    },
  };
}
