/** What a seed of the mirror is to be like. */
import { type Randomness, seededRandomness } from '@millrace/base';
import type { Guarantee } from '@millrace/mirror';
import { type Compression, compressions } from '@millrace/wire';
import type { ProducerPlan } from '../oracle/oracle-producer.ts';
import type { TransactorPlan } from '../oracle/oracle-transactor.ts';
import type { ClusterPlan } from '../oracle/sim-cluster.ts';
import type { AftermathKind } from './aftermath.ts';

export interface MirroredTopicPlan {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configuration: Readonly<Record<string, string>>;
}

/** A producer of our client that writes records of every form. */
export interface SourceWriterPlan {
  /** Records to write, to any partitions. */
  readonly records: number;
  readonly valueBytesMax: number;
  readonly compression: Compression;
  /** Records that hardly compress make batches that are not joined, of which several are under way. */
  readonly isDense: boolean;
  readonly lingerMs: number;
  readonly pauseMs: number;
}

export interface WorkerPlan {
  readonly sessionTimeoutMs: number;
  /** It comes back under its name, as a member that stays. */
  readonly isNamed: boolean;
}

export interface MirrorScenario {
  readonly seed: number;
  readonly source: ClusterPlan;
  readonly target: ClusterPlan;
  readonly topics: readonly MirroredTopicPlan[];
  /** How often a topic gets another partition while things go wrong. */
  readonly additions: number;
  readonly shards: number;
  readonly workers: readonly WorkerPlan[];
  readonly groupIntervalMs: number;
  readonly topicIntervalMs: number;
  readonly producers: readonly ProducerPlan[];
  readonly transactors: readonly TransactorPlan[];
  readonly writers: readonly SourceWriterPlan[];
  /** For how long things go wrong, in virtual milliseconds, and the mean time between two of them. */
  readonly troubleMs: number;
  readonly calmMs: number;
  /** What happens when all is over. */
  readonly aftermath: AftermathKind;
  /** How many workers take over what the target lost before one copies it again. */
  readonly takeovers: number;
  readonly guarantee: Guarantee;
  /** Brokers of the source know no later version of Fetch: some do not compare leader epochs. */
  readonly fetchVersionMax?: number | undefined;
  /** The workers are far from the source: how long packets take, and what they fetch at once. */
  readonly distance?: { readonly ms: number; readonly fetchBytesMax: number } | undefined;
}

const aftermaths: readonly AftermathKind[] = ['target loses power', 'power loss', 'records deleted'];
const sessionTimeoutMsMin = 1000;
/** Bytes a second: enough for a leader to return before the run ends, whatever writers wrote meanwhile. */
const catchUpRateMin = 2 ** 15;
/** More than the largest batch of the writers; those of the mirror are as small as a segment. */
const segmentBytesMin = 262_144;

/** Of Kafka 2.3 to 2.6. */
const oldFetchVersion = 11;

export function mirrorScenarioOf(seed: number): MirrorScenario {
  // Not by chance, so that what else a seed is like stays as it is.
  const guarantee = seed % 6 === 5 ? 'at-least-once' : 'exactly-once';
  const randomness = seededRandomness(seed);
  const troubleMs = 4000 + randomness.integer(8000);
  const topics = times(1 + randomness.integer(2), (index) => topicPlan(randomness, index));
  const sessionTimeoutMs = sessionTimeoutMsMin + randomness.integer(3000);
  const isNamed = randomness.integer(3) === 0;
  return {
    seed,
    source: clusterPlan(randomness),
    target: clusterPlan(randomness),
    topics,
    additions: randomness.integer(4),
    shards: 2 + randomness.integer(3),
    workers: times(1 + randomness.integer(3), () => ({ sessionTimeoutMs, isNamed })),
    groupIntervalMs: 500 + randomness.integer(3000),
    topicIntervalMs: 1000 + randomness.integer(5000),
    producers: times(randomness.integer(2), () => producerPlan(randomness, troubleMs)),
    transactors: times(1 + randomness.integer(2), () => transactorPlan(randomness, troubleMs)),
    writers: times(1 + randomness.integer(2), () => writerPlan(randomness, troubleMs)),
    troubleMs,
    calmMs: 200 + randomness.integer(800),
    distance:
      randomness.integer(3) === 0
        ? { ms: 5 + randomness.integer(30), fetchBytesMax: 2 ** (8 + randomness.integer(4)) }
        : undefined,
    aftermath: aftermathOf(guarantee, randomness),
    takeovers: randomness.integer(5),
    guarantee,
    fetchVersionMax: seed % 3 === 1 ? oldFetchVersion : undefined,
  };
}

