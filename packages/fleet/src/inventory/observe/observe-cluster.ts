/**
 * One look at a cluster: metadata in one call, then all brokers side by side, each for what it alone knows, then what
 * any of them knows. Rejects when nobody can be asked; a broker that fails is told, and what it would have said stays
 * unknown. Bounded in time whatever brokers do.
 */
import type { Client } from '@millrace/client';
import type { Cluster, Connection } from '@millrace/client/protocol';
import type { ObservedGroup } from '../inventory.ts';
import { askBrokers, within } from './ask-brokers.ts';
import type { BrokerDisk, ClusterShape, Observation, SeenProducer, TopicBytes, TopicShape } from './observation.ts';
import { readAccess } from './read-access.ts';
import { readBrokerConfigs, readTopicConfigs, type Settings } from './read-configs.ts';
import { endQuestions, newestQuestions, type OffsetQuestions, readEndOffsets, readNewest } from './read-end-offsets.ts';
import { readGroups } from './read-groups.ts';
import { type ProducerQuestions, readProducers, readTransactionalIds } from './read-producers.ts';
import { readShape } from './read-shape.ts';
import { readSizes } from './read-sizes.ts';

/** What is asked for this time besides what is always asked for. */
export interface Scope {
  /** Topics whose settings are read, of those that there are. */
  readonly configsOf: (shape: ClusterShape) => readonly string[];
  readonly brokerConfigs: boolean;
  readonly access: boolean;
  /** Partitions whose producers are read, by leader. */
  readonly producersOf: (shape: ClusterShape) => ReadonlyMap<number, ProducerQuestions>;
  /** Topics whose newest records are looked for. */
  readonly newestOf: (shape: ClusterShape) => readonly TopicShape[];
}

export interface LookOptions {
  readonly client: Client;
  readonly cluster: Cluster;
  readonly known: ClusterShape | undefined;
  readonly scope: Scope;
  /** For the metadata, and then for each broker. */
  readonly timeoutMs: number;
  /** Brokers that failed the last time have less. */
  readonly suspects: ReadonlySet<number>;
  readonly signal: AbortSignal;
}

const suspectPart = 0.25;

/** Questions stay the same as long as the topics do. */
const questionsOf = new WeakMap<ClusterShape['topics'], OffsetQuestions>();

/** What the brokers say, gathered as it arrives. */
interface Gathered {
  readonly endOffsets: Map<string, number[]>;
  readonly newestRecords: Map<string, number>;
  readonly bytes: Map<string, TopicBytes>;
  readonly disks: Map<number, BrokerDisk>;
  readonly groups: Map<string, ObservedGroup>;
  readonly brokerConfigs: Map<number, Settings>;
  readonly transactionalIds: Map<number, string>;
  readonly producers: SeenProducer[];
}

/** Rejects with the client's errors, `RequestTimeoutError`, or the signal's reason. */
export async function observeCluster(options: LookOptions): Promise<Observation> {
  const { client, cluster, known, scope, timeoutMs, suspects, signal } = options;
  const { platform } = cluster.settings;
  const shape = await readShape(cluster, known, { timeoutMs, signal });
  const gathered: Gathered = {
    endOffsets: new Map([...shape.topics].map(([name, { partitions }]) => [name, partitions.map(() => -1)])),
    newestRecords: new Map(),
    bytes: new Map(),
    disks: new Map(),
    groups: new Map(),
    brokerConfigs: new Map(),
    transactionalIds: new Map(),
    producers: [],
  };
  const at = platform.clock.monotonic();
  const wallAt = platform.clock.now();
  const nodeIds = shape.brokers.map(({ nodeId }) => nodeId);
  const timeOf = (nodeId: number): number => (suspects.has(nodeId) ? timeoutMs * suspectPart : timeoutMs);
  const ask = brokerQuestions(shape, scope, gathered);
  const { problems } = await askBrokers(cluster, nodeIds, timeOf, ask);
  signal.throwIfAborted();
  const wanted = scope.configsOf(shape);
  const answering = nodeIds.filter((nodeId) => !problems.has(nodeId));
  const [configs, access] = await Promise.all([
    within(platform, timeoutMs, 'its brokers', readTopicConfigs(cluster, answering, wanted, timeoutMs)),
    scope.access ? readAccess(client, timeoutMs, signal) : undefined,
  ]);
  const { bytes, disks, ...seen } = gathered;
  return { ...seen, shape, at, wallAt, sizes: { brokers: disks, topics: bytes }, configs, access, problems };
}

/** What a broker is asked, all at once over one connection. */
function brokerQuestions(shape: ClusterShape, scope: Scope, into: Gathered) {
  const offsets = questionsOf.get(shape.topics) ?? endQuestions(shape.topics.values());
  questionsOf.set(shape.topics, offsets);
  const producers = scope.producersOf(shape);
  const newest = newestQuestions(scope.newestOf(shape));
  return async (connection: Connection, nodeId: number, timeoutMs: number): Promise<void> => {
    const own = producers.get(nodeId);
    const [, disk, groups, seen, , configs] = await Promise.all([
      readEndOffsets(connection, offsets.get(nodeId) ?? [], timeoutMs, into.endOffsets),
      readSizes(connection, nodeId, shape.topics, timeoutMs, into.bytes),
      readGroups(connection, nodeId, timeoutMs),
      own === undefined ? [] : readProducers(connection, own, timeoutMs),
      readTransactionalIds(connection, timeoutMs, into.transactionalIds),
      scope.brokerConfigs ? readBrokerConfigs(connection, nodeId, timeoutMs) : undefined,
      readNewest(connection, newest.get(nodeId) ?? [], timeoutMs, into.newestRecords),
    ]);
    if (disk !== undefined) into.disks.set(nodeId, disk);
    if (configs !== undefined) into.brokerConfigs.set(nodeId, configs);
    for (const group of groups) into.groups.set(group.group, group);
    into.producers.push(...seen);
  };
}
