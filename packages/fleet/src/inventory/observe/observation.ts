/** What one look at a cluster brought, before it is put together with what was known. */
import type { AclBinding, ClusterNode, PartitionDescription, QuotaEntry } from '@millrace/client';
import type { ObservedGroup } from '../inventory.ts';

/** What metadata tell of a topic. */
export interface TopicShape {
  readonly name: string;
  readonly topicId: string;
  readonly internal: boolean;
  readonly partitions: readonly PartitionDescription[];
}

export interface ClusterShape {
  readonly clusterId: string | null;
  readonly controllerId: number;
  /** By node id ascending. */
  readonly brokers: readonly ClusterNode[];
  /** Names ascending; shapes that did not change are the objects they were before. */
  readonly topics: ReadonlyMap<string, TopicShape>;
}

/** What is on the disks of brokers. */
export interface StoredSizes {
  readonly brokers: ReadonlyMap<number, BrokerDisk>;
  /** Bytes by topic: of all replicas, and of the leaders' alone. Of brokers that answered. */
  readonly topics: ReadonlyMap<string, TopicBytes>;
}

export interface BrokerDisk {
  readonly logBytes: number;
  readonly totalBytes: number | undefined;
  readonly usableBytes: number | undefined;
}

export interface TopicBytes {
  stored: number;
  leaders: number;
}

/** A producer as the leader of a partition knows it. */
export interface SeenProducer {
  readonly topic: string;
  readonly producerId: number;
  /** In ms since 1970; -1 when the broker does not tell. */
  readonly wroteAt: number;
}

export interface Observation {
  readonly shape: ClusterShape;
  /** Monotonic and wall-clock times of the offsets, in ms. */
  readonly at: number;
  readonly wallAt: number;
  /** By topic and partition; -1 where it was not told. */
  readonly endOffsets: ReadonlyMap<string, readonly number[]>;
  /** By topic, of those that were asked for this time: the greatest timestamp of its records; -1: it has none. */
  readonly newestRecords: ReadonlyMap<string, number>;
  readonly sizes: StoredSizes;
  /** Those of brokers that answered. */
  readonly groups: ReadonlyMap<string, ObservedGroup>;
  /** Of the topics that were asked for this time. */
  readonly configs: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Of the brokers that were asked for this time. */
  readonly brokerConfigs: ReadonlyMap<number, Readonly<Record<string, string>>>;
  /** By producer id. */
  readonly transactionalIds: ReadonlyMap<number, string>;
  readonly producers: readonly SeenProducer[];
  /** Undefined when it was not asked for. */
  readonly access: { readonly acls?: readonly AclBinding[]; readonly quotas?: readonly QuotaEntry[] } | undefined;
  /** Why brokers could not be asked, by node id. */
  readonly problems: ReadonlyMap<number, string>;
}
