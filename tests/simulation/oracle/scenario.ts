/** What a seed stands for: topics, clients, and how badly they are treated. */
import { type Randomness, seededRandomness } from '@millrace/base';
import type { Compression } from '@millrace/wire';
import type { ClientGroupPlan } from '../client/client-group.ts';
import type { ClientProducerPlan } from '../client/client-producer.ts';
import type { ClientTransactorPlan } from '../client/client-transactor.ts';
import { consumerSessionMs } from './oracle-consumer-member.ts';
import type { ProducerPlan } from './oracle-producer.ts';
import { shortTimeoutMs, type TransactorPlan } from './oracle-transactor.ts';

export interface TopicPlan {
  readonly name: string;
  readonly partitions: number;
  readonly configuration: Readonly<Record<string, string>>;
  /** Whether old records may be deleted: by retention, or by a client. */
  readonly replicationFactor: number;
  readonly trimming: 'none' | 'retention' | 'client';
}

export interface Scenario {
  readonly seed: number;
  /** Power is lost, instead of processes being killed; topics sync before they acknowledge, or the cluster does. */
  readonly powerLoss: boolean;
  /** The cluster syncs before it acknowledges. */
  readonly durable: boolean;
  readonly topics: readonly TopicPlan[];
  readonly producers: readonly ProducerPlan[];
  readonly clientProducers: readonly ClientProducerPlan[];
  /** A group of our client's consumers. */
  readonly clientGroup: ClientGroupPlan | undefined;
  /** They write to partitions that nobody trims, if there are any. */
  readonly transactors: readonly TransactorPlan[];
  /** Likewise, of our client. */
  readonly clientTransactors: readonly ClientTransactorPlan[];
  readonly consumers: number;
  /** Members of a classic group, and of one of the newer protocol. */
  readonly classicMembers: number;
  readonly consumerMembers: number;
  readonly committers: number;
  /** For how long things go wrong, in virtual milliseconds. */
  readonly troubleMs: number;
  /** Mean time between two of them. */
  readonly calmMs: number;
  readonly tailBytesMax: number;
  readonly openFilesMax: number;
  readonly configuration: Readonly<Record<string, string>>;
}

/** What every seed comes to at least: records written, clients that write or read, things that go wrong. */
export const recordsMin = 1000;
export const clientsMin = 3;
export const faultsMin = 10;
/** Less than the smallest segment of a topic. */
const batchBytesMax = 5800;
const compressions: readonly Compression[] = ['none', 'none', 'none', 'gzip', 'snappy', 'lz4', 'zstd'];

export function scenarioOf(seed: number): Scenario {
  const randomness = seededRandomness(seed);
  const powerLoss = randomness.integer(4) === 0;
  const durable = powerLoss && randomness.integer(2) === 0;
  // Offsets, groups and transactions that were acknowledged may be lost.
  const forgetful = powerLoss && !durable;
  const troubleMs = 1000 + randomness.integer(4000);
  const topics = Array.from({ length: 1 + randomness.integer(3) }, (_, index) =>
    topicPlan(randomness, index, forgetful),
  );
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions, 0);
  const oracles = 1 + randomness.integer(3);
  const ours = randomness.integer(3);
  const shares = recordShares(randomness, oracles + ours, partitions);
  const work = (writer: number): Work => ({ records: shares[writer] as number, troubleMs, powerLoss });
  return {
    seed,
    powerLoss,
    durable,
    topics,
    producers: Array.from({ length: oracles }, (_, index) => producerPlan(randomness, index, work(index))).map(
      (plan) =>
        // Only acks=all promises that a loss of power takes nothing.
        durable && plan.acks === 1 ? { ...plan, acks: -1 } : plan,
    ),
    clientProducers: Array.from({ length: ours }, (_, index) => clientProducerPlan(randomness, work(oracles + index))),
    transactors: forgetful
      ? []
      : Array.from({ length: randomness.integer(3) }, () => transactorPlan(randomness, troubleMs)),
    clientTransactors: forgetful
      ? []
      : Array.from({ length: randomness.integer(2) }, () => clientTransactorPlan(randomness, troubleMs)),
    clientGroup: randomness.integer(2) === 0 ? clientGroupPlan(randomness, forgetful) : undefined,
    consumers: Math.max(1 + randomness.integer(2), clientsMin - oracles - ours),
    classicMembers: forgetful ? 0 : randomness.integer(4),
    consumerMembers: forgetful ? 0 : randomness.integer(4),
    committers: forgetful ? 0 : 1,
    troubleMs,
    calmMs: 50 + randomness.integer(powerLoss ? 200 : 400),
    tailBytesMax: 2 ** (10 + randomness.integer(10)),
    openFilesMax: 1 + randomness.integer(8),
    configuration: {
      'log.retention.check.interval.ms': String(50 + randomness.integer(1000)),
      // Leaderships return to where the clients of this world look for them.
      'leader.imbalance.check.interval.seconds': '1',
      'millrace.replica.catch.up.rate': String(2 ** (12 + randomness.integer(12))),
      'group.consumer.session.timeout.ms': String(consumerSessionMs),
      'group.consumer.min.session.timeout.ms': String(consumerSessionMs),
      'group.consumer.heartbeat.interval.ms': String(consumerSessionMs / 4),
      'group.consumer.min.heartbeat.interval.ms': String(consumerSessionMs / 4),
    },
  };
}