/** What comes after is judged by records that are there once. */
function aftermathOf(guarantee: Guarantee, randomness: Randomness): AftermathKind {
  const chosen = aftermaths[randomness.integer(3)] as AftermathKind;
  return guarantee === 'exactly-once' ? chosen : 'nothing';
}

function clusterPlan(randomness: Randomness): ClusterPlan {
  return {
    durable: false,
    tailBytesMax: 2 ** (10 + randomness.integer(10)),
    openFilesMax: 1 + randomness.integer(8),
    configuration: {
      // Leaderships return to where the clients of this world look for them.
      'leader.imbalance.check.interval.seconds': '1',
      'millrace.replica.catch.up.rate': String(Math.max(catchUpRateMin, 2 ** (12 + randomness.integer(12)))),
      'group.min.session.timeout.ms': String(sessionTimeoutMsMin),
      'group.initial.rebalance.delay.ms': String(randomness.integer(500)),
    },
  };
}

function topicPlan(randomness: Randomness, index: number): MirroredTopicPlan {
  return {
    name: `topic-${index}`,
    partitions: 2 + randomness.integer(3),
    replicationFactor: 1 + randomness.integer(3),
    configuration: {
      'segment.bytes': String(segmentBytesMin + 2 ** randomness.integer(16)),
      'index.interval.bytes': String(2 ** (6 + randomness.integer(7))),
      ...(randomness.integer(4) === 0 ? { 'message.timestamp.type': 'LogAppendTime' } : {}),
    },
  };
}

function producerPlan(randomness: Randomness, troubleMs: number): ProducerPlan {
  const records = 10 + randomness.integer(40);
  const recordsPerBatchMax = 1 + randomness.integer(10);
  return {
    idempotent: true,
    acks: -1,
    records,
    recordsPerBatchMax,
    valueBytesMax: 2 ** (3 + randomness.integer(6)),
    compression: someCompression(randomness),
    pauseMs: ((troubleMs * (1 + recordsPerBatchMax)) / (2 * records)) * (0.3 + randomness.float()),
  };
}

function transactorPlan(randomness: Randomness, troubleMs: number): TransactorPlan {
  const transactions = 5 + randomness.integer(15);
  return {
    transactions,
    protocol: randomness.integer(2) === 0 ? 1 : 2,
    timeoutMs: 900_000,
    recordsPerBatchMax: 1 + randomness.integer(5),
    pauseMs: (troubleMs / transactions) * randomness.float(),
  };
}

function writerPlan(randomness: Randomness, troubleMs: number): SourceWriterPlan {
  const isDense = randomness.integer(3) === 0;
  const records = isDense ? 40 + randomness.integer(80) : 50 + randomness.integer(250);
  return {
    records,
    isDense,
    valueBytesMax: isDense ? 8192 : 2 ** (3 + randomness.integer(8)),
    compression: isDense
      ? (compressions[1 + randomness.integer(compressions.length - 1)] as Compression)
      : someCompression(randomness),
    lingerMs: randomness.integer(2) === 0 ? randomness.integer(50) : 0,
    pauseMs: (troubleMs / records) * (0.3 + randomness.float()),
  };
}

/** Half of the batches are not compressed. */
function someCompression(randomness: Randomness): Compression {
  if (randomness.integer(2) === 0) return 'none';
  return compressions[randomness.integer(compressions.length)] as Compression;
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
