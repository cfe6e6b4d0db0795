/**
 * What is there: the clusters of the fleet as they were last seen. Everything carries when that was; a cluster that
 * can't be reached keeps its last known state, which is stale then.
 *
 * Values are never changed: what is seen anew replaces them, and what is as before stays the same object, so that
 * whoever derives something from them knows by identity what to derive again.
 */
import type { AclBinding, ClusterNode, GroupListing, PartitionDescription, QuotaEntry } from '@millrace/client';

export interface ObservedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly internal: boolean;
  /** By partition ascending. */
  readonly partitions: readonly PartitionDescription[];
  /** Those that are set for the topic itself. */
  readonly configs: Readonly<Record<string, string>>;
  /** On disk with all replicas; undefined while not measured. */
  readonly storedBytes?: number | undefined;
  /** Of its newest offsets between two refreshes; undefined before the second. */
  readonly recordsPerSecond?: number | undefined;
  /** Growth of its leaders' logs on disk over time, which is nothing where compaction or retention take as much. */
  readonly bytesPerSecond?: number | undefined;
  /** By partition: where the next record goes; -1 where it could not be asked for. Undefined before it was asked. */
  readonly endOffsets?: readonly number[] | undefined;
  /** When it was seen for the first time; of a topic that was there at the first look, that. In ms since 1970. */
  readonly seenSince: number;
  /** When it was last seen to have more records than before; undefined while it never was, since `seenSince`. */
  readonly trafficAt?: number | undefined;
  /**
   * Timestamp of its newest record, which producers set as they like, in ms since 1970; looked for once while no
   * traffic is seen. -1: it has no record; undefined before it was looked for.
   */
  readonly newestRecordAt?: number | undefined;
  /** When a group was last seen to be assigned it, or to commit farther; undefined while none was. */
  readonly consumedAt?: number | undefined;
}

export interface ObservedBroker extends ClusterNode {
  /** Undefined where the broker does not tell. */
  readonly logBytes?: number | undefined;
  readonly diskTotalBytes?: number | undefined;
  readonly diskUsableBytes?: number | undefined;
  /** Replicas of partitions on it, and partitions that it leads. */
  readonly replicas: number;
  readonly leads: number;
  /** Settings of the broker that are not the defaults; undefined while not asked for, or not told. */
  readonly configs?: Readonly<Record<string, string>> | undefined;
  /** Why it could not be asked for its own the last time, while the cluster could. */
  readonly problem?: string | undefined;
}

export interface ObservedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Partitions by topic. */
  readonly assignment: ReadonlyMap<string, readonly number[]>;
}

export interface ObservedGroup extends GroupListing {
  /** Node id. */
  readonly coordinator: number;
  /** The assignor in use; empty without members. */
  readonly protocol: string;
  readonly members: readonly ObservedMember[];
  /** Committed offsets by topic and partition; -1 for none. */
  readonly offsets: ReadonlyMap<string, readonly number[]>;
  /** Records between what it has committed and the end, as far as both are known; undefined when neither is. */
  readonly lag?: number | undefined;
  /** Why it could not be described the last time. */
  readonly problem?: string | undefined;
}

/** A transactional id, and the topics that its producer was seen to write to. */
export interface ObservedProducer {
  /** Undefined for a producer that has none: Kafka does not tell who that is. */
  readonly transactionalId?: string | undefined;
  readonly producerId: number;
  /** In ms since 1970: its newest batch. */
  readonly wroteAt: number;
}

export interface ObservedCluster {
  readonly name: string;
  /** Null while it has never been reached. */
  readonly observedAt: Date | null;
  readonly stale: boolean;
  /** Why it could not be reached the last time. */
  readonly problem?: string | undefined;
  /** The addresses that were declared when it was seen. */
  readonly bootstrap?: string | undefined;
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly brokers: readonly ObservedBroker[];
  readonly topics: ReadonlyMap<string, ObservedTopic>;
  readonly groups: ReadonlyMap<string, ObservedGroup>;
  /** Undefined where the cluster has no authorizer, or we may not see them. */
  readonly acls?: readonly AclBinding[] | undefined;
  readonly quotas?: readonly QuotaEntry[] | undefined;
  /** By topic: producers that were seen to write to it, as far as brokers remember them. */
  readonly producers: ReadonlyMap<string, readonly ObservedProducer[]>;
}

export interface Inventory {
  /** Grows with whatever changes in it. */
  readonly revision: number;
  /** From memory, in the order in which they are declared. */
  clusters(): readonly ObservedCluster[];
  cluster(name: string): ObservedCluster | undefined;
  /** Looks now, whole; resolves with what was seen, or with the last known state and its problem. */
  refresh(name: string, signal?: AbortSignal): Promise<ObservedCluster>;
}