function topicPlan(randomness: Randomness, index: number, mustSync: boolean): TopicPlan {
  const trimming = (['none', 'none', 'retention', 'client'] as const)[randomness.integer(4)] as TopicPlan['trimming'];
  const syncs = mustSync || randomness.integer(4) === 0;
  return {
    name: `topic-${index}`,
    partitions: 1 + randomness.integer(4),
    replicationFactor: 1 + randomness.integer(3),
    trimming,
    configuration: {
      'segment.bytes': String(6000 + 2 ** randomness.integer(16)),
      'index.interval.bytes': String(2 ** (6 + randomness.integer(7))),
      ...(randomness.integer(3) === 0 ? { 'segment.ms': String(200 + randomness.integer(2000)) } : {}),
      ...(randomness.integer(3) === 0 ? { 'message.timestamp.type': 'LogAppendTime' } : {}),
      ...(syncs ? { 'flush.messages': '1' } : {}),
      ...(trimming === 'retention' ? retention(randomness) : {}),
    },
  };
}

function retention(randomness: Randomness): Record<string, string> {
  if (randomness.integer(2) === 0) return { 'retention.bytes': String(2 ** (12 + randomness.integer(4))) };
  return { 'retention.ms': String(500 + randomness.integer(4000)) };
}

/** What a writer has to do. */
interface Work {
  /** Records to write to each partition. */
  readonly records: number;
  readonly troubleMs: number;
  readonly powerLoss: boolean;
}

/** Divides at least `recordsMin` records among writers: how many each writes to each partition. */
function recordShares(randomness: Randomness, writers: number, partitions: number): number[] {
  const weights = Array.from({ length: writers }, () => 1 + randomness.integer(4));
  const sum = weights.reduce((left, right) => left + right, 0);
  return weights.map((weight) => Math.ceil((recordsMin * weight) / sum / partitions));
}

/** A mean pause with which so many steps last about as long as things go wrong. */
function pacedMs(randomness: Randomness, { troubleMs }: Work, steps: number): number {
  return (troubleMs / steps) * (0.3 + randomness.float());
}

function producerPlan(randomness: Randomness, index: number, work: Work): ProducerPlan {
  const { powerLoss, records } = work;
  const idempotent = index === 0 || randomness.integer(3) > 0;
  // Batches of several sectors, of which a loss of power takes some.
  const valueBytesMax = 2 ** (powerLoss ? 8 + randomness.integer(4) : 3 + randomness.integer(8));
  const recordsPerBatchMax = 1 + randomness.integer(Math.min(10, Math.floor(batchBytesMax / (valueBytesMax + 50))));
  return {
    idempotent,
    acks: idempotent ? -1 : (([-1, 0, 1] as const)[randomness.integer(3)] as ProducerPlan['acks']),
    records,
    recordsPerBatchMax,
    valueBytesMax,
    compression: powerLoss ? 'none' : (compressions[randomness.integer(compressions.length)] as Compression),
    pauseMs: pacedMs(randomness, work, (2 * records) / (1 + recordsPerBatchMax)),
  };
}

function clientProducerPlan(randomness: Randomness, work: Work): ClientProducerPlan {
  return {
    records: work.records,
    valueBytesMax: 2 ** (work.powerLoss ? 9 : 3 + randomness.integer(7)),
    lingerMs: randomness.integer(3) === 0 ? randomness.integer(30) : 0,
    batchBytesMax: 1024 + randomness.integer(3000),
    bufferBytesMax: 4096 + 2 ** randomness.integer(20),
    pauseMs: pacedMs(randomness, work, work.records),
  };
}

function transactorPlan(randomness: Randomness, troubleMs: number): TransactorPlan {
  const transactions = 5 + randomness.integer(25);
  return {
    transactions,
    protocol: randomness.integer(2) === 0 ? 1 : 2,
    timeoutMs: randomness.integer(3) === 0 ? shortTimeoutMs : 900_000,
    recordsPerBatchMax: 1 + randomness.integer(5),
    pauseMs: (troubleMs / transactions) * randomness.float(),
  };
}

function clientTransactorPlan(randomness: Randomness, troubleMs: number): ClientTransactorPlan {
  const transactions = 3 + randomness.integer(12);
  return {
    transactions,
    recordsPerTransactionMax: 1 + randomness.integer(12),
    lingerMs: randomness.integer(2) === 0 ? randomness.integer(20) : 0,
    pauseMs: (troubleMs / transactions) * randomness.float(),
  };
}

function clientGroupPlan(randomness: Randomness, losesPower: boolean): ClientGroupPlan {
  return {
    members: 1 + randomness.integer(3),
    commit: randomness.integer(2) === 0 ? 'auto' : 'manual',
    stayMsMax: 500 + randomness.integer(8000),
    losesPower,
  };
}
