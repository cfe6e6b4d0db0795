/**
 * What is known of a cluster as it is stored: in sections that change at different paces, each a compressed document of
 * its own, so that a look that found nothing new writes only figures. Documents name their version, and one that this
 * version can't read is as if it were not there: the next look brings it anew.
 */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { AclBinding, ClusterNode, PartitionDescription, QuotaEntry } from '@millrace/client';
import type { ObservedBroker, ObservedGroup, ObservedProducer, ObservedTopic } from '../inventory.ts';
import type { TopicShape } from '../observe/observation.ts';
import type { KnownCluster } from '../state/known-cluster.ts';

export const sectionNames = ['shape', 'configs', 'groups', 'access', 'figures'] as const;
export type SectionName = (typeof sectionNames)[number];

type Configs = Readonly<Record<string, string>>;

/** Partitions by column; what is as the replicas, or empty, is 0. */
type TopicRow = readonly [
  name: string,
  topicId: string,
  internal: 0 | 1,
  leaders: readonly number[],
  epochs: readonly number[],
  replicas: readonly (readonly number[])[],
  inSync: readonly (readonly number[] | 0)[],
  offline: readonly (readonly number[] | 0)[],
];

type GroupRow = Omit<ObservedGroup, 'members' | 'offsets' | 'lag'> & {
  readonly members: readonly (readonly [string, string | null, string, string, [string, readonly number[]][]])[];
};

interface TopicFigures {
  readonly name: string;
  readonly since: number;
  readonly ends?: readonly number[] | undefined;
  readonly bytes?: number | undefined;
  readonly rate?: number | undefined;
  readonly byteRate?: number | undefined;
  readonly traffic?: number | undefined;
  readonly newest?: number | undefined;
  readonly consumed?: number | undefined;
}

export interface Sections {
  readonly shape: {
    readonly bootstrap?: string | undefined;
    readonly clusterId: string | null;
    readonly controllerId: number;
    readonly brokers: readonly ClusterNode[];
    readonly topics: readonly TopicRow[];
  };
  readonly configs: {
    readonly topics: readonly (readonly [string, Configs])[];
    readonly brokers: readonly (readonly [number, Configs])[];
  };
  readonly groups: readonly GroupRow[];
  readonly access: {
    readonly acls?: readonly AclBinding[] | undefined;
    readonly quotas?: readonly QuotaEntry[] | undefined;
  };
  readonly figures: {
    readonly brokers: readonly Omit<ObservedBroker, keyof ClusterNode | 'configs'>[];
    readonly topics: readonly TopicFigures[];
    readonly groups: readonly (readonly [string, number | null, [string, readonly number[]][]])[];
    readonly producers: readonly (readonly [string, readonly ObservedProducer[]])[];
  };
}

const version = 1;
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export async function encodeSection<N extends SectionName>(section: Sections[N]): Promise<Buffer> {
  return compress(JSON.stringify({ version, section }));
}

/** Undefined when another version wrote it in a way that this one does not know. */
export async function decodeSection<N extends SectionName>(body: Buffer): Promise<Sections[N] | undefined> {
  const document = JSON.parse((await decompress(body)).toString('utf8')) as { version: number; section: Sections[N] };
  return document.version === version ? document.section : undefined;
}

export function sectionOf<N extends SectionName>(name: N, known: KnownCluster): Sections[N] {
  const sections: { readonly [S in SectionName]: (of: KnownCluster) => Sections[S] } = {
    shape: shapeSection,
    configs: configsSection,
    groups: ({ observed }) => [...observed.groups.values()].map(groupRow),
    access: ({ observed: { acls, quotas } }) => ({ acls, quotas }),
    figures: figuresSection,
  };
  return sections[name](known);
}

function shapeSection({ observed }: KnownCluster): Sections['shape'] {
  const { bootstrap, clusterId, controllerId, brokers, topics } = observed;
  return {
    bootstrap,
    clusterId,
    controllerId,
    brokers: brokers.map(({ nodeId, host, port, rack }) => ({ nodeId, host, port, rack })),
    topics: [...topics.values()].map(topicRow),
  };
}

function topicRow({ name, topicId, internal, partitions }: ObservedTopic): TopicRow {
  return [
    name,
    topicId,
    internal ? 1 : 0,
    partitions.map(({ leader }) => leader),
    partitions.map(({ leaderEpoch }) => leaderEpoch),
    partitions.map(({ replicas }) => replicas),
    partitions.map(({ replicas, inSyncReplicas }) => (inSyncReplicas === replicas ? 0 : inSyncReplicas)),
    partitions.map(({ offlineReplicas }) => (offlineReplicas.length === 0 ? 0 : offlineReplicas)),
  ];
}

const none: readonly number[] = [];

export function topicShapeOf(row: TopicRow): TopicShape {
  const [name, topicId, internal, leaders, epochs, allReplicas, inSync, offline] = row;
  const partitions = leaders.map((leader, partition): PartitionDescription => {
    const replicas = allReplicas[partition] ?? none;
    return {
      partition,
      leader,
      leaderEpoch: epochs[partition] ?? -1,
      replicas,
      inSyncReplicas: inSync[partition] || replicas,
      offlineReplicas: offline[partition] || none,
    };
  });
  return { name, topicId, internal: internal === 1, partitions };
}

function configsSection({ observed }: KnownCluster): Sections['configs'] {
  const topics = [...observed.topics.values()].filter(({ configs }) => Object.keys(configs).length > 0);
  return {
    topics: topics.map(({ name, configs }) => [name, configs]),
    brokers: observed.brokers.flatMap(({ nodeId, configs }) => (configs === undefined ? [] : [[nodeId, configs]])),
  };
}

function groupRow({ members, offsets: _, lag: __, ...group }: ObservedGroup): GroupRow {
  return {
    ...group,
    members: members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => {
      return [memberId, instanceId, clientId, clientHost, [...assignment]];
    }),
  };
}

/** Without offsets and lag, which are figures. */
export function groupOf({ members, ...group }: GroupRow): Omit<ObservedGroup, 'offsets' | 'lag'> {
  return {
    ...group,
    members: members.map(([memberId, instanceId, clientId, clientHost, assignment]) => {
      return { memberId, instanceId, clientId, clientHost, assignment: new Map(assignment) };
    }),
  };
}

function figuresSection({ observed }: KnownCluster): Sections['figures'] {
  return {
    brokers: observed.brokers.map(
      ({ host: _, port: __, rack: ___, nodeId: ____, configs: _____, ...figures }) => figures,
    ),
    topics: [...observed.topics.values()].map((topic) => ({
      name: topic.name,
      since: topic.seenSince,
      ends: topic.endOffsets,
      bytes: topic.storedBytes,
      rate: topic.recordsPerSecond,
      byteRate: topic.bytesPerSecond,
      traffic: topic.trafficAt,
      newest: topic.newestRecordAt,
      consumed: topic.consumedAt,
    })),
    groups: [...observed.groups.values()].map(({ group, lag, offsets }) => [group, lag ?? null, [...offsets]]),
    producers: [...observed.producers],
  };
}
