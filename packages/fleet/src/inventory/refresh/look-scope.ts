/**
 * What a look asks for besides the always changing: settings of new topics at once, those of all others in turns, so
 * that each is read again within so many looks; rules now and then; who writes to topics with traffic, some at a time.
 */
import type { Randomness } from '@millrace/base';
import type { ClusterShape, TopicShape } from '../observe/observation.ts';
import type { Scope } from '../observe/observe-cluster.ts';
import type { KnownCluster } from '../state/known-cluster.ts';

/** Every topic's settings are read again within so many looks. */
const configLooks = 20;
/** Rules and settings of brokers are read in one of so many. */
const ruleLooks = 10;
/** Partitions whose newest records are looked for in one look. */
const newestPartitionsMax = 2_000;
/** Topics whose producers are asked for in one look. */
const producerTopicsMax = 200;

/** `look` counts from 0; the first asks for everything. */
export function scopeOf(known: KnownCluster, look: number, isWhole: boolean, randomness: Randomness): Scope {
  const isAll = isWhole || known.shape === undefined;
  return {
    configsOf: (shape) => (isAll ? [...shape.topics.keys()] : inTurn(shape, known, look)),
    brokerConfigs: isAll || look % ruleLooks === 0,
    access: isAll || look % ruleLooks === Math.floor(ruleLooks / 2),
    producersOf: (shape) => writtenPartitions(shape, known, randomness),
    newestOf: (shape) => silentTopics(shape, known),
  };
}

function inTurn({ topics }: ClusterShape, known: KnownCluster, look: number): string[] {
  const wanted: string[] = [];
  let index = 0;
  for (const [name, { topicId }] of topics) {
    const isNew = known.shape?.topics.get(name)?.topicId !== topicId;
    if (isNew || index % configLooks === look % configLooks) wanted.push(name);
    index++;
  }
  return wanted;
}

/** Some of those in which no traffic was seen, and of whose records nothing is known. */
function silentTopics({ topics }: ClusterShape, known: KnownCluster): TopicShape[] {
  const silent: TopicShape[] = [];
  let count = 0;
  for (const { name, trafficAt, newestRecordAt } of known.observed.topics.values()) {
    const shape = trafficAt === undefined && newestRecordAt === undefined ? topics.get(name) : undefined;
    if (shape === undefined) continue;
    silent.push(shape);
    count += shape.partitions.length;
    if (count >= newestPartitionsMax) break;
  }
  return silent;
}

/** One partition each of topics with traffic, by its leader. */
function writtenPartitions(
  { topics }: ClusterShape,
  known: KnownCluster,
  randomness: Randomness,
): Map<number, Map<string, number>> {
  const busy = [...known.observed.topics.values()].filter(({ recordsPerSecond }) => (recordsPerSecond ?? 0) > 0);
  const from = busy.length <= producerTopicsMax ? 0 : randomness.integer(busy.length);
  const byLeader = new Map<number, Map<string, number>>();
  for (let count = 0; count < Math.min(busy.length, producerTopicsMax); count++) {
    const name = busy[(from + count) % busy.length]?.name ?? '';
    const partitions = topics.get(name)?.partitions ?? [];
    const chosen = partitions[partitions.length === 0 ? 0 : randomness.integer(partitions.length)];
    if (chosen === undefined || chosen.leader < 0) continue;
    const own = byLeader.get(chosen.leader) ?? new Map<string, number>();
    byLeader.set(chosen.leader, own.set(name, chosen.partition));
  }
  return byLeader;
}
