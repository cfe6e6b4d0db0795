/**
 * What is there: the clusters of the fleet as they were last seen. Everything carries when that was; a cluster that
 * can't be reached keeps its last known state, which is stale then.
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
  /** Growth of the log on disk of its leaders over time, which is nothing where compaction or retention take as much. */
  readonly bytesPerSecond?: number | undefined;
}

export interface ObservedBroker extends ClusterNode {
  /** Undefined where the broker does not tell. */
  readonly logBytes?: number | undefined;
  readonly diskTotalBytes?: number | undefined;
  readonly diskUsableBytes?: number | undefined;
}

export interface ObservedCluster {
  readonly name: string;
  /** Null while it has never been reached. */
  readonly observedAt: Date | null;
  readonly stale: boolean;
  /** Why it could not be reached the last time. */
  readonly problem?: string | undefined;
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly brokers: readonly ObservedBroker[];
  readonly topics: ReadonlyMap<string, ObservedTopic>;
  readonly groups: ReadonlyMap<string, GroupListing>;
  /** Undefined where the cluster has no authorizer, or we may not see them. */
  readonly acls?: readonly AclBinding[] | undefined;
  readonly quotas?: readonly QuotaEntry[] | undefined;
}

export interface Inventory {
  /** From memory, in the order in which they are declared. */
  clusters(): readonly ObservedCluster[];
  cluster(name: string): ObservedCluster | undefined;
  /** Looks now, whole; resolves with what was seen, or with the last known state and its problem. */
  refresh(name: string, signal?: AbortSignal): Promise<ObservedCluster>;
}
